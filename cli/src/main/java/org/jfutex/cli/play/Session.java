package org.jfutex.cli.play;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jfutex.cli.play.Played.Failure;
import org.jfutex.cli.play.Verdict.Judged;
import org.jfutex.cli.play.Verdict.Run;
import org.jfutex.cli.play.Verdict.State;
import org.jspecify.annotations.Nullable;

/** Plays scenarios on backends, each on a fresh machine, and judges what comes of them. */
final class Session {
  private static final String KERNEL = "kernel";

  private final List<Backend> backends;
  private final Duration limit;
  private final Duration grace;
  private final KnownDifferences known;
  private final BiConsumer<Backend, Played.Outcome> listener;

  /**
   * A session.
   *
   * @param backends what to play on
   * @param limit how long a scenario may take on each
   * @param known the differences that are right
   * @param listener told of every outcome
   */
  Session(
      List<Backend> backends,
      Duration limit,
      KnownDifferences known,
      BiConsumer<Backend, Played.Outcome> listener) {
    this(backends, limit, Watch.GRACE, known, listener);
  }

  /** With a given time for the player to say by itself that the limit has passed. */
  Session(
      List<Backend> backends,
      Duration limit,
      Duration grace,
      KnownDifferences known,
      BiConsumer<Backend, Played.Outcome> listener) {
    this.backends = List.copyOf(backends);
    this.limit = limit;
    this.grace = grace;
    this.known = known;
    this.listener = listener;
  }

  Verdict play(Path file, Scenario scenario) {
    List<Run> runs = new ArrayList<>();
    backends.forEach(backend -> runs.add(run(file, scenario, backend)));
    List<Judged> differences = compare(file, scenario, runs);
    List<String> outdated = new ArrayList<>();
    if (isCompared(runs)) {
      for (KnownDifferences.Entry entry : known.unseen(file)) {
        outdated.add(
            entry.listed() + ": '" + entry.scenario().getFileName() + "' no longer differs");
      }
    }
    return new Verdict(file.toString(), scenario.title(), runs, differences, outdated);
  }

  private Run run(Path file, Scenario scenario, Backend backend) {
    if (!Requirements.isFor(scenario, backend.name())) {
      return skipped(backend, "only for " + String.join(" ", scenario.only()));
    }
    Watch.Attempt attempt =
        Watch.play(scenario, backend, limit, grace, outcome -> listener.accept(backend, outcome));
    Played played = attempt.played();
    return played == null
        ? skipped(backend, String.valueOf(attempt.skipped()))
        : judged(file, backend, played);
  }

  private static Run skipped(Backend backend, String reason) {
    return new Run(backend.label(), State.SKIPPED, reason, null, null);
  }

  /** The kernel is right by definition: only the Java engine's failures can be known ones. */
  private Run judged(Path file, Backend backend, Played played) {
    Failure failure = played.failure();
    String reason =
        failure == null || backend.name().equals(KERNEL)
            ? null
            : known.reason(file, failure.line());
    State state = failure == null || reason != null ? State.PASSED : State.FAILED;
    return new Run(backend.label(), state, null, reason, played);
  }

  private List<Judged> compare(Path file, Scenario scenario, List<Run> runs) {
    Played kernel = played(runs, KERNEL);
    List<Judged> judged = new ArrayList<>();
    if (kernel == null) {
      return judged;
    }
    for (Run run : runs) {
      Played played = run.played();
      if (played != null && !run.backend().equals(KERNEL)) {
        for (Difference difference : Comparison.of(scenario, played, kernel)) {
          judged.add(new Judged(difference, run.backend(), known.reason(file, difference.line())));
        }
      }
    }
    return judged;
  }

  private static @Nullable Played played(List<Run> runs, String backend) {
    return runs.stream()
        .filter(run -> run.backend().equals(backend))
        .findFirst()
        .map(Run::played)
        .orElse(null);
  }

  /** Whether both sides were played, so that a difference could have been seen. */
  private static boolean isCompared(List<Run> runs) {
    return played(runs, KERNEL) != null
        && runs.stream().anyMatch(run -> !run.backend().equals(KERNEL) && run.played() != null);
  }
}
