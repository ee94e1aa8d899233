package org.jfutex.cli.machine.jvm;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How a thread lets time pass while it looks for something again and again: it spins a little, then
 * yields, then parks for longer and longer. Used by one thread, once.
 */
final class Pause {
  /** About what it takes to hand a call to a thread that spins, and to execute it. */
  private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

  private static final int YIELDS = SPINS + 20;
  private static final long SHORTEST_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private int rounds;
  private long parkNanos = SHORTEST_NANOS;

  /** Whether it still spins: what is looked for may be there any moment. */
  boolean isSpinning() {
    return rounds < SPINS;
  }

  /** Whether it is done spinning and yielding. */
  boolean isOver() {
    return rounds >= YIELDS;
  }

  /** Lets some time pass, at most so many nanoseconds if it parks. */
  void pass(Object blocker, long mostNanos) {
    if (!isOver()) {
      passShort();
    } else {
      LockSupport.parkNanos(blocker, Math.min(parkNanos, mostNanos));
      parkNanos = Math.min(2 * parkNanos, LONGEST_NANOS);
    }
  }

  /** Lets a little time pass; to be called while it is not over. */
  @SuppressWarnings("ThreadPriorityCheck") // to yield saves time, and orders nothing
  void passShort() {
    if (isSpinning()) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
    rounds++;
  }
}
