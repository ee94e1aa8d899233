package org.jfutex.io;

import org.jfutex.WaitStatus;
import org.jfutex.poll.Pollable;
import org.jfutex.time.Deadline;

/** Waits as java.util.concurrent does: who is interrupted gets an exception, and is no more. */
final class Waits {
  private Waits() {}

  /** Tries until it succeeds; false at the deadline. */
  static boolean await(
      Pollable source, int mask, Deadline deadline, Pollable.Attempt<RuntimeException> attempt)
      throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    WaitStatus end = source.await(mask, deadline, attempt);
    if (end == WaitStatus.INTERRUPTED) {
      boolean _ = Thread.interrupted();
      throw new InterruptedException();
    }
    return end == WaitStatus.WOKEN;
  }
}
