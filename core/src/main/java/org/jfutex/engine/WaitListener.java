package org.jfutex.engine;

import org.jfutex.WaitStatus;

/** Is told the outcome of a wait that no thread of this JVM sleeps in. */
@FunctionalInterface
public interface WaitListener {
  /**
   * Takes the outcome. Called once, with no lock held, by the waking thread or by the deadline
   * timer; must be short and must not throw.
   *
   * @param status WOKEN or TIMED_OUT
   * @param index for WOKEN the highest entry that was woken, otherwise -1
   * @return false if whoever waited cannot be told any more, so that a wake must go to the next
   *     waiter and not be counted; ignored for TIMED_OUT
   */
  boolean onOutcome(WaitStatus status, int index);
}
