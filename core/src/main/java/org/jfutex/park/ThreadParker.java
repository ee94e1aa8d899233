package org.jfutex.park;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * Parks and unparks one thread, platform or virtual. A virtual thread that parks leaves its carrier
 * free.
 *
 * <p>The park rule: every caller of {@link #park} re-reads its own state after it returns, and
 * before it parks again, because a permit may come early, late, or be eaten by whatever the caller
 * did in between (class loading, a lock).
 */
public final class ThreadParker implements Parker {
  /** How late a virtual thread may notice a step of the real-time clock. */
  private static final long STEP_NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final Thread thread;

  private ThreadParker(Thread thread) {
    this.thread = thread;
  }

  /**
   * A parker of the calling thread.
   *
   * @return a new one
   */
  public static ThreadParker current() {
    return new ThreadParker(Thread.currentThread());
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
      LockSupport.park(blocker);
      return;
    }
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

  @Override
  public boolean unpark() {
    LockSupport.unpark(thread);
    return true;
  }

  @Override
  public Kind kind() {
    return thread.isVirtual() ? Kind.VIRTUAL_THREAD : Kind.THREAD;
  }

  @Override
  public String describe() {
    String name = thread.getName();
    return name.isEmpty() ? "#" + thread.threadId() : name;
  }
}
