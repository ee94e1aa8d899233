package org.jfutex;

import java.util.Set;

/**
 * What a backend can do. What it cannot, it refuses with the error named at the operation; it never
 * approximates in silence.
 *
 * @param backend the backend's name
 * @param widths the word widths in bits it can wait on
 * @param maxEntries the most entries of a vector wait
 * @param heapWords whether words in Java objects and arrays can be waited on
 * @param acrossProcesses whether waiters in other processes are woken
 * @param virtualThreads whether a virtual thread that waits leaves its carrier free
 * @param exactCounts whether the sum of what wakers return is the number of waits that report woken
 * @param bitsets whether a waiter may have a bitset; a wake may always
 * @param ranks whether a waiter may have a rank
 * @param mixedScopes whether one requeue or wake-op may be about two words of which one is shared
 *     through a file and the other is not
 * @param observers whether somebody can be told of wakes without taking part
 * @param pi which threads may own and wait for priority-inheritance locks
 */
public record Capabilities(
    String backend,
    Set<Integer> widths,
    int maxEntries,
    boolean heapWords,
    boolean acrossProcesses,
    boolean virtualThreads,
    boolean exactCounts,
    boolean bitsets,
    boolean ranks,
    boolean mixedScopes,
    boolean observers,
    PiThreads pi) {
  /** The threads that the priority-inheritance operations serve. */
  public enum PiThreads {
    /** Platform threads only; an interrupt does not end their wait for a lock. */
    PLATFORM,
    /** All threads; an interrupt ends their wait. */
    ALL
  }

  /** Copies the set. */
  public Capabilities {
    widths = Set.copyOf(widths);
  }
}
