package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.ScenarioParser;
import org.junit.jupiter.api.Test;

/** What is written of a difference. */
class FoundTest {
  private static final Scenario PROGRAM =
      ScenarioParser.parse("test", "word a\nt: wait a 0\nmain: wake a 1\n");

  private static Moment moment(long result, String... asleep) {
    return new Moment(result, new TreeMap<>(), new TreeSet<>(List.of(asleep)), List.of(0, 0));
  }

  private static String stated(Moment... moments) {
    Duel.Verdict verdict =
        new Duel.Verdict(
            PROGRAM.steps(), List.of(moments), "engine: hangs", false, List.of(Num.of(0)), true);
    return Found.stated(PROGRAM, verdict).toString();
  }

  @Test
  void stepsStateWhatTheKernelAnswered() {
    assertThat(stated(moment(Moment.SLEEPS, "t"), moment(0, "t")))
        .endsWith("t: wait a 0 blocks\nmain: wake a 1 = ok\nt sleeps\ncheck a = 0\n");
  }

  /** It is what the scenario is written for. */
  @Test
  void theStepThatAMachineHangsInIsThereToo() {
    assertThat(stated(moment(Moment.SLEEPS, "t")))
        .endsWith("t: wait a 0 blocks\nt sleeps\ncheck a = 0\nmain: wake a 1\n");
  }
}
