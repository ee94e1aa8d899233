package org.jfutex.bench.frame;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * Measures contenders in turn. A round measures each once, and the next round begins with the next
 * one: what the machine does besides meets all of them alike, and the figures of one round can be
 * divided by each other.
 */
public final class Alternation {
  /** So many rounds are compared with so many before, to see whether the figures stand still. */
  private static final int WINDOW = 5;

  private static final double STILL = 0.05;

  /** On a machine that is so busy that time alone says nothing, this much is compiled. */
  private static final int LEAST_WARM_UP = 20;

  private final Rounds rounds;
  private final LongSupplier nanoTime;

  /**
   * Measures.
   *
   * @param rounds how long
   * @param nanoTime a clock, in nanoseconds
   */
  public Alternation(Rounds rounds, LongSupplier nanoTime) {
    this.rounds = rounds;
    this.nanoTime = nanoTime;
  }

  /**
   * Opens the contenders of a case and measures them.
   *
   * @param measured the case
   * @param bench what they may use
   * @param progress told the number of each round that counts, from 1, when it has ended
   * @return the figures
   */
  public Samples measure(Case measured, Workbench bench, IntConsumer progress) {
    List<Entry> entries = new ArrayList<>();
    for (Case.Opener opener : measured.openers()) {
      entries.add(open(opener, bench));
    }
    List<Entry> running = entries.stream().filter(entry -> entry.skipped.isEmpty()).toList();
    if (running.isEmpty()) {
      return samples(true, entries);
    }
    Case.Slice slice = measured.terms().slice();
    boolean isSettled = slice == Case.Slice.EVENT ? warmEvents(running) : warmUp(running, slice);
    for (Entry entry : running) {
      entry.values.clear();
      String _ = entry.contender.note();
      double _ = entry.contender.allocated();
    }
    Rounds counted = rounds.of(slice);
    for (int round = 0; round < counted.count(); round++) {
      playRound(running, round, counted.sliceNanos());
      progress.accept(round + 1);
    }
    return samples(isSettled, entries);
  }

  private static Samples samples(boolean isSettled, List<Entry> entries) {
    return new Samples(
        isSettled,
        entries.stream()
            .map(
                e ->
                    new Samples.Series(
                        e.values, e.skipped, e.contender.note(), e.contender.allocated()))
            .toList());
  }

  /** A contender, why it is skipped (or nothing), and its figures so far. */
  private record Entry(Contender contender, String skipped, List<Double> values) {}

  private static Entry open(Case.Opener opener, Workbench bench) {
    try {
      return new Entry(opener.open(bench), "", new ArrayList<>());
    } catch (SkippedException e) {
      Contender none =
          slice -> {
            throw new IllegalStateException("a skipped contender is not measured");
          };
      return new Entry(none, String.valueOf(e.getMessage()), List.of());
    }
  }

  /** What long slices are for does not show in the short ones here: only code is warmed then. */
  private boolean warmUp(List<Entry> running, Case.Slice slice) {
    long start = nanoTime.getAsLong();
    for (int round = 0; ; round++) {
      playRound(running, round, rounds.sliceNanos());
      if (round + 1 < LEAST_WARM_UP) {
        continue;
      }
      long passed = nanoTime.getAsLong() - start;
      if (passed >= rounds.warmUpNanos()
          && (slice == Case.Slice.LONG
              || running.stream().allMatch(entry -> standsStill(entry.values)))) {
        return true;
      }
      if (passed >= rounds.patienceNanos()) {
        return false;
      }
    }
  }

  /** Each for its own time, as an event of one may take a thousand times as long as another's. */
  private boolean warmEvents(List<Entry> running) {
    for (Entry entry : running) {
      long start = nanoTime.getAsLong();
      do {
        double _ = entry.contender.measure(rounds.sliceNanos());
      } while (nanoTime.getAsLong() - start < rounds.warmUpNanos());
    }
    return true;
  }

  /** Whether the figures do not move, or by no more than they differ from each other. */
  private static boolean standsStill(List<Double> values) {
    int size = values.size();
    if (size < 2 * WINDOW) {
      return false;
    }
    List<Double> latest = values.subList(size - 2 * WINDOW, size);
    double before = Statistics.median(latest.subList(0, WINDOW));
    double now = Statistics.median(latest.subList(WINDOW, 2 * WINDOW));
    double spread = Statistics.quantile(latest, 0.75) - Statistics.quantile(latest, 0.25);
    return Math.abs(now - before) <= Math.max(STILL * before, spread / 2);
  }

  private static void playRound(List<Entry> running, int round, long sliceNanos) {
    for (int i = 0; i < running.size(); i++) {
      Entry entry = running.get((round + i) % running.size());
      entry.values.add(entry.contender.measure(sliceNanos));
    }
  }
}
