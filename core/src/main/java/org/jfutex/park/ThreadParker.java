package org.jfutex.park;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * Parks and unparks threads, platform or virtual. A virtual thread that parks leaves its carrier
 * free.
 *
 * <p>The park rule: every caller of {@link #park} re-reads its own state after it returns, and
 * before it parks again, because a permit may come early, late, or be eaten by whatever the caller
 * did in between (class loading, a lock).
 */
public final class ThreadParker {
  /** How late a virtual thread may notice a step of the real-time clock. */
  private static final long STEP_NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private ThreadParker() {}

  /**
   * The calling thread, for {@link #unpark}. Who asks for it before anybody may unpark it has this
   * class loaded by then; loading it later, on the way to {@link #park}, could eat the permit.
   *
   * @return the thread
   */
  public static Thread current() {
    return Thread.currentThread();
  }

  /**
   * Makes the next or the present {@link #park} of a thread return.
   *
   * @param thread the thread, which has asked for itself with {@link #current}
   */
  public static void unpark(Thread thread) {
    LockSupport.unpark(thread);
  }

  /**
   * Parks the calling thread until unparked, interrupted, a deadline, or for no reason. Returns at
   * once if the thread is interrupted or the deadline reached.
   *
   * @param blocker what the thread waits in, for thread dumps
   * @param deadline when to return at the latest
   * @param ticker the time source of the deadline
   */
  public static void park(Object blocker, Deadline deadline, Ticker ticker) {
    if (deadline.isNever()) {
      LockSupport.park(blocker); // small, so that it is inlined and no frame of it sleeps
    } else {
      parkUntil(blocker, deadline, ticker);
    }
  }

  /**
   * Lets the calling thread rest, for somebody else's next step that it cannot be told of. Returns
   * early for the same reasons as {@link #park}; an interrupted thread yields.
   *
   * @param blocker what the thread waits in, for thread dumps
   * @param nanos how long, in nanoseconds
   */
  @SuppressWarnings("ThreadPriorityCheck") // parking would be no rest
  public static void nap(Object blocker, long nanos) {
    if (Thread.currentThread().isInterrupted()) {
      Thread.yield();
      return;
    }
    try {
      LockSupport.parkNanos(blocker, nanos);
    } catch (OutOfMemoryError e) {
      Thread.yield(); // the timer of a virtual thread takes memory
    }
  }

  private static void parkUntil(Object blocker, Deadline deadline, Ticker ticker) {
    long left = deadline.remainingNanos(ticker);
    if (left <= 0) {
      return;
    }
    if (deadline.clock() == ClockId.MONOTONIC) {
      LockSupport.parkNanos(blocker, left);
    } else if (Thread.currentThread().isVirtual()) {
      // its timer runs on the monotonic clock, so a step is looked for now and then
      LockSupport.parkNanos(blocker, Math.min(left, STEP_NOTICE_NANOS));
    } else if (left > 2 * MILLI) {
      // waits on the real-time clock itself, in its coarse unit; the rest is parked away above
      LockSupport.parkUntil(blocker, deadline.nanos() / MILLI - 1);
    } else {
      LockSupport.parkNanos(blocker, left);
    }
  }
}
