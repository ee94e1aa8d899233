package org.jfutex.cli.fuzz;

import java.util.List;
import java.util.stream.Stream;
import org.jfutex.cli.play.RawCall;
import org.jspecify.annotations.Nullable;

/**
 * A program with a race, ready to be run on a {@link RaceRig} many times.
 *
 * @param threads how many threads it has, numbered from 0
 * @param cells the addresses whose contents belong to its outcome
 * @param initial what they hold at first
 * @param prefix what happens before the race, one step after the other
 * @param first what one thread does in the race
 * @param second what another does at the same time
 * @param suffix what happens afterwards, one step after the other
 */
@SuppressWarnings("ArrayRecordComponent") // made once, compared never, read in the innermost loop
record RigProgram(
    int threads,
    long[] cells,
    int[] initial,
    List<Step> prefix,
    List<Step> first,
    List<Step> second,
    List<Step> suffix) {

  /** Whether its threads can own locks. */
  boolean ownsLocks() {
    return Stream.of(prefix, first, second, suffix)
        .flatMap(List::stream)
        .anyMatch(step -> step.kind().ofOwners);
  }

  /** What a step does. */
  enum Kind {
    /** A system call that returns at once. */
    CALL,
    /** A system call that may sleep. */
    WAIT,
    /** A system call whose time is over: it queues, and then it times out. */
    EXPIRED_WAIT,
    /** A plain store of {@code value}. */
    STORE,
    /** A compare-and-set from {@code expected} to {@code value}. */
    COMPARE_AND_SET,
    /** A signal to the thread, whose handler restarts nothing. */
    SIGNAL,
    /** A call of an owner that returns at once. */
    OWNER_CALL(true),
    /** An unlock by a call: it reads the word, and then it acts. */
    UNLOCK(true),
    /** A wait for a lock, or to be moved to one, whose time is over. */
    EXPIRED_LOCK(true),
    /** The end of the thread. */
    EXIT(true);

    private final boolean ofOwners;

    boolean isOfOwners() {
      return ofOwners;
    }

    Kind() {
      this(false);
    }

    Kind(boolean ofOwners) {
      this.ofOwners = ofOwners;
    }
  }

  /**
   * One step.
   *
   * @param kind what it does
   * @param thread who does it, or whom it is done to
   * @param call the call, for those
   * @param untimed the call without its time, for one whose time is over
   * @param entries how many words the call waits on one after the other; 1 for others
   * @param address where it stores
   * @param expected what it compares with
   * @param value what it stores
   */
  record Step(
      Kind kind,
      int thread,
      @Nullable RawCall call,
      @Nullable RawCall untimed,
      int entries,
      long address,
      int expected,
      int value) {
    /** In how many parts others can see it happen: queueing on each word, and timing out. */
    int atoms() {
      return switch (kind) {
        case WAIT -> entries;
        case EXPIRED_WAIT, EXPIRED_LOCK, UNLOCK -> entries + 1;
        case CALL, OWNER_CALL, EXIT, STORE, COMPARE_AND_SET, SIGNAL -> 1;
      };
    }
  }
}
