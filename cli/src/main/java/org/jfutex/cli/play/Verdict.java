package org.jfutex.cli.play;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of one scenario on all backends it was to be played on.
 *
 * @param file the scenario's file
 * @param title its title
 * @param runs one for each backend
 * @param differences between the kernel and the Java engine
 * @param outdated listed differences that were not seen, for people
 */
record Verdict(
    String file, String title, List<Run> runs, List<Judged> differences, List<String> outdated) {
  Verdict {
    runs = List.copyOf(runs);
    differences = List.copyOf(differences);
    outdated = List.copyOf(outdated);
  }

  /** How a run ended. */
  enum State {
    PASSED,
    FAILED,
    SKIPPED
  }

  /**
   * A scenario on one backend.
   *
   * @param backend its label
   * @param state how it ended
   * @param skipped why it was not played; null if it was
   * @param known why its failure is right; null if it is not listed
   * @param played what came of it; null if it was skipped
   */
  record Run(
      String backend,
      State state,
      @Nullable String skipped,
      @Nullable String known,
      @Nullable Played played) {}

  /**
   * A difference and whether it is right.
   *
   * @param difference the difference
   * @param backend the label of the Java engine's side
   * @param known why it is right; null if it is not listed
   */
  record Judged(Difference difference, String backend, @Nullable String known) {}

  /** How many runs ended in a way. */
  long count(State state) {
    return runs.stream().filter(run -> run.state() == state).count();
  }

  /**
   * Failures beside those of runs: differences where both runs passed, counted once for each
   * backend, and outdated entries.
   */
  long furtherFailures() {
    long differing =
        differences.stream()
            .filter(judged -> judged.known() == null && !failed(judged.backend()))
            .map(Judged::backend)
            .distinct()
            .count();
    return differing + outdated.size();
  }

  private boolean failed(String backend) {
    return runs.stream()
        .filter(run -> run.backend().equals(backend) || run.backend().equals("kernel"))
        .anyMatch(run -> run.state() == State.FAILED);
  }
}
