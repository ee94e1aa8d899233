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
 */
public record Capabilities(
    String backend,
    Set<Integer> widths,
    int maxEntries,
    boolean heapWords,
    boolean acrossProcesses,
    boolean virtualThreads,
    boolean exactCounts) {
  /** Copies the set. */
  public Capabilities {
    widths = Set.copyOf(widths);
  }
}
