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
  private static final int MOST_UNLOCKS = 10;

  private final Shape shape;
  private final Deque<Op> wakes = new ArrayDeque<>();
  private final Deque<String> signals;
  private final boolean owners;
  private final SplittableRandom random;
  private int unlocks;
  private @Nullable Op last;

  Drain(SplittableRandom random, Shape shape) {
    this.shape = shape;
    this.random = random;
    this.owners = shape.ownsLocks();
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
    boolean anySleeps = shape.threads().stream().anyMatch(view::isBusy);
    if (!anySleeps) {
      return null;
    }
    Step release = owners ? release(view) : null;
    if (release != null) {
      return release;
    }
    if (last == null || view.lastResult() <= 0) {
      last = wakes.poll();
    }
    if (last != null) {
      return Generator.call(Shape.MAIN, last);
    }
    if (owners) {
      return null; // a signal ends no wait for a lock
    }
    String thread = signals.poll();
    while (thread != null && view.isIdle(thread)) {
      thread = signals.poll();
    }
    return thread == null ? null : new Scenario.Signal(0, thread, false);
  }

  /** Has the owners give up what they own, and moves who waits to be moved there. */
  private @Nullable Step release(View view) {
    if (unlocks == MOST_UNLOCKS) {
      return null;
    }
    unlocks++;
    for (int i = 0; i < shape.words().size(); i++) {
      // another word each time, as one that cannot be unlocked stays as it is
      String word = shape.words().get((unlocks + i) % shape.words().size()).name();
      String owner = LockTable.owner(view, word);
      if (view.isIdle(owner) && shape.threads().contains(owner)) {
        return random.nextInt(4) == 0
            ? new Scenario.Act(0, Scenario.Act.Verb.EXIT, owner)
            : Generator.call(owner, new Op("unlock_pi", Draw.words(List.of(word), scope())));
      }
    }
    String from = shape.words().getLast().name();
    String to = shape.words().getFirst().name();
    if (from.equals(to) || unlocks % 2 == 0) {
      return null;
    }
    List<String> words =
        List.of(from, to, "wake=1", "move=" + random.nextInt(3), "val=" + value(view, from));
    return Generator.call(Shape.MAIN, new Op("cmp_requeue_pi", Draw.words(words, scope())));
  }

  private static String value(View view, String word) {
    return view.named(view.value(word)).toString();
  }

  private List<String> scope() {
    return random.nextInt(100) < shape.shared() ? List.of("shared") : List.of();
  }
}
