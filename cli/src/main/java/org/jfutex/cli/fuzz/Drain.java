package org.jfutex.cli.fuzz;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jspecify.annotations.Nullable;

/**
 * The end of a program: empties the queues one waiter at a time, which shows their order, and ends
 * by signals the calls that no wake on a word can reach.
 */
final class Drain {
  private final Shape shape;
  private final Deque<Op> wakes = new ArrayDeque<>();
  private final Deque<String> signals;
  private @Nullable Op last;

  Drain(SplittableRandom random, Shape shape) {
    this.shape = shape;
    this.signals = new ArrayDeque<>(shape.threads());
    String mask = random.nextInt(3) == 0 ? "mask=1" : "mask=0xffffffff";
    for (WordDecl word : shape.words()) {
      if (shape.shared() < 100) {
        wakes.add(new Op("wake_bitset", List.of(word.name(), "1", mask)));
      }
      if (shape.shared() > 0) {
        wakes.add(new Op("wake_bitset", List.of(word.name(), "1", mask, "shared")));
      }
    }
  }

  @Nullable Step next(View view) {
    boolean anySleeps = shape.threads().stream().anyMatch(thread -> !view.isIdle(thread));
    if (!anySleeps) {
      return null;
    }
    if (last == null || view.lastResult() <= 0) {
      last = wakes.poll();
    }
    if (last != null) {
      return Generator.call(Shape.MAIN, last);
    }
    String thread = signals.poll();
    while (thread != null && view.isIdle(thread)) {
      thread = signals.poll();
    }
    return thread == null ? null : new Scenario.Signal(0, thread, false);
  }
}
