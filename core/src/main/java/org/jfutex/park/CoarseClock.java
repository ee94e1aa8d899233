package org.jfutex.park;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * The monotonic clock for who needs it often and not exactly. Few readings are exact. Where many
 * come, the timer thread reads the clock for them for a while: to read it takes some 25 ns, a
 * twentieth of what a virtual thread needs to sleep and be woken.
 */
public final class CoarseClock {
  /*
   * State       tick: IDLE, where readings are exact, or what the clock said when the timer last
   *             ticked. read, since: how many exact readings there were, from when.
   *
   *             IDLE -> a time    by compare-and-set: who makes the readings many, and so has the
   *                               timer tick; nobody else does until it is IDLE again
   *             a time -> later   the timer, every TICK_NANOS
   *             a time -> IDLE    the timer, after TICKS, or who cannot have the next one scheduled
   * Guards      tick: volatile. read, since: plain, by whoever reads exactly; updates that are lost
   *             only put off the start.
   * Lock order  none.
   * Ordering    a reading is never later than the clock, and may be as much earlier as the timer
   *             is late. Nothing else is told by it.
   * Progress    who starts the ticks hands a task to the timer; all others only read.
   * Callbacks   none.
   * Checked by  CoarseClockTest.
   */

  /** How far readings may lie behind, beside the lateness of a thread: 67 ms. */
  static final long TICK_NANOS = 1 << 26;

  /** About 2 s; then the readings must be many again. */
  static final int TICKS = 30;

  /** So many exact readings in a tick are many: they take about a part in 2,000 of it. */
  static final int MANY = 1_024;

  private static final long IDLE = 0;

  private static final CoarseClock SYSTEM =
      new CoarseClock(Ticker.system(), CoarseClock::runAfterATick);

  private final Ticker ticker;
  private final Consumer<Runnable> afterATick;
  private final AtomicLong tick = new AtomicLong(IDLE);
  private int read;
  private long since;

  /**
   * A clock.
   *
   * @param ticker what it reads
   * @param afterATick runs something a tick later, or throws an OutOfMemoryError
   */
  CoarseClock(Ticker ticker, Consumer<Runnable> afterATick) {
    this.ticker = ticker;
    this.afterATick = afterATick;
  }

  private static void runAfterATick(Runnable task) {
    DeadlineTimer _ =
        DeadlineTimer.start(
            Deadline.afterNanos(TICK_NANOS, Ticker.system()), Ticker.system(), task);
  }

  /**
   * About the current value of a monotonic clock.
   *
   * @param ticker whose; one that is not the system's is read exactly
   * @return a value of the clock in nanoseconds: never one to come, and usually less than 67 ms
   *     old, but older by as long as the timer thread has not been let run
   */
  @SuppressWarnings("ReferenceEquality") // there is one of the system
  public static long nanos(Ticker ticker) {
    return ticker == Ticker.system() ? SYSTEM.nanos() : ticker.nanos(ClockId.MONOTONIC);
  }

  long nanos() {
    long nanos = tick.get();
    return nanos == IDLE ? exact() : nanos;
  }

  private long exact() {
    long nanos = ticker.nanos(ClockId.MONOTONIC);
    if (read == 0) {
      since = nanos;
    }
    read++;
    if (read > MANY) {
      read = 0;
      if (nanos - since < TICK_NANOS && tick.compareAndSet(IDLE, notIdle(nanos))) {
        tickLater(TICKS);
      }
    }
    return nanos;
  }

  private void tick(int left) {
    tick.set(left == 0 ? IDLE : notIdle(ticker.nanos(ClockId.MONOTONIC)));
    if (left > 0) {
      tickLater(left);
    }
  }

  private void tickLater(int left) {
    try {
      afterATick.accept(() -> tick(left - 1));
    } catch (OutOfMemoryError e) {
      tick.set(IDLE); // readings are exact again, which nobody need be told
    }
  }

  private static long notIdle(long nanos) {
    return nanos == IDLE ? nanos - 1 : nanos;
  }
}
