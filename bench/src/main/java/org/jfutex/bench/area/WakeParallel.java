package org.jfutex.bench.area;

import java.util.List;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;

/**
 * The shape of {@code perf bench futex wake-parallel}: waiters of one word, and two threads that
 * wake half of them each at the same time.
 */
final class WakeParallel implements Area {
  private static final int WAKERS = 2;

  @Override
  public String name() {
    return "wake-parallel";
  }

  @Override
  public List<Case> cases() {
    int share = Wakes.WAITERS / WAKERS;
    return List.of(
        Wakes.shape(
            "wake 2 x 50 at once",
            // each waker has its share
            (futex, word, _) -> WAKERS * Wakes.wakeTogether(futex, word, WAKERS),
            "perf bench wake-parallel",
            _ -> Perf.perWaiter(Perf.Shape.WAKE_PARALLEL, Wakes.WAITERS, share)));
  }
}
