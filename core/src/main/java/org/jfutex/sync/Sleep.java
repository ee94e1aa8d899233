package org.jfutex.sync;

import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;

/**
 * How a caller sleeps inside the one slow path of a primitive: what ends the sleep besides a wake.
 * Whoever was woken is told so, and looks at the word again before anything else ends its wait.
 *
 * @param <E> what an interrupt throws
 */
@FunctionalInterface
interface Sleep<E extends Exception> {
  /** Until woken: an interrupt is kept for later. */
  Sleep<RuntimeException> UNINTERRUPTIBLE = Cell::await;

  /**
   * Sleeps while a cell holds a value.
   *
   * @return WOKEN, CHANGED or TIMED_OUT; others mean as much as CHANGED
   */
  WaitStatus on(Cell cell, int expected, WaitOptions options) throws E;

  /** Until woken, a deadline or an interrupt. */
  static Sleep<InterruptedException> until(Deadline deadline) {
    return (cell, expected, options) -> cell.await(expected, deadline, options);
  }

  /** What every method that can be interrupted does first. */
  static void checkInterrupt() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
