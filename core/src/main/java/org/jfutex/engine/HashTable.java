package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * The tables of waiters: one for the keys that name no NUMA node, and one for each node that a key
 * has named. A table doubles when one of its buckets is crowded, up to a limit, and shrinks only
 * when it is told to.
 */
final class HashTable {
  /*
   * State       main, byNode: the buckets a key is looked up in. When the size changes, each bucket
   *             moves its waiters to buckets of the next size and from then on sends who comes
   *             there; when all have, the next size is published.
   * Guards      main, byNode, most: volatile, written with sizing held. Bucket.moved: see there.
   * Lock order  sizing, then a bucket, then those it moves to. Of two buckets the one of the lower
   *             node, then of the earlier size, then of the lower index comes first.
   * Ordering    (B) in Bucket.hasWaiters reads the state of one bucket. It may be one that has
   *             moved, as the reader may have looked it up before: such a bucket stays occupied for
   *             ever (M), by who moves it and enters it before the first of its waiters is moved.
   *             So whoever reads that nobody is there has read it before (M) in the order of
   *             volatile accesses, and a waiter that comes to one of the new buckets comes after
   *             (M) and sees what the reader has stored before (B). The new buckets are entered
   *             before moved says where they are.
   * Progress    a change never waits for a sleeping waiter; who wants a bucket that just moves
   *             waits for as long as its waiters take to move. Who would make a crowded table
   *             grow, and finds somebody at it, does not wait.
   * Callbacks   none.
   * Checked by  HashTableTest, GrowingTableTest, LostWakeWhileGrowing (jcstress).
   */

  /** As many as the kernel's global table has for each CPU. */
  private static final int BUCKETS_PER_CPU = 256;

  static final int MAX_BUCKETS = 1 << 20;

  /** The least that the kernel's table of a node has. */
  private static final int LEAST_OF_NODE = 4;

  /** How many keys in one bucket make a table grow: more than chance puts there. */
  private static final int CROWDED = 8;

  private final TableSize limits;
  private volatile int most;
  private final ReentrantLock sizing = new ReentrantLock();
  private final AtomicReferenceArray<@Nullable Buckets> byNode;
  private volatile Buckets main;

  /** A table of a fixed size. */
  HashTable(int size) {
    this(TableSize.fixed(size));
  }

  HashTable(TableSize limits) {
    this.limits = limits;
    this.most = limits.most();
    this.main = new Buckets(limits.buckets(), -1, 0);
    this.byNode = new AtomicReferenceArray<>(limits.nodes());
  }

  static int defaultSize() {
    int wanted = BUCKETS_PER_CPU * Runtime.getRuntime().availableProcessors();
    return Math.min(MAX_BUCKETS, Integer.highestOneBit(2 * wanted - 1));
  }

  /** How many buckets there are for keys without a node. */
  int size() {
    return main.size();
  }

  /** One of the buckets for keys without a node. */
  Bucket bucket(int index) {
    return main.get(index);
  }

  /** The bucket of a key; it may move any time, which {@link #lock} and the others look at. */
  Bucket bucketFor(Key key) {
    Bucket bucket = (key.node() < 0 ? main : ofNode(key.node())).of(key);
    return bucket.hasMoved() ? bucket.successor(key) : bucket;
  }

  private Buckets ofNode(int node) {
    int index = node % limits.nodes();
    Buckets buckets = byNode.get(index);
    if (buckets == null) {
      int size = Math.max(LEAST_OF_NODE, Integer.highestOneBit(limits.buckets() / limits.nodes()));
      byNode.compareAndSet(index, null, new Buckets(size, index, 0));
      buckets = ofNode(index);
    }
    return buckets;
  }

  /** Locks the bucket of a key. */
  Bucket lock(Key key) {
    while (true) {
      Bucket bucket = bucketFor(key);
      bucket.lock();
      if (!bucket.hasMoved()) {
        return bucket;
      }
      bucket.unlock();
    }
  }

  /** Enters the bucket of a key. */
  Bucket enter(Key key) {
    while (true) {
      Bucket bucket = bucketFor(key);
      bucket.enter(); // (A) pairs with (B) in Bucket.hasWaiters
      if (!bucket.hasMoved()) {
        return bucket;
      }
      bucket.unlock();
    }
  }

  /**
   * Queues a waiter if a word holds a value, in one step; otherwise leaves no trace of it. Without
   * a word, in any case.
   */
  boolean addIfHolds(@Nullable Word word, long expected, Waiter waiter) {
    boolean added = false;
    boolean crowded = false;
    Bucket bucket = enter(waiter.key);
    try {
      if (word == null || word.holds(expected)) {
        bucket.queueLocked().reserve();
        bucket.addLocked(waiter);
        added = true;
        crowded = bucket.queueLocked().keys() > CROWDED;
      }
    } finally {
      bucket.unlock();
    }
    if (crowded) {
      growFor(waiter);
    }
    return added;
  }

  /** Makes the table of a waiter grow, which is queued: if that fails it may not be left there. */
  private void growFor(Waiter waiter) {
    try {
      grow(waiter.key.node());
    } catch (RuntimeException | Error e) {
      if (leave(waiter)) {
        throw e;
      } // otherwise a waker has counted it
    }
  }

  /**
   * Takes a waiter out of whatever queue it is in by now. Idempotent.
   *
   * @return false if a waker had taken it already: it was woken
   */
  boolean leave(Waiter waiter) {
    Bucket bucket = lockOf(waiter);
    if (bucket != null) {
      try {
        bucket.removeLocked(waiter);
        waiter.leaveLocked();
        waiter.markLeft();
      } finally {
        bucket.unlock();
      }
    }
    return waiter.hasLeft();
  }

  /** The key a waiter is queued on; null if it is queued no more. */
  @Nullable Key keyOf(Waiter waiter) {
    Bucket bucket = lockOf(waiter);
    if (bucket == null) {
      return null;
    }
    try {
      return waiter.key;
    } finally {
      bucket.unlock();
    }
  }

  /**
   * Locks the bucket that a waiter is queued in; null if it is queued no more.
   *
   * <p>A key is written with the locks of the buckets of the old and of the new key held, so one
   * that is found again under its bucket's lock stays as long as that is held, and the waiter is
   * queued there. It cannot be an old one: who has moved the waiter away from here has written
   * another key before it freed this lock, and keys written since, without this lock, are of other
   * buckets. A table that grows gives a key another bucket with both locked. What is read without a
   * lock only has to be some key that the waiter had; keys are immutable, and who comes here has
   * been handed the waiter by the thread that made it.
   */
  @SuppressWarnings("ReferenceEquality") // another object, if equal, is a later key
  private @Nullable Bucket lockOf(Waiter waiter) {
    while (waiter.isQueued()) {
      Key key = waiter.keyUnlocked();
      Bucket bucket = lock(key);
      // a requeue may have moved it, and a waker or another leaver may have been faster
      if (waiter.key == key && waiter.isQueued()) {
        return bucket;
      }
      bucket.unlock();
    }
    return null;
  }

  /** Takes waiters of a key and marks them woken; the caller tells them after unlocking. */
  int take(Key key, int count, int bitset, WakeList list) {
    Bucket bucket = lock(key);
    try {
      return bucket.takeLocked(key, count, bitset, list);
    } finally {
      bucket.unlock();
    }
  }

  /** Two locked buckets, which may be one. */
  record Pair(Bucket first, Bucket second) {
    void unlock() {
      unlockPair(first, second);
    }
  }

  /** Locks the buckets of two keys. */
  Pair lockPair(Key first, Key second) {
    return lockPair(first, second, false);
  }

  /** Locks the bucket of the first key and enters that of the second. */
  Pair enterPair(Key first, Key second) {
    return lockPair(first, second, true); // (A) pairs with (B) in Bucket.hasWaiters
  }

  private Pair lockPair(Key first, Key second, boolean enters) {
    while (true) {
      Bucket one = bucketFor(first);
      Bucket two = bucketFor(second);
      Pair pair = new Pair(one, two); // made before, as there may be no memory for it
      lockPair(one, two, enters);
      if (!one.hasMoved() && !two.hasMoved()) {
        return pair;
      }
      unlockPair(one, two);
    }
  }

  /**
   * Locks one bucket, or two in their order. The only place that takes two.
   *
   * @param enters whether the second is entered
   */
  static void lockPair(Bucket first, Bucket second, boolean enters) {
    Bucket low = first.before(second) ? first : second;
    Bucket high = low == first ? second : first;
    low.lock(enters && low == second);
    if (low == high) {
      return;
    }
    try {
      high.lock(enters && high == second);
    } catch (RuntimeException | Error e) {
      low.unlock();
      throw e;
    }
  }

  static void unlockPair(Bucket a, Bucket b) {
    a.unlock();
    if (a != b) {
      b.unlock();
    }
  }

  /** Doubles a table, unless it has its full size or somebody is at it. */
  void grow(int node) {
    if (!sizing.tryLock()) {
      return;
    }
    try {
      Buckets now = node < 0 ? main : ofNode(node);
      if (now.size() < most) {
        change(now, 2 * now.size());
      }
    } catch (OutOfMemoryError e) {
      // a table that cannot grow works: memory is taken before a bucket changes, and the buckets
      // that have moved send on who comes
    } finally {
      sizing.unlock();
    }
  }

  /** Gives the table without a node a size that it keeps. */
  void resize(int size) {
    TableSize.checkBuckets(size, 1);
    sizing.lock();
    try {
      most = size;
      if (main.size() != size) {
        change(main, size);
      }
    } finally {
      sizing.unlock();
    }
  }

  /**
   * Moves everybody to buckets of another size. One that has not come to its end is ended first.
   */
  private void change(Buckets from, int size) {
    Buckets now = from;
    do {
      Buckets next = now.next(size);
      for (int i = 0; i < now.size(); i++) {
        now.get(i).moveTo(next);
      }
      if (now.node() < 0) {
        main = next;
      } else {
        byNode.set(now.node(), next);
      }
      now = next;
    } while (now.size() != size);
  }

  /** Shows every bucket that has waiters, each locked. */
  void forEachLocked(Consumer<Bucket> action) {
    for (Buckets buckets : current()) {
      for (int i = 0; i < buckets.size(); i++) {
        if (buckets.get(i).hasWaiters()) {
          show(buckets.get(i), action);
        }
      }
    }
  }

  private static void show(Bucket bucket, Consumer<Bucket> action) {
    bucket.lock();
    try {
      if (!bucket.hasMoved()) {
        action.accept(bucket);
        return;
      }
    } finally {
      bucket.unlock();
    }
    bucket.successors().forEach(further -> show(further, action));
  }

  private List<Buckets> current() {
    List<Buckets> current = new ArrayList<>();
    current.add(main);
    for (int i = 0; i < byNode.length(); i++) {
      Buckets buckets = byNode.get(i);
      if (buckets != null) {
        current.add(buckets);
      }
    }
    return current;
  }

  /** The size of each table in use. */
  List<TableUse> use() {
    return current().stream()
        .map(buckets -> new TableUse(buckets.node(), buckets.size(), most))
        .toList();
  }
}
