package org.jfutex.cli.fuzz;

import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jfutex.Errno;

/**
 * How a program stands after a step.
 *
 * @param result what the step's own call returned; {@link #SLEEPS} if it sleeps, {@link #NONE} if
 *     there is none to tell
 * @param returned the other calls that have returned since the step before, by thread
 * @param asleep the threads that sleep
 * @param cells what the words hold, each with the 32 bits behind it; behind them, in a program with
 *     real-time threads, the priority of each thread
 */
record Moment(
    long result, SortedMap<String, Long> returned, SortedSet<String> asleep, List<Integer> cells) {
  /** A step without a result. */
  static final long NONE = Long.MIN_VALUE;

  /** The step's call sleeps. */
  static final long SLEEPS = Long.MIN_VALUE + 1;

  /** In the upper half of the second cell of a word: the two hold an address, told by its place. */
  static final int ADDRESS = 0x7add_0000;

  /** A result as people read it. */
  static String text(long result) {
    if (result == NONE) {
      return "-";
    }
    if (result == SLEEPS) {
      return "sleeps";
    }
    for (Errno errno : Errno.values()) {
      if (result == -errno.number()) {
        return errno.name();
      }
    }
    return Long.toString(result);
  }

  @Override
  public String toString() {
    TreeMap<String, String> results = new TreeMap<>();
    returned.forEach((thread, value) -> results.put(thread, text(value)));
    return text(result) + ", returned " + results + ", asleep " + asleep + ", words " + cells;
  }
}
