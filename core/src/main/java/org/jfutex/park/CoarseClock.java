package org.jfutex.park;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * The monotonic clock for who needs it often and not exactly. While readings are few, each is
 * exact. Where many come, the timer thread reads the clock for them for a while, as to read it is a
 * good part of what a virtual thread needs to sleep and be woken.
 */
public final class CoarseClock {
  /*
   * State       tickNanos: IDLE, where readings are exact, or what the clock said when the timer
   *             last ticked. readings, sinceNanos: how many exact ones there were, from when; below
   *             0 after a start that failed.
   *
   *             IDLE -> a time    by compare-and-set: who makes the readings many, and so has the
   *                               timer tick; nobody else does until it is IDLE again
   *             a time -> later   the timer, every TICK_NANOS
   *             a time -> IDLE    the timer, after TICKS, or who cannot have the next one scheduled
   * Guards      tickNanos: atomic. readings, sinceNanos: plain, by whoever reads exactly; updates
   *             that are lost or late only put the start off, or make it early.
   * Lock order  none.
   * Ordering    a reading is never later than the clock, and may be as much earlier as the timer,
   *             or who starts it, is late. Nothing else is told by it.
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

  /** So many pass after a start that failed: some tens of milliseconds at least. */
  static final int PASS = 1_000_000;

  private static final long IDLE = 0;

  private static final CoarseClock SYSTEM =
      new CoarseClock(Ticker.system(), CoarseClock::runAfterATick);

  private final Ticker ticker;
  private final Consumer<Runnable> afterATick;
  private final AtomicLong tickNanos = new AtomicLong(IDLE);
  private int readings;
  private long sinceNanos;

  /**
   * A clock.
   *
   * @param ticker what it reads
   * @param afterATick runs something a tick later
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
   *     old, but older by as long as the timer thread, or who starts it, has not been let run
   */
  @SuppressWarnings("ReferenceEquality") // there is one of the system
  public static long nanos(Ticker ticker) {
    return ticker == Ticker.system() ? SYSTEM.nanos() : ticker.nanos(ClockId.MONOTONIC);
  }

  long nanos() {
    long nanos = tickNanos.get();
    return nanos == IDLE ? exact() : nanos;
  }

  private long exact() {
    long nanos = ticker.nanos(ClockId.MONOTONIC);
    if (readings == 0) {
      sinceNanos = nanos;
    }
    readings++;
    if (readings > MANY) {
      readings = 0;
      if (nanos - sinceNanos < TICK_NANOS && tickNanos.compareAndSet(IDLE, notIdle(nanos))) {
        tick(TICKS);
      }
    }
    return nanos;
  }

  /**
   * Reads the clock for others, so often, or as long as there is memory for a task and its thread.
   * Without any, nobody need be told: readings are exact then.
   */
  private void tick(int times) {
    boolean goesOn = false;
    try {
      if (times > 0) {
        tickNanos.set(notIdle(ticker.nanos(ClockId.MONOTONIC)));
        afterATick.accept(() -> tick(times - 1));
        goesOn = true;
      }
    } catch (OutOfMemoryError | LinkageError e) { // the latter once the timer could not be made
      readings = -PASS;
    } finally {
      if (!goesOn) {
        tickNanos.set(IDLE);
      }
    }
  }

  private static long notIdle(long nanos) {
    return nanos == IDLE ? nanos - 1 : nanos;
  }
}
