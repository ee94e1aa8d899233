package org.jfutex.bench.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who is measured when, with contenders that only note it. */
class AlternationTest {
  private static final long SLICE = 7;

  private final AtomicLong clock = new AtomicLong();
  private final List<String> turns = new ArrayList<>();

  private Case.Opener noting(String name, double... values) {
    int[] next = {0};
    return bench ->
        slice -> {
          assertThat(slice).isEqualTo(SLICE);
          clock.addAndGet(slice);
          turns.add(name);
          return values[next[0]++ % values.length];
        };
  }

  private Samples measure(Rounds rounds, Case measured, List<Integer> progress) {
    try (Workbench bench = new Workbench(CLibrary.missing("not here"))) {
      return new Alternation(rounds, clock::get).measure(measured, bench, progress::add);
    }
  }

  private static Rounds rounds(long warmUp, long patience) {
    return new Rounds(5, SLICE, warmUp, patience);
  }

  @Test
  void everyRoundMeasuresEachOnceAndBeginsWithTheNext() {
    Case three =
        Case.nanos("case", "a", noting("a", 1))
            .against("b", Target.none(), noting("b", 2))
            .against("c", Target.none(), noting("c", 3));
    List<Integer> progress = new ArrayList<>();
    Samples samples = measure(rounds(0, SLICE * 1000), three, progress);
    int counted = 15;
    int warmUp = turns.size() - counted;
    assertThat(turns.subList(warmUp, turns.size()))
        .containsExactly("a", "b", "c", "b", "c", "a", "c", "a", "b", "a", "b", "c", "b", "c", "a");
    assertThat(progress).containsExactly(1, 2, 3, 4, 5);
    assertThat(samples.contenders())
        .extracting(Samples.Series::values)
        .containsExactly(
            List.of(1.0, 1.0, 1.0, 1.0, 1.0),
            List.of(2.0, 2.0, 2.0, 2.0, 2.0),
            List.of(3.0, 3.0, 3.0, 3.0, 3.0));
  }

  @Test
  void theWarmUpEndsWhenTheFiguresStandStill() {
    double[] falling = new double[64];
    Arrays.setAll(falling, i -> Math.max(100 - 5 * i, 10));
    Case one = Case.nanos("case", "a", noting("a", falling));
    Samples samples = measure(rounds(0, SLICE * 1000), one, new ArrayList<>());
    assertThat(samples.isSettled()).isTrue();
    // 10 in the 19th round first; three of the five before the last five must be 10, too
    assertThat(turns).hasSize(26 + 5);
    assertThat(samples.contenders().getFirst().values()).doesNotContain(100.0);
  }

  @Test
  void theWarmUpLastsAtLeastItsTimeAndAtMostThePatience() {
    Case still = Case.nanos("case", "a", noting("a", 1));
    assertThat(measure(rounds(SLICE * 40, SLICE * 50), still, new ArrayList<>()).isSettled())
        .isTrue();
    assertThat(turns).hasSize(40 + 5);
    turns.clear();
    Case rising = Case.nanos("case", "a", noting("a", doubling(64)));
    assertThat(measure(rounds(0, SLICE * 50), rising, new ArrayList<>()).isSettled()).isFalse();
    assertThat(turns).hasSize(50 + 5);
    turns.clear();
    assertThat(measure(rounds(0, 0), still, new ArrayList<>()).isSettled()).isTrue();
    assertThat(turns).as("however short the time").hasSize(20 + 5);
  }

  private static double[] doubling(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = Math.scalb(1.0, i);
    }
    return values;
  }

  @Test
  void figuresThatDifferMoreThanTheyMoveStandStill() {
    double[] noisy = new double[64];
    // each median of five is a tenth above that of the five before, and they differ by up to 3x
    Arrays.setAll(noisy, i -> (0.5 + 0.25 * (i % 5)) * Math.pow(1.02, i));
    Case one = Case.nanos("case", "a", noting("a", noisy));
    assertThat(measure(rounds(0, SLICE * 40), one, new ArrayList<>()).isSettled()).isTrue();
    assertThat(turns.size()).isLessThan(40);
  }

  @Test
  void aCaseOfLongSlicesWarmsUpInShortOnesAndNotesOnlyWhatCounts() {
    List<Long> slices = new ArrayList<>();
    Contender noting =
        new Contender() {
          private int noted;

          @Override
          public double measure(long sliceNanos) {
            clock.addAndGet(sliceNanos);
            slices.add(sliceNanos);
            return Math.scalb(1.0, slices.size()); // never still
          }

          @Override
          public String note() {
            int since = slices.size() - noted;
            noted = slices.size();
            return since + " slices";
          }
        };
    Case one = Case.nanos("case", "a", _ -> noting).inLongSlices();
    Rounds rounds = new Rounds(8, SLICE, 0, SLICE * 30);
    List<Integer> progress = new ArrayList<>();
    Samples samples = measure(rounds, one, progress);
    assertThat(samples.isSettled()).as("nothing to wait for").isTrue();
    assertThat(slices.subList(0, 20)).containsOnly(SLICE);
    assertThat(slices.subList(20, slices.size())).containsExactly(56L, 56L, 56L, 56L, 56L);
    assertThat(progress).hasSize(rounds.of(Case.Slice.LONG).count());
    assertThat(samples.contenders().getFirst().note()).isEqualTo("5 slices");
  }

  @Test
  void anEventIsWarmedForItsOwnTimeAndMayOutlastARound() {
    Case two =
        Case.nanos("case", "quick", lasting("quick", SLICE))
            .against("slow", Target.none(), lasting("slow", SLICE * 100))
            .inEvents(1);
    Samples samples = measure(rounds(SLICE * 10, SLICE * 20), two, new ArrayList<>());
    assertThat(samples.isSettled()).isTrue();
    assertThat(turns).hasSize(10 + 1 + 5 + 5);
    assertThat(turns.subList(0, 10)).containsOnly("quick");
    assertThat(turns.subList(10, 14)).containsExactly("slow", "quick", "slow", "slow");
  }

  private Case.Opener lasting(String name, long nanos) {
    return _ ->
        _ -> {
          clock.addAndGet(nanos);
          turns.add(name);
          return nanos;
        };
  }

  @Test
  void aLoopTellsWhatItsOperationsAllocate() {
    Object[] kept = new Object[1];
    Loop making =
        new Loop(
            "making",
            operations -> {
              for (int i = 0; i < operations; i++) {
                kept[0] = new long[32];
              }
              return operations;
            });
    double _ = making.measure(1_000_000);
    assertThat(making.allocated()).isBetween(32 * 8.0, 40 * 8.0);
    Loop none = new Loop("none", operations -> operations);
    double _ = none.measure(1_000_000);
    assertThat(none.allocated()).isLessThan(1);
  }

  @Test
  void whoCannotBeMeasuredIsSkippedAndTheOthersAreNot() {
    Case two =
        Case.nanos("case", "a", noting("a", 1))
            .against("C", Target.none(), bench -> bench.c("wake", Workbench.Memory.PRIVATE))
            .against("b", Target.none(), noting("b", 2));
    Samples samples = measure(rounds(0, SLICE * 1000), two, new ArrayList<>());
    assertThat(samples.contenders())
        .extracting(Samples.Series::skipped)
        .containsExactly("", "not here", "");
    assertThat(samples.contenders().get(1).values()).isEmpty();
    assertThat(samples.contenders().get(2).values()).hasSize(5);
  }

  @Test
  void nobodyToMeasureIsNoWork() {
    Case none =
        Case.nanos("case", "C", bench -> bench.c("wake", Workbench.Memory.PRIVATE))
            .against("C", Target.none(), bench -> bench.c("wake", Workbench.Memory.PRIVATE));
    assertThat(measure(Rounds.FULL, none, new ArrayList<>()).contenders())
        .extracting(Samples.Series::skipped)
        .containsExactly("not here", "not here");
  }

  @Test
  void aLoopCountsWhatItsBodyDidAndRefusesWrongResults() {
    AtomicLong done = new AtomicLong();
    Loop right = new Loop("right", operations -> done.addAndGet(operations) > 0 ? operations : 0);
    assertThat(right.measure(1_000_000)).isPositive();
    long first = done.get();
    assertThat(first).isPositive();
    right.measure(100_000_000);
    assertThat(done.get() - first).as("the first guess is a careful one").isGreaterThan(first);
    Loop wrong = new Loop("wake", operations -> operations - 1);
    assertThatThrownBy(() -> wrong.measure(102_400_000)) // of 100 µs each, it guesses
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("wake: 1023 of 1024 operations gave the right result");
    assertThatThrownBy(() -> wrong.measure(1))
        .as("a batch is no longer than the slice")
        .hasMessage("wake: 0 of 1 operations gave the right result");
  }
}
