package org.jfutex.cli.fuzz;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Step;

/** Counts what has been run. A call counts once, although both sides execute it. */
final class Tally {
  private final Map<String, Map<String, Long>> results = new TreeMap<>();
  private long programs;
  private long calls;
  private long overlapped;
  private long openEnds;
  private long races;

  /** Counts a program that ran step by step. */
  void add(Duel.Verdict verdict) {
    programs++;
    openEnds += verdict.openEnd() ? 1 : 0;
    long made = 0;
    Map<String, String> current = new HashMap<>();
    for (int i = 0; i < verdict.moments().size(); i++) {
      Step step = verdict.executed().get(i);
      Moment moment = verdict.moments().get(i);
      if (step instanceof Call call) {
        made += isSystemCall(call) ? 1 : 0;
        current.put(call.thread(), call.op().name());
        count(call.op().name(), moment.result());
      }
      moment.returned().forEach((thread, end) -> count(current.getOrDefault(thread, "?"), end));
    }
    calls += made;
    overlapped += verdict.overlapped() ? made : 0;
  }

  /** Counts a program with a race; what the rig repeats of it is no call. */
  void addRace(RaceProgram program) {
    programs++;
    races++;
    long made = 0;
    for (List<Step> steps : List.of(program.prefix(), program.race().steps(), program.suffix())) {
      made += steps.stream().filter(s -> s instanceof Call call && isSystemCall(call)).count();
    }
    calls += made;
    overlapped += made;
  }

  private static boolean isSystemCall(Call call) {
    return RaceMaker.role(call) != OpTable.Role.STORE;
  }

  private void count(String operation, long result) {
    if (result != Moment.NONE) {
      String kind = result > 0 ? "1.." : Moment.text(result);
      results.computeIfAbsent(operation, _ -> new TreeMap<>()).merge(kind, 1L, Long::sum);
    }
  }

  long programs() {
    return programs;
  }

  long calls() {
    return calls;
  }

  /** The share of calls in programs in which a thread called while another slept, or raced. */
  double overlapPercent() {
    return calls == 0 ? 0 : 100.0 * overlapped / calls;
  }

  /** The figures, for people. */
  String report(double seconds, long raced) {
    StringBuilder text = new StringBuilder();
    text.append("%d programs, %d of them races; ".formatted(programs, races))
        .append("%d calls, %.0f a second, ".formatted(calls, calls / seconds))
        .append("%.1f %% of them in programs where threads overlap%n".formatted(overlapPercent()))
        .append("%d races repeated on the engine; ".formatted(raced))
        .append("%d programs ended where the kernel leaves the order open%n".formatted(openEnds));
    text.append("results by operation (a call that sleeps counts again when it returns):\n");
    results.forEach(
        (operation, kinds) -> {
          text.append("  ").append(operation).append(':');
          kinds.forEach((kind, count) -> text.append("  ").append(kind).append(' ').append(count));
          text.append('\n');
        });
    return text.toString();
  }

  /** The program as it is counted in the progress line. */
  String progress(double seconds) {
    return "%d programs, %d calls, %.0f a second, %.0f %% overlapping"
        .formatted(programs, calls, calls / Math.max(seconds, 0.001), overlapPercent());
  }

  static int steps(Scenario program) {
    int steps = 0;
    for (Step step : program.steps()) {
      steps += step instanceof Scenario.Race race ? race.steps().size() : 1;
    }
    return steps;
  }
}
