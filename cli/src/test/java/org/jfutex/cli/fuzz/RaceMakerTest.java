package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Race;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RaceMakerTest {
  private static final int PROGRAMS = 1_000;
  private static final int THREADS = 5;

  /** Found by a run of ten minutes: moved between its mismatch and its leaving. */
  @ParameterizedTest
  @ValueSource(longs = {110_753, 0, 50_000})
  void nobodyMovesAfterAStoreWhoWaitsOnSeveralWords(long from) {
    for (long number = from; number < from + PROGRAMS; number++) {
      Scenario program = RaceMaker.make(2101, number, THREADS);
      List<String> names =
          program.steps().stream()
              .filter(Race.class::isInstance)
              .flatMap(race -> ((Race) race).steps().stream())
              .filter(Call.class::isInstance)
              .map(step -> ((Call) step).op().name())
              .toList();
      boolean isVector = names.contains("futex_waitv");
      boolean stores = names.contains("store") || names.contains("cas");
      boolean moves = names.stream().anyMatch(name -> name.contains("requeue"));
      assertThat(isVector && stores && moves).as("program %s: %s", number, names).isFalse();
    }
  }
}
