package org.jfutex.cli.play;

import java.time.Duration;
import java.util.List;
import org.jfutex.time.ClockId;
import org.jspecify.annotations.Nullable;

/** What a thread does in a step: an operation with its arguments read, names still unresolved. */
public sealed interface Action {
  /**
   * A system call.
   *
   * @param nr its x86-64 number
   * @param args up to six arguments
   * @param timed whether it returns by itself some day
   */
  record SystemCall(long nr, List<Arg> args, boolean timed) implements Action {
    /** Copies the list. */
    public SystemCall {
      args = List.copyOf(args);
    }
  }

  /**
   * A store of the thread itself.
   *
   * @param place where
   * @param value what
   */
  record Store(Place place, Num value) implements Action {}

  /**
   * A compare-and-set of the thread itself.
   *
   * @param place where
   * @param expected the value it must have
   * @param value the value it gets
   */
  record CompareAndSet(Place place, Num expected, Num value) implements Action {}

  /**
   * Links an entry, or several that follow each other in memory, to the end of the thread's robust
   * list, and stores the thread's id in their words.
   *
   * @param entry the name of the first entry
   * @param pi whether they are marked as priority-inheritance locks
   * @param count how many
   */
  record RobustLink(String entry, boolean pi, int count) implements Action {}

  /**
   * Points the pending slot of the thread's robust list at an entry.
   *
   * @param entry the entry's name
   * @param pi whether the entry is marked as a priority-inheritance lock
   */
  record RobustPending(String entry, boolean pi) implements Action {}

  /** An argument of a system call. */
  sealed interface Arg {
    /**
     * A number.
     *
     * @param number the number
     */
    record Value(Num number) implements Arg {}

    /**
     * An address.
     *
     * @param place where
     */
    record Address(Place place) implements Arg {}

    /**
     * The address of a time.
     *
     * @param timeout what stands there
     */
    record Time(Timeout timeout) implements Arg {}

    /**
     * The address of an array of {@code struct futex_waitv}.
     *
     * @param elements its elements
     * @param at where it is to stand; null for memory of the thread's own
     */
    record Elements(List<Element> elements, @Nullable Place at) implements Arg {
      /** Copies the list. */
      public Elements {
        elements = List.copyOf(elements);
      }
    }

    /**
     * The address of 64 bits.
     *
     * @param bits what stands there
     */
    record Bits(Num bits) implements Arg {}

    /** The address of the thread's robust list head. */
    record RobustHead() implements Arg {}
  }

  /** What a call is told about time. */
  sealed interface Timeout {
    /**
     * A relative time.
     *
     * @param duration how long
     */
    record Relative(Duration duration) implements Timeout {}

    /**
     * An absolute time, made when the step runs.
     *
     * @param offset how much later than now; negative for the past
     * @param clock whose now
     */
    record FromNow(Duration offset, ClockId clock) implements Timeout {}

    /**
     * A timespec as it is.
     *
     * @param seconds tv_sec
     * @param nanos tv_nsec
     */
    record Raw(long seconds, long nanos) implements Timeout {}

    /**
     * Whatever stands at an address.
     *
     * @param place where
     */
    record At(Place place) implements Timeout {}
  }

  /**
   * An element of a futex_waitv or futex_requeue array.
   *
   * @param value the expected value, 64 bits
   * @param place the word
   * @param flags its FUTEX2 flags
   * @param reserved its reserved field
   */
  record Element(Num value, Place place, Num flags, Num reserved) {}
}
