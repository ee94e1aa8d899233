package org.jfutex.io;

import java.util.function.LongSupplier;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Events;
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

  /** Takes until that gives more than 0; 0 at the deadline. */
  static long awaitCount(Pollable source, Deadline deadline, LongSupplier tryTake)
      throws InterruptedException {
    long[] taken = new long[1];
    boolean _ =
        await(
            source,
            Events.IN,
            deadline,
            () -> {
              taken[0] = tryTake.getAsLong();
              return taken[0] != 0;
            });
    return taken[0];
  }
}
