package org.jfutex.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Rounds;

/** How long a run still takes: what its cases should take, by what those before have taken. */
final class Schedule {
  private static final double SECOND = 1e9;
  private static final int MINUTE = 60;

  private final Rounds rounds;
  private final LongSupplier nanoTime;
  private final long start;
  private final Deque<Case> left = new ArrayDeque<>();
  private double expectedDone;
  private double expectedLeft;

  Schedule(List<Area> areas, Rounds rounds, LongSupplier nanoTime) {
    this.rounds = rounds;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
    areas.forEach(area -> left.addAll(area.cases()));
    this.expectedLeft = left.stream().mapToDouble(rounds::seconds).sum();
  }

  /** The next case has ended. */
  void done() {
    double seconds = rounds.seconds(left.removeFirst());
    expectedLeft -= seconds;
    expectedDone += seconds;
  }

  /** As in {@code about 3 min left}, when so much of the rounds of the next case is over. */
  String left(double part) {
    Case next = left.peekFirst();
    double begun = next == null ? 0 : part * rounds.seconds(next);
    double passed = (nanoTime.getAsLong() - start) / SECOND;
    double done = expectedDone + begun;
    double seconds = (expectedLeft - begun) * (done > 0 ? passed / done : 1);
    return seconds < MINUTE
        ? "about %.0f s left".formatted(Math.max(0, seconds))
        : "about %.0f min left".formatted(seconds / MINUTE);
  }
}
