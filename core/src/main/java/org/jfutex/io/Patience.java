package org.jfutex.io;

import org.jfutex.poll.Pollee;

/**
 * What a thread does before it sleeps at an end of a pipe: it gives the other end a moment, as to
 * sleep and to be woken takes longer than most answers.
 *
 * <p>A virtual thread lets others run once, as the other end may be next on its carrier. A platform
 * thread spins, if there is a processor for the other end: as long as that has been worth it.
 *
 * <p>The round trip of a byte between two threads on two busy processors took, in microseconds: 5
 * instead of 8 for virtual threads, 6 to 12 instead of 13 to 18 for platform threads. Spinning for
 * less than half as long was of no use.
 */
final class Patience {
  /** Pauses, of 25 to 35 ns each: as long as it takes to be woken. */
  private static final int MOST = Runtime.getRuntime().availableProcessors() == 1 ? 0 : 300;

  /** Who has given up tries again once in so many waits; a power of two. */
  private static final int RETRY = 64;

  private static final int LEAST = 8;

  // plain fields of many threads: whatever they hold, it is only a guess
  private int patience = MOST;
  private int waits;

  @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it but the time it takes
  void linger(Pollee end, int mask) {
    if (Thread.currentThread().isVirtual()) {
      Thread.yield();
    } else if (MOST != 0) {
      int limit = patience;
      if (limit < LEAST) {
        limit = (++waits & RETRY - 1) == 0 ? MOST : 0;
      }
      patience = spin(end, mask, limit) ? Math.min(MOST, 2 * limit) : limit / 2;
    }
  }

  private static boolean spin(Pollee end, int mask, int limit) {
    for (int i = 0; i < limit; i++) {
      if (end.poll(mask, null) != 0) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }
}
