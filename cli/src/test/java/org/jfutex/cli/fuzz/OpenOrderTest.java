package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.ScenarioParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenOrderTest {
  /**
   * Who is first where a waiter was moved behind another is open, however the words are written.
   */
  @ParameterizedTest
  @CsvSource({
    "a, b, true",
    "a, a+8, true",
    "a, other+8, true",
    "sh, alias_b, true",
    "sh+0, sh+8, true",
    "a, c, false",
    "a, a+16, false",
    "a, a, false"
  })
  void aMoveOntoAWordWithWaitersLeavesTheOrderOpen(String from, String to, boolean open) {
    Scenario program =
        ScenarioParser.parse(
            "test",
            """
            region sh shared size=4096
            alias other of sh
            word a u32 = 0 in sh at 0
            word b u32 = 0 in sh at 8
            word c u32 = 0 in sh at 16
            word alias_b u32 = 0 in other at 8
            t2: wait a 0 shared
            t1: wait b 0 shared
            main: requeue %s %s wake=0 move=1 shared
            """
                .formatted(from, to));
    OpenOrder order = new OpenOrder(program);
    List<Step> steps = program.steps();
    order.note(steps.get(0), moment(Moment.SLEEPS, Map.of(), Set.of("t2")));
    order.note(steps.get(1), moment(Moment.SLEEPS, Map.of(), Set.of("t1", "t2")));
    order.note(steps.get(2), moment(1, Map.of(), Set.of("t1", "t2")));
    Moment one = moment(1, Map.of("t1", 0L), Set.of("t2"));
    Moment other = moment(1, Map.of("t2", 0L), Set.of("t1"));
    assertThat(order.leavesOpen(steps.get(2), one, other)).isEqualTo(open);
    assertThat(order.leavesOpen(steps.get(2), one, moment(2, Map.of("t2", 0L), Set.of("t1"))))
        .isFalse();
  }

  /**
   * Found by a run of ten minutes: which of two moved on is open, one of them stands in the queue
   * twice, and so whether anybody is found where it was moved to.
   */
  @Test
  void whoWaitsOnSeveralWordsMayBeMovedInPlaceOfAnother() {
    Scenario program =
        ScenarioParser.parse(
            "test",
            """
            word a u32 = 0 in mem at 0
            word b u32 = 0 in mem at 8
            t1: futex_waitv b:0 a:0
            t3: wait b 0
            main: requeue a b wake=0 move=1
            main: wake a 1
            """);
    OpenOrder order = new OpenOrder(program);
    List<Step> steps = program.steps();
    order.note(steps.get(0), moment(Moment.SLEEPS, Map.of(), Set.of("t1")));
    order.note(steps.get(1), moment(Moment.SLEEPS, Map.of(), Set.of("t1", "t3")));
    Moment one = moment(0, Map.of(), Set.of("t3"));
    Moment other = moment(1, Map.of("t3", 0L), Set.of());
    assertThat(order.leavesOpen(steps.get(3), one, other)).isFalse();
    order.note(steps.get(2), moment(1, Map.of(), Set.of("t1", "t3")));
    assertThat(order.leavesOpen(steps.get(3), one, other)).isTrue();
  }

  /** Found by another one: who is moved on is hidden until one of them has gone. */
  @Test
  void aSecondMoveLeavesOpenHowManyAreFound() {
    Scenario program =
        ScenarioParser.parse(
            "test",
            """
            word a u32 = 0 in mem at 0
            word b u32 = 0 in mem at 8
            t2: wait a 0
            t1: wait b 0
            main: requeue a b wake=0 move=1
            main: requeue b a wake=0 move=1
            main: wake a 1
            """);
    OpenOrder order = new OpenOrder(program);
    List<Step> steps = program.steps();
    order.note(steps.get(0), moment(Moment.SLEEPS, Map.of(), Set.of("t2")));
    order.note(steps.get(1), moment(Moment.SLEEPS, Map.of(), Set.of("t1", "t2")));
    order.note(steps.get(2), moment(1, Map.of(), Set.of("t1", "t2")));
    Moment one = moment(0, Map.of(), Set.of("t1"));
    Moment other = moment(1, Map.of("t1", 0L), Set.of());
    assertThat(order.leavesOpen(steps.get(4), one, other)).isFalse();
    order.note(steps.get(3), moment(1, Map.of(), Set.of("t1", "t2")));
    assertThat(order.leavesOpen(steps.get(4), one, other)).isTrue();
  }

  private static Moment moment(long result, Map<String, Long> returned, Set<String> asleep) {
    return new Moment(result, new TreeMap<>(returned), new TreeSet<>(asleep), List.of());
  }
}
