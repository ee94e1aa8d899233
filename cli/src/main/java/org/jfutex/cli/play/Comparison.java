package org.jfutex.cli.play;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jfutex.cli.play.Played.Ended;
import org.jfutex.cli.play.Played.Failure;
import org.jfutex.cli.play.Played.Outcome;

/**
 * Compares what a scenario gave on two machines: the result of every step, stated or not, whose
 * calls returned when, and in the end all words and threads.
 *
 * <p>Not compared is what neither promises: at which step a deadline passed, and which of several
 * threads returned where the scenario leaves that open ({@code returned}, {@code among}); of those
 * only the results count.
 */
public final class Comparison {
  private static final String SLEEPS = "sleeps";

  private final Set<String> open = new HashSet<>();
  private final Set<Difference> found = new LinkedHashSet<>();

  private Comparison(Scenario scenario) {
    addOpen(scenario.steps());
  }

  private void addOpen(List<Scenario.Step> steps) {
    for (Scenario.Step step : steps) {
      switch (step) {
        case Scenario.Returned returned -> open.addAll(returned.threads());
        case Scenario.Among among -> open.addAll(among.threads());
        case Scenario.Repeat repeat -> addOpen(repeat.steps());
        case Scenario.Race race -> open.addAll(race.threads());
        default -> {
          // leaves nothing open
        }
      }
    }
  }

  /**
   * Compares.
   *
   * @param scenario what was played
   * @param jvm what it gave on the Java engine
   * @param kernel what it gave on the kernel
   * @return every difference once, in the order of the steps
   */
  public static List<Difference> of(Scenario scenario, Played jvm, Played kernel) {
    Comparison comparison = new Comparison(scenario);
    comparison.compare(jvm, kernel);
    return List.copyOf(comparison.found);
  }

  private void compare(Played jvm, Played kernel) {
    int both = Math.min(jvm.outcomes().size(), kernel.outcomes().size());
    for (int i = 0; i < both; i++) {
      compare(jvm.outcomes().get(i), kernel.outcomes().get(i));
    }
    Failure left = jvm.failure();
    Failure right = kernel.failure();
    if (left == null && right == null) {
      compareEnds(jvm, kernel);
    } else if (left == null || right == null || !left.equals(right)) {
      compareFailures(jvm, kernel);
    }
  }

  private void compare(Outcome jvm, Outcome kernel) {
    String statement = jvm.step().toString();
    int line = jvm.step().line();
    boolean mayDiffer =
        (jvm.timed() || kernel.timed())
            && (jvm.got().raw().equals(SLEEPS) || kernel.got().raw().equals(SLEEPS));
    if (!jvm.got().matches(kernel.got()) && !mayDiffer) {
      found.add(new Difference(line, statement, jvm.got().raw(), kernel.got().raw()));
    }
    String left = returned(jvm.returned());
    String right = returned(kernel.returned());
    if (!left.equals(right)) {
      found.add(new Difference(line, statement + " lets return", left, right));
    }
  }

  /** Who returned with what, in a form that is equal where that is all that was promised. */
  private String returned(Map<String, Ended> threads) {
    Map<String, String> named = new TreeMap<>();
    Map<String, Integer> counted = new TreeMap<>();
    threads.forEach(
        (name, ended) -> {
          if (open.contains(name)) {
            counted.merge(ended.got(), 1, Integer::sum);
          } else if (!ended.timed()) {
            named.put(name, ended.got());
          }
        });
    String text =
        named.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    String counts =
        counted.entrySet().stream()
            .map(entry -> entry.getValue() + " with " + entry.getKey())
            .collect(Collectors.joining(", "));
    String both = text + (text.isEmpty() || counts.isEmpty() ? "" : ", ") + counts;
    return both.isEmpty() ? "nobody" : both;
  }

  private void compareEnds(Played jvm, Played kernel) {
    for (String word : new TreeSet<>(jvm.words().keySet())) {
      Played.Value left = jvm.words().get(word);
      Played.Value right = kernel.words().get(word);
      if (left != null && right != null && !left.matches(right)) {
        found.add(new Difference(0, "'" + word + "' in the end", left.raw(), right.raw()));
      }
    }
    String left = returned(untimed(jvm.threads()));
    String right = returned(untimed(kernel.threads()));
    if (!left.equals(right)) {
      found.add(new Difference(0, "the threads in the end", left, right));
    }
  }

  private static Map<String, Ended> untimed(Map<String, Ended> threads) {
    return threads.entrySet().stream()
        .filter(entry -> !entry.getValue().timed())
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private void compareFailures(Played jvm, Played kernel) {
    Failure first = first(jvm, kernel);
    found.add(
        new Difference(
            first.line(),
            first.statement().lines().findFirst().orElse(""),
            got(jvm, kernel),
            got(kernel, jvm)));
  }

  private static Failure first(Played jvm, Played kernel) {
    Failure left = jvm.failure();
    Failure right = kernel.failure();
    if (left == null || right == null) {
      return left == null ? Objects.requireNonNull(right) : left;
    }
    return jvm.outcomes().size() <= kernel.outcomes().size() ? left : right;
  }

  /** What one gave at the step where the first of the two failed. */
  private static String got(Played one, Played other) {
    Failure failure = one.failure();
    int at = Math.min(one.outcomes().size(), other.outcomes().size());
    if (at < one.outcomes().size()) {
      return one.outcomes().get(at).got().raw();
    }
    return failure == null ? "what it says" : failure.got();
  }
}
