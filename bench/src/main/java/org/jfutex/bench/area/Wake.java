package org.jfutex.bench.area;

import java.util.List;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;

/** The shape of {@code perf bench futex wake}: waiters of one word, woken one at a time. */
final class Wake implements Area {
  @Override
  public String name() {
    return "wake";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Wakes.shape(
            "wake 100 one by one",
            (futex, word, _) -> Wakes.wakeEach(futex, word),
            "perf bench futex wake",
            _ -> Perf.perWaiter(Perf.Shape.WAKE, Wakes.WAITERS, Wakes.WAITERS)));
  }
}
