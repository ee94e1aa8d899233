package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.jfutex.cli.fuzz.RaceRig.Outcome;
import org.jfutex.cli.play.ScenarioParser;
import org.junit.jupiter.api.Test;

class RacesTest {
  /**
   * Found by a run of ten minutes: who waits on two words and is moved from one to the other stands
   * in its queue twice, and which place comes first is open if the words share a bucket.
   */
  @Test
  void byWhichOfItsWordsAMovedVectorWaitEndsIsOpen() {
    RaceProgram program =
        Objects.requireNonNull(
            RaceProgram.of(
                ScenarioParser.parse(
                    "test",
                    """
                    word a u32 = 0 in mem at 0
                    word b u32 = 0 in mem at 8
                    t3: futex_waitv a:0 b:0
                    race
                    t1: requeue a b wake=0 move=1
                    end
                    main: wake_bitset b 0
                    """)));
    assertThat(Races.counts(program, outcome(0)))
        .isEqualTo(Races.counts(program, outcome(1)))
        .isNotEqualTo(Races.counts(program, new Outcome(new long[16])));
  }

  /** That the requeue has moved one, and the vector wait has ended so. */
  private static Outcome outcome(long end) {
    long idle = RaceRig.IDLE;
    return new Outcome(
        new long[] {1, idle, idle, RaceRig.ASLEEP, 0, 0, 0, 0, 1, idle, idle, end, 0, 0, 0, 0});
  }
}
