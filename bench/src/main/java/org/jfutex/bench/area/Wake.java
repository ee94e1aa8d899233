package org.jfutex.bench.area;

import java.util.List;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Target;

/** The shape of {@code perf bench futex wake}: waiters of one word, woken one at a time. */
final class Wake implements Area {
  @Override
  public String name() {
    return "wake";
  }

  @Override
  public List<Case> cases() {
    return Wakes.cases("wake 1k one by one, ", (futex, word, _) -> Wakes.wakeEach(futex, word))
        .stream()
        .map(
            each ->
                each.against(
                    "perf bench futex wake",
                    Target.none(),
                    _ -> Perf.perWaiter(Perf.Shape.WAKE, Wakes.WAITERS, Wakes.WAITERS)))
        .toList();
  }
}
