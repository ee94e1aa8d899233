package org.jfutex.engine;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * The waiters of one bucket: for each key a ring ordered by rank, then arrival; the first waiter of
 * each ring hangs in a small hash table. Finding a key costs the same however many keys there are,
 * and a key that nobody waits on leaves nothing behind. Knows nothing of locks, threads or words.
 *
 * <p>Adding costs a step for each waiter of the same key and the same or a higher rank, if one of a
 * lower rank is there too; everything else is constant per waiter.
 */
@SuppressWarnings("ReferenceEquality") // a waiter is its own identity
final class WaitQueue {
  private static final int INITIAL_SLOTS = 2;

  /**
   * The most keys for a slot: to step over one costs less than the slots it would take to avoid.
   */
  private static final int KEYS_PER_SLOT = 2;

  /** Kept for ever, so that an emptied queue needs no memory to shrink. */
  private final @Nullable Waiter[] initialSlots = new Waiter[INITIAL_SLOTS];

  private @Nullable Waiter[] slots = initialSlots;
  private int keys;
  private int size;

  int size() {
    return size;
  }

  /** How many different keys are waited on. */
  int keys() {
    return keys;
  }

  /**
   * Makes room for one more key. Apart from {@link #add}, because it may run out of memory, and
   * nothing must have changed then.
   */
  void reserve() {
    reserve(1);
  }

  /** Makes room for some more keys. */
  void reserve(int more) {
    int wanted = keys + more;
    if (wanted <= slots.length * KEYS_PER_SLOT) {
      return;
    }
    @Nullable Waiter[] larger = new Waiter[Integer.highestOneBit(wanted - 1) * 2 / KEYS_PER_SLOT];
    for (Waiter head : slots) {
      while (head != null) {
        Waiter following = head.chain;
        int slot = head.key.hashCode() & (larger.length - 1);
        head.chain = larger[slot];
        larger[slot] = head;
        head = following;
      }
    }
    Arrays.fill(slots, null); // the initial array will be used again
    slots = larger;
  }

  /** Queues a waiter behind those of its key with the same or a higher rank; observers first. */
  void add(Waiter waiter) {
    Waiter head = first(waiter.key);
    size++;
    if (head == null) {
      waiter.next = waiter;
      waiter.prev = waiter;
      int slot = slotOf(waiter.key);
      waiter.chain = slots[slot];
      slots[slot] = waiter;
      keys++;
      return;
    }
    if (waiter.isObserver() || waiter.options.rank() > head.options.rank()) {
      linkBefore(waiter, head);
      replaceHead(head, waiter);
      return;
    }
    Waiter before = head;
    if (linked(head.prev).options.rank() < waiter.options.rank()) {
      do {
        before = linked(before.next);
      } while (before.options.rank() >= waiter.options.rank());
    }
    linkBefore(waiter, before);
  }

  /** Takes a queued waiter out, wherever it stands. */
  void remove(Waiter waiter) {
    Waiter next = linked(waiter.next);
    if (next == waiter) {
      replaceHead(waiter, null);
      keys--;
      if (keys == 0) {
        slots = initialSlots;
      }
    } else {
      if (first(waiter.key) == waiter) {
        replaceHead(waiter, next);
      }
      Waiter prev = linked(waiter.prev);
      prev.next = next;
      next.prev = prev;
    }
    size--;
    waiter.next = null;
    waiter.prev = null;
    waiter.chain = null;
  }

  /** The first waiter of a key, or null. */
  @Nullable Waiter first(Key key) {
    Waiter head = slots[slotOf(key)];
    while (head != null && !head.key.equals(key)) {
      head = head.chain;
    }
    return head;
  }

  /** The first of a key that waits, rather than observe who does; or null. */
  @Nullable Waiter firstWaiter(Key key) {
    Waiter head = first(key);
    Waiter waiter = head;
    while (waiter != null && waiter.isObserver()) {
      waiter = linked(waiter.next);
      if (waiter == head) {
        return null;
      }
    }
    return waiter;
  }

  /**
   * Takes the first waiters of a key that a bitset meets, and adds them to a list. Stops at one
   * that refuses wakes, whatever its bitset.
   *
   * @return how many were taken
   */
  int take(Key key, int count, int bitset, WakeList list) {
    Waiter waiter = count > 0 ? first(key) : null;
    if (waiter == null) {
      return 0;
    }
    Waiter last = linked(waiter.prev);
    int taken = 0;
    while (true) {
      Waiter next = linked(waiter.next);
      boolean atEnd = waiter == last;
      if (waiter.refusesWakes()) {
        list.refuse();
        return taken;
      }
      if (waiter.isObserver()) {
        list.observe(waiter);
      } else if ((waiter.options.bitset() & bitset) != 0) {
        remove(waiter);
        list.add(waiter);
        taken++;
      }
      if (atEnd || taken == count) {
        return taken;
      }
      waiter = next;
    }
  }

  /** How many waiters a key has, counted up to a limit, or to one that refuses to be moved. */
  int count(Key key, int limit, WakeList list) {
    Waiter head = limit <= 0 ? null : first(key);
    if (head == null) {
      return 0;
    }
    int count = 0;
    Waiter waiter = head;
    do {
      if (waiter.refusesWakes()) {
        list.refuse();
        return count;
      }
      count += waiter.isObserver() ? 0 : 1;
      waiter = linked(waiter.next);
    } while (waiter != head && count < limit);
    return count;
  }

  /** Shows every waiter: key by key in no order, each key's in the order they will be woken. */
  void forEach(Consumer<Waiter> action) {
    for (Waiter slot : slots) {
      for (Waiter head = slot; head != null; head = head.chain) {
        Waiter waiter = head;
        do {
          action.accept(waiter);
          waiter = linked(waiter.next);
        } while (waiter != head);
      }
    }
  }

  private int slotOf(Key key) {
    return key.hashCode() & (slots.length - 1);
  }

  private static void linkBefore(Waiter waiter, Waiter successor) {
    Waiter prev = linked(successor.prev);
    waiter.prev = prev;
    waiter.next = successor;
    prev.next = waiter;
    successor.prev = waiter;
  }

  /** Puts another waiter, or nobody, in the place of the first of a key. */
  private void replaceHead(Waiter old, @Nullable Waiter replacement) {
    Waiter after = old.chain;
    if (replacement != null) {
      replacement.chain = after;
      after = replacement;
    }
    int slot = slotOf(old.key);
    Waiter before = slots[slot];
    if (before == old) {
      slots[slot] = after;
    } else {
      while (linked(before).chain != old) {
        before = linked(before).chain;
      }
      linked(before).chain = after;
    }
    old.chain = null;
  }

  /** The links of a queued waiter are never null. */
  private static Waiter linked(@Nullable Waiter waiter) {
    if (waiter == null) {
      throw new AssertionError("a queued waiter has lost its links");
    }
    return waiter;
  }
}
