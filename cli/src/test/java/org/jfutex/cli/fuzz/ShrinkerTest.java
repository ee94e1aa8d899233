package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.ScenarioParser;
import org.jfutex.cli.play.ScenarioSyntaxException;
import org.junit.jupiter.api.Test;

/** The shrinker with differences that depend on the text only, and the race as a statement. */
class ShrinkerTest {
  private static final String RACE =
      """
      word a u32 = 0 in mem at 0
      word b u32 = 7 in mem at 8
      t3: wait b 7 shared
      race
      t1: store a 1
      t1: wake a 2147483647
      t2: wait a 0 timeout=100s
      signal t3
      end
      main: wake b 1 shared
      """;

  private static Scenario parse(String text) {
    return ScenarioParser.parse("test", text);
  }

  private static String shrunk(String text, String... needed) {
    return Shrinker.shrink(
            candidate -> {
              for (String part : needed) {
                if (!candidate.toString().contains(part)) {
                  return null;
                }
              }
              return candidate;
            },
            parse(text),
            System.nanoTime() + TimeUnit.SECONDS.toNanos(20))
        .toString();
  }

  @Test
  void aRaceIsReadAndWrittenAlike() {
    Scenario scenario = parse(RACE);
    assertThat(scenario.toString()).isEqualTo(RACE);
    RaceProgram program = RaceProgram.of(scenario);
    assertThat(program).isNotNull();
    assertThat(program.side(0)).hasSize(2);
    assertThat(program.side(1)).hasSize(2);
    assertThat(program.threads()).containsExactly("main", "t1", "t2", "t3");
  }

  @Test
  void aRaceStatesNoResult() {
    assertThatThrownBy(() -> parse("word a\nrace\nt1: wake a 1 = 0\nend\n"))
        .isInstanceOf(ScenarioSyntaxException.class)
        .hasMessageContaining("calls without a result");
    assertThatThrownBy(() -> parse("word a\nrace\nt1: wake a 1\n"))
        .isInstanceOf(ScenarioSyntaxException.class)
        .hasMessageContaining("'end' for the 'race'");
    assertThatThrownBy(() -> parse("word a\nrace\nrepeat 2\nend\nend\n"))
        .isInstanceOf(ScenarioSyntaxException.class);
  }

  @Test
  void whatIsNotNeededGoes() {
    assertThat(shrunk(RACE, "store a", "wait a"))
        .isEqualTo(
            """
            word a u32 = 0 in mem at 0
            race
            t1: store a 0
            t2: wait a 0
            end
            """);
    assertThat(shrunk(RACE.replace("race\n", "").replace("end\n", ""), "wake a"))
        .isEqualTo(
            """
            word a u32 = 0 in mem at 0
            t1: wake a 0
            """);
  }

  @Test
  void elementsAndOptionsGo() {
    assertThat(
            shrunk(
                "word a\nword b\nt: futex_waitv a:3:u32 b:5:u32|private flags=1 clock=realtime\n",
                "futex_waitv",
                "b:"))
        .contains("t: futex_waitv b:0\n");
  }
}
