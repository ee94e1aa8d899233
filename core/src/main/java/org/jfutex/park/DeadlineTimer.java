package org.jfutex.park;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * Ends the waits that no thread sleeps in when their deadlines are reached, and has {@link
 * CoarseClock} tick. One daemon thread for all engines, which goes when there has been nothing to
 * do for a while.
 */
public final class DeadlineTimer {
  /*
   * State       cancelled: false -> true, by cancel. next: the task that will run or has run last.
   * Guards      both volatile; next is written by the constructor and by the timer thread.
   * Lock order  none.
   * Ordering    cancelled decides whether a task acts; next only serves to drop a task early.
   *             cancel writes cancelled, then reads next (F); run writes next, then reads cancelled
   *             (F): not both read old values, so no task stays scheduled. A first task that
   *             overtakes the constructor may have its successor overwritten in next: that one
   *             stays until its time and is dropped by its own run.
   * Progress    the executor's thread runs each action; actions are short.
   * Callbacks   the action and the ticker, with no lock held.
   * Checked by  DeadlineTimerTest, CancelledTimer (jcstress).
   */

  /** How late a step of the real-time clock may be noticed. */
  private static final long STEP_NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long IDLE_SECONDS = 10;

  private static final ScheduledThreadPoolExecutor EXECUTOR = newExecutor();

  private final Deadline deadline;
  private final Ticker ticker;
  private final Runnable action;
  private volatile boolean cancelled;
  private volatile ScheduledFuture<?> next;

  private DeadlineTimer(Deadline deadline, Ticker ticker, Runnable action) {
    this.deadline = deadline;
    this.ticker = ticker;
    this.action = action;
    try {
      this.next = schedule();
    } catch (RuntimeException | Error e) {
      cancelled = true; // it may be queued all the same, where only its thread could not be started
      throw e;
    }
  }

  /**
   * Runs an action on the timer thread once a deadline is reached.
   *
   * @param deadline when; not {@link Deadline#NEVER}
   * @param ticker the time source of the deadline
   * @param action what to run; short, and throws nothing
   * @return a handle to cancel it
   */
  public static DeadlineTimer start(Deadline deadline, Ticker ticker, Runnable action) {
    return new DeadlineTimer(deadline, ticker, action);
  }

  private static ScheduledThreadPoolExecutor newExecutor() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("jfutex-timer").factory());
    executor.setRemoveOnCancelPolicy(true);
    executor.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * Keeps the action from running, unless the timer thread has already looked whether to run it: it
   * may then run once more after this method returns, so the action must decide for itself.
   */
  public void cancel() {
    cancelled = true; // (F) pairs with run
    next.cancel(false);
  }

  private ScheduledFuture<?> schedule() {
    long left = deadline.remainingNanos(ticker);
    if (deadline.clock() == ClockId.REALTIME) {
      left = Math.min(left, STEP_NOTICE_NANOS);
    }
    return EXECUTOR.schedule(this::run, left, TimeUnit.NANOSECONDS);
  }

  private void run() {
    if (cancelled) {
      return;
    }
    if (deadline.isReached(ticker)) {
      action.run();
      return;
    }
    next = schedule(); // (F) pairs with cancel
    if (cancelled) {
      next.cancel(false);
    }
  }
}
