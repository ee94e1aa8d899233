package org.jfutex.bench.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From figures to a verdict. */
class VerdictsTest {
  private static final Case.Opener NONE =
      bench -> {
        throw new AssertionError("not opened here");
      };

  @Test
  void quantilesLieBetweenTheNearestValues() {
    List<Double> values = List.of(40.0, 10.0, 30.0, 20.0);
    assertThat(Statistics.median(values)).isEqualTo(25);
    assertThat(Statistics.quantile(values, 0)).isEqualTo(10);
    assertThat(Statistics.quantile(values, 0.25)).isEqualTo(17.5);
    assertThat(Statistics.quantile(values, 1)).isEqualTo(40);
    assertThat(Statistics.median(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
    assertThat(Statistics.median(List.of(7.0))).isEqualTo(7);
    assertThatThrownBy(() -> Statistics.median(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0.90, 1.00, 1.20, HELD",
    "1.00, 1.10, 1.20, HELD",
    "1.10, 1.11, 1.20, NOISE",
    "1.11, 1.12, 1.20, MISSED",
  })
  void atMostIsHeldByTheMedianAndReachedByTheLowerQuartile(
      double lower, double median, double upper, Verdict verdict) {
    assertThat(Target.atMost(1.10).verdict(lower, median, upper)).isEqualTo(verdict);
    assertThat(Target.none().verdict(lower, median, upper)).isEqualTo(Verdict.PRINTED);
  }

  @ParameterizedTest
  @CsvSource({"90, 100, 110, HELD", "80, 99, 100, NOISE", "80, 90, 99, MISSED"})
  void timesFasterIsHeldByTheMedianAndReachedByTheUpperQuartile(
      double lower, double median, double upper, Verdict verdict) {
    assertThat(Target.timesFaster(100).verdict(lower, median, upper)).isEqualTo(verdict);
    assertThat(Target.atLeast(100).verdict(lower, median, upper)).isEqualTo(verdict);
  }

  @Test
  void ratiosAreThoseOfEachRound() {
    List<Double> ours = List.of(1.0, 2.0, 40.0);
    List<Double> peer = List.of(2.0, 8.0, 80.0);
    assertThat(Target.atMost(1).ratios(ours, peer)).containsExactly(0.5, 0.25, 0.5);
    assertThat(Target.none().ratios(ours, peer)).containsExactly(0.5, 0.25, 0.5);
    assertThat(Target.timesFaster(1).ratios(ours, peer)).containsExactly(2.0, 4.0, 2.0);
    assertThat(Target.atLeast(1).ratios(ours, peer)).containsExactly(0.5, 0.25, 0.5);
    assertThatThrownBy(() -> Target.none().ratios(ours, List.of(1.0)))
        .hasMessageContaining("3 rounds of ours and 1 of the peer");
  }

  @Test
  void theRatioOfARowIsTheMedianOfTheRatiosNotTheRatioOfTheMedians() {
    Case measured = Case.nanos("case", "ours", NONE).against("peer", Target.atMost(0.6), NONE);
    Samples samples = samples(List.of(1.0, 10.0, 100.0), List.of(2.0, 5.0, 200.0));
    Row row = Row.of("area", measured, samples).getFirst();
    assertThat(row.ratio()).isEqualTo(0.5);
    assertThat(row.ours() / row.peers()).isEqualTo(2);
    assertThat(row.lower()).isEqualTo(0.5);
    assertThat(row.upper()).isEqualTo(1.25);
    assertThat(row.verdict()).isEqualTo(Verdict.HELD);
    assertThat(row.note()).isEqualTo("the warm-up did not settle");
  }

  @Test
  void aRowSaysWhatItsContendersSay() {
    Case measured = Case.nanos("case", "ours", NONE).against("peer", Target.none(), NONE);
    Samples.Series ours = new Samples.Series(List.of(1.0), "", "even");
    Samples.Series peer = new Samples.Series(List.of(1.0), "", "odd");
    assertThat(Row.of("area", measured, new Samples(true, List.of(ours, peer))).getFirst().note())
        .isEqualTo("ours even; peer odd");
    Samples.Series silent = new Samples.Series(List.of(1.0), "");
    Samples unsettled = new Samples(false, List.of(silent, peer));
    assertThat(Row.of("area", measured, unsettled).getFirst().note())
        .isEqualTo("the warm-up did not settle; peer odd");
  }

  @Test
  void whoMayNotAllocateMissesItsTargetIfItDoes() {
    Case free =
        Case.nanos("case", "ours", NONE)
            .withoutAllocation()
            .against("slow", Target.timesFaster(2), NONE);
    Samples.Series peer = new Samples.Series(List.of(9.0), "", "", 64);
    Samples.Series making = new Samples.Series(List.of(1.0), "", "", 24);
    Row row = Row.of("area", free, new Samples(true, List.of(making, peer))).getFirst();
    assertThat(row.verdict()).isEqualTo(Verdict.MISSED);
    assertThat(row.note()).isEqualTo("ours makes 24.0 bytes");
    Samples.Series little = new Samples.Series(List.of(1.0), "", "", 0.4);
    row = Row.of("area", free, new Samples(true, List.of(little, peer))).getFirst();
    assertThat(row.verdict()).as("something else now and then").isEqualTo(Verdict.HELD);
    assertThat(row.allocated()).isEqualTo(0.4);
    Case shown = Case.nanos("case", "ours", NONE).against("slow", Target.timesFaster(2), NONE);
    row = Row.of("area", shown, new Samples(true, List.of(making, peer))).getFirst();
    assertThat(row.verdict()).isEqualTo(Verdict.HELD);
  }

  private static Samples samples(List<Double> ours, List<Double> peer) {
    return new Samples(false, List.of(new Samples.Series(ours, ""), new Samples.Series(peer, "")));
  }

  @Test
  void aRowWithoutOneSideIsSkippedWithTheReason() {
    Case measured =
        Case.nanos("case", "ours", NONE)
            .against("there", Target.none(), NONE)
            .against("missing", Target.atMost(1), NONE);
    Samples.Series figures = new Samples.Series(List.of(3.0), "");
    Samples.Series none = new Samples.Series(List.of(), "no compiler");
    List<Row> rows = Row.of("area", measured, new Samples(true, List.of(figures, figures, none)));
    assertThat(rows).extracting(Row::verdict).containsExactly(Verdict.PRINTED, Verdict.SKIPPED);
    assertThat(rows.get(1).note()).isEqualTo("no compiler");
    assertThat(rows.get(1).ours()).isEqualTo(3);
    assertThat(rows.get(1).ratio()).isNaN();
    rows = Row.of("area", measured, new Samples(true, List.of(none, figures, figures)));
    assertThat(rows).extracting(Row::verdict).containsOnly(Verdict.SKIPPED);
  }

  @Test
  void numbersAndTargetsAreWrittenWithTheirDirection() {
    assertThat(List.of(1.0426, 21.34, 271.4).stream().map(Numbers::text))
        .containsExactly("1.043", "21.3", "271");
    assertThat(List.of(0.0, 0.000304, 0.006675, 0.0473).stream().map(Numbers::text))
        .as("small ones say something, too")
        .containsExactly("0.000", "0.00030", "0.0067", "0.047");
    assertThat(Target.atMost(1.1)).hasToString("<= 1.10");
    assertThat(Target.timesFaster(100)).hasToString(">= 100x");
    assertThat(Target.timesFaster(1.25)).hasToString(">= 1.25x");
    assertThat(Target.timesFaster(100).text(112.3)).isEqualTo("112x");
    assertThat(Target.atLeast(0.3)).hasToString(">= 0.30");
    assertThat(Target.none()).hasToString("");
    assertThat(Target.atMost(0.5).times(0.25)).isEqualTo(4);
    assertThat(Target.timesFaster(100).times(112)).isEqualTo(112);
    assertThat(Target.atMost(0.5).timesBound()).hasValue(2);
    assertThat(Target.atLeast(0.3).timesBound()).hasValue(0.3);
    assertThat(Target.none().timesBound()).isEmpty();
  }
}
