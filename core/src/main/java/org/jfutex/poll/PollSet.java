package org.jfutex.poll;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntSupplier;
import java.util.function.IntUnaryOperator;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Objects at numbered places, and which events of each are of interest: what poll(2) takes as an
 * array of {@code struct pollfd}, and select(2) as three sets of descriptors. A scan looks at every
 * object, at about a nanosecond each where the events are known; where few of many objects are
 * ready, an {@link Epoll} does less.
 *
 * <p>For one thread at a time.
 */
public final class PollSet {
  /*
   * State       objects, pollees, events, revents: an entry per place, up to size. feeds: where the
   *             events of the pollees come from.
   * Guards      one thread, that of the caller.
   * Lock order  none.
   * Ordering    as Poller: it registers everywhere before it looks.
   * Progress    as Poller.
   * Callbacks   checks and feeds, with no lock held.
   * Checked by  PollSetTest.
   */
  private static final int FIRST_CAPACITY = 8;

  private static final int READABLE =
      Events.IN | Events.RDNORM | Events.RDBAND | Events.HUP | Events.ERR | Events.NVAL;
  private static final int WRITABLE =
      Events.OUT | Events.WRNORM | Events.WRBAND | Events.ERR | Events.NVAL;
  private static final int EXCEPTIONAL = Events.PRI | Events.NVAL;

  private @Nullable Pollee[] pollees = new @Nullable Pollee[FIRST_CAPACITY];
  private int[] events = new int[FIRST_CAPACITY];
  private int[] revents = new int[FIRST_CAPACITY];
  private int size;
  private final Feeds feeds = new Feeds(null);

  /** A set with no places. */
  public PollSet() {}

  /**
   * Adds an object at the next place. The same object may be at several.
   *
   * @param object the object
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @return its place, from 0
   */
  public int add(Pollable object, int mask) {
    if (size == events.length) {
      pollees = Arrays.copyOf(pollees, 2 * size);
      events = Arrays.copyOf(events, 2 * size);
      revents = Arrays.copyOf(revents, 2 * size);
    }
    int place = size++;
    revents[place] = 0;
    set(place, object, mask);
    return place;
  }

  /**
   * Changes what is at a place.
   *
   * @param place one that {@link #add} has returned
   * @param object the object; null for none, which is what a negative descriptor is to poll(2): it
   *     is skipped, and has no events
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @throws IndexOutOfBoundsException if there is no such place
   */
  public void set(int place, @Nullable Pollable object, int mask) {
    Pollee old = pollees[check(place)];
    Pollee pollee = object == null ? null : object.pollee();
    pollees[place] = pollee;
    events[place] = mask;
    feeds.add(pollee == null ? null : pollee.feed());
    feeds.remove(old == null ? null : old.feed());
  }

  private int check(int place) {
    if (place < 0 || place >= size) {
      throw new IndexOutOfBoundsException(
          "place " + place + ": expected one of the " + size + " that add has returned");
    }
    return place;
  }

  /** Takes all objects out, and their places. */
  public void clear() {
    for (int place = 0; place < size; place++) {
      set(place, null, 0);
    }
    size = 0;
  }

  /**
   * How many places there are.
   *
   * @return the number of the next one
   */
  public int size() {
    return size;
  }

  /**
   * Which events of a place are of interest; no call changes that but {@link #set}.
   *
   * @param place one that {@link #add} has returned
   * @return as stated
   */
  public int events(int place) {
    return events[check(place)];
  }

  /**
   * What the last {@link #poll} has found at a place.
   *
   * @param place one that {@link #add} has returned
   * @return the events that held, of those of interest; {@link Events#NVAL} for a closed object
   */
  public int revents(int place) {
    return revents[check(place)];
  }

  /**
   * Looks at all places, and sleeps until something is ready anywhere (ppoll(2)). Takes nothing:
   * what is ready stays so until somebody uses it.
   *
   * @param deadline when to give up, on its own clock; if it has been reached, this looks once
   * @return how many places have events now; 0 if the deadline was reached
   * @throws InterruptedException if the thread is interrupted and nothing is ready
   */
  public int poll(Deadline deadline) throws InterruptedException {
    int ready = scan();
    if (ready != 0 || deadline.isReached(Ticker.system())) {
      return ready;
    }
    return sleep(deadline, events, place -> look(place, events[place]), this::scan);
  }

  /** What holds at a place; the feeds have been drained. */
  private int look(int place, int mask) {
    Pollee pollee = pollees[place];
    return pollee == null ? 0 : pollee.look(mask);
  }

  private int scan() {
    feeds.drain();
    @Nullable Pollee[] all = pollees; // in variables, as each look reads volatile fields
    int[] masks = events;
    int[] results = revents;
    int count = size;
    int ready = 0;
    for (int place = 0; place < count; place++) {
      Pollee pollee = all[place];
      int found = pollee == null ? 0 : pollee.look(masks[place]);
      results[place] = found;
      ready += found != 0 ? 1 : 0;
    }
    return ready;
  }

  /**
   * Looks at the places named in three sets, and sleeps until one is ready for what its set is
   * about (pselect(2)). Of the bits below {@code count} those stay set whose places are ready; the
   * others are not touched. What the places themselves are interested in does not matter here.
   *
   * @param count how many places, from 0, the sets are about
   * @param readable places of interest for reading, or null; ready if something can be read, or the
   *     end has come, or there is an error
   * @param writable likewise for writing
   * @param exceptional likewise for {@link Events#PRI}
   * @param deadline when to give up, on its own clock; if it has been reached, this looks once
   * @return how many bits are set in the three sets together; 0 if the deadline was reached
   * @throws FutexException with EINVAL if count is negative, with EBADF if a set names a place that
   *     holds no object; the sets are as they were
   * @throws InterruptedException if the thread is interrupted and nothing is ready; the sets are as
   *     they were
   */
  public int select(
      int count,
      @Nullable BitSet readable,
      @Nullable BitSet writable,
      @Nullable BitSet exceptional,
      Deadline deadline)
      throws InterruptedException {
    if (count < 0) {
      throw new FutexException(
          Errno.EINVAL, "count " + count + ": expected at least 0, the number of places");
    }
    int known = allKnown(count, readable, writable, exceptional);
    if (known > 0) {
      return known;
    }
    int[] masks = new int[count];
    include(readable, READABLE, masks);
    include(writable, WRITABLE, masks);
    include(exceptional, EXCEPTIONAL, masks);
    IntUnaryOperator look = place -> look(place, masks[place]) & masks[place];
    int[] found = new int[count];
    if (select(masks, look, found) == 0 && !deadline.isReached(Ticker.system())) {
      int _ = sleep(deadline, masks, look, () -> select(masks, look, found));
    }
    return keep(readable, READABLE, found)
        + keep(writable, WRITABLE, found)
        + keep(exceptional, EXCEPTIONAL, found);
  }

  /**
   * How many bits are set, if each is known to be ready; otherwise 0. What is known to be ready is
   * so until somebody uses it, who would say so: no feed takes events away, so none is asked.
   */
  private int allKnown(
      int count,
      @Nullable BitSet readable,
      @Nullable BitSet writable,
      @Nullable BitSet exceptional) {
    int in = countKnown(readable, READABLE, count);
    int out = in < 0 ? in : countKnown(writable, WRITABLE, count);
    int rest = out < 0 ? out : countKnown(exceptional, EXCEPTIONAL, count);
    return rest < 0 ? 0 : in + out + rest;
  }

  /** How many bits are set, if each is known to be ready; otherwise -1. */
  private int countKnown(@Nullable BitSet set, int mask, int count) {
    if (set == null) {
      return 0;
    }
    @Nullable Pollee[] all = pollees; // in variables, as each look reads volatile fields
    int known = 0;
    int end;
    for (int from = set.nextSetBit(0); from >= 0 && from < count; from = set.nextSetBit(end)) {
      end = set.nextClearBit(from); // most sets are dense, and a run of bits costs one search
      int last = Math.min(end, count);
      if (last > size) {
        return -1;
      }
      for (int place = from; place < last; place++) {
        Pollee pollee = all[place];
        if (pollee == null || !pollee.isKnown(mask)) {
          return -1;
        }
      }
      known += last - from;
    }
    return known;
  }

  private void include(@Nullable BitSet set, int mask, int[] masks) {
    if (set == null) {
      return;
    }
    for (int i = set.nextSetBit(0); i >= 0 && i < masks.length; i = set.nextSetBit(i + 1)) {
      if (i >= size || pollees[i] == null) {
        throw new FutexException(Errno.EBADF, "place " + i + ": expected one that holds an object");
      }
      masks[i] |= mask;
    }
  }

  private static int keep(@Nullable BitSet set, int mask, int[] found) {
    int kept = 0;
    if (set != null) {
      for (int i = set.nextSetBit(0); i >= 0 && i < found.length; i = set.nextSetBit(i + 1)) {
        if ((found[i] & mask) != 0) {
          kept++;
        } else {
          set.clear(i);
        }
      }
    }
    return kept;
  }

  /** How many places are ready; an event that is only reported is none. */
  private int select(int[] masks, IntUnaryOperator look, int[] found) {
    feeds.drain();
    int ready = 0;
    for (int place = 0; place < masks.length; place++) {
      if (masks[place] != 0) {
        found[place] = look.applyAsInt(place);
        if (found[place] != 0) {
          ready++;
        }
      }
    }
    return ready;
  }

  /** Registers everywhere, then looks and sleeps in turn. */
  private int sleep(Deadline deadline, int[] masks, IntUnaryOperator look, IntSupplier scan)
      throws InterruptedException {
    try (Poller poller = new Poller()) {
      int limit = Math.min(size, masks.length);
      int registered = 0;
      WaitStatus end = WaitStatus.WOKEN;
      while (true) {
        registered = register(poller, masks, look, registered, limit);
        int ready = scan.getAsInt();
        if (ready != 0 || end == WaitStatus.TIMED_OUT) {
          return ready;
        }
        if (end == WaitStatus.INTERRUPTED) {
          boolean _ = Thread.interrupted();
          throw new InterruptedException("interrupted while nothing was ready");
        }
        if (registered == limit) { // else what was ready has gone before the scan: go on behind it
          end = poller.await(deadline);
        }
      }
    }
  }

  /** Stops behind what is ready, as then nobody will sleep; where to go on if it is no more. */
  private int register(Poller poller, int[] masks, IntUnaryOperator look, int from, int limit) {
    int place = from;
    boolean isReady = false;
    while (place < limit && !isReady) {
      Pollee pollee = pollees[place];
      if (pollee != null) {
        poller.register(pollee, masks[place]);
        isReady = look.applyAsInt(place) != 0;
      }
      place++;
    }
    return place;
  }
}
