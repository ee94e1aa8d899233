package org.jfutex.poll;

import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/** A thread that sleeps until it is woken, once. */
final class Sleeper {
  /*
   * State       isWoken: false -> true, once, by who has taken it from the waiters.
   * Guards      isWoken: volatile.
   * Lock order  none.
   * Ordering    who wakes writes isWoken, then unparks; the thread reads it last before it parks.
   * Progress    by who wakes, the deadline, or an interrupt.
   * Callbacks   none.
   * Checked by  EpollTest, EpollWakeupTest.
   */
  private final Object thread = ThreadParker.current();
  private volatile boolean isWoken;

  /** Wakes one, if there is one. */
  static void wake(@Nullable Sleeper sleeper) {
    if (sleeper != null) {
      sleeper.isWoken = true;
      ThreadParker.unpark(sleeper.thread);
    }
  }

  /** Sleeps until woken, interrupted, or the deadline. */
  void sleep(Deadline deadline) {
    while (!isWoken // read last before parking
        && !Thread.currentThread().isInterrupted()
        && !deadline.isReached(Ticker.system())) {
      ThreadParker.park(this, deadline, Ticker.system());
    }
  }
}
