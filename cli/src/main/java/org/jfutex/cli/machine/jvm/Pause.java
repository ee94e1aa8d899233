package org.jfutex.cli.machine.jvm;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How a thread lets time pass while it looks for something again and again: it spins a little, then
 * parks for longer and longer. It never yields: where others want the processor too, a yield costs
 * a time slice of theirs, and the thread that is waited for pays the same. Used by one thread,
 * once.
 */
final class Pause {
  /** About what it takes to hand a call to a thread that spins, and to execute it. */
  private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

  private static final long SHORTEST_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private int rounds;
  private long parkNanos = SHORTEST_NANOS;

  /** Whether it still spins: what is looked for may be there any moment. */
  boolean isSpinning() {
    return rounds < SPINS;
  }

  /** Spins once. */
  void spin() {
    Thread.onSpinWait();
    rounds++;
  }

  /** Lets some time pass, at most so many nanoseconds if it parks. */
  void pass(Object blocker, long mostNanos) {
    if (isSpinning()) {
      spin();
      return;
    }
    LockSupport.parkNanos(blocker, Math.min(parkNanos, mostNanos));
    parkNanos = Math.min(2 * parkNanos, LONGEST_NANOS);
  }
}
