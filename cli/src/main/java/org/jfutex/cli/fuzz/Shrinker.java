package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.OpParser;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Race;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jfutex.cli.play.ScenarioSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Makes a program that shows a difference smaller, as long as it still shows one: fewer steps,
 * threads, words, options and elements, and smaller numbers.
 */
final class Shrinker {
  /** Runs a candidate. */
  interface Trial {
    /**
     * The candidate without what could not be run of it, null if it shows no difference.
     *
     * @throws ScenarioSyntaxException if it makes no sense
     */
    @Nullable Scenario failing(Scenario candidate);
  }

  private final Trial trial;
  private final long untilNanos;
  private final Set<String> tried = new HashSet<>();
  private Scenario best;

  private Shrinker(Trial trial, Scenario program, long untilNanos) {
    this.trial = trial;
    this.best = program;
    this.untilNanos = untilNanos;
  }

  /**
   * The smallest program found.
   *
   * @param untilNanos when to stop, of {@link System#nanoTime}
   */
  static Scenario shrink(Trial trial, Scenario program, long untilNanos) {
    Shrinker shrinker = new Shrinker(trial, program, untilNanos);
    int before;
    do {
      before = shrinker.tried.size();
      shrinker.dropSteps();
      shrinker.dropRacingSteps();
      shrinker.mergeThreads();
      shrinker.simplifyCalls();
      shrinker.simplifyWords();
    } while (shrinker.tried.size() > before && !shrinker.isLate());
    return shrinker.dropDeclarations();
  }

  private boolean isLate() {
    return System.nanoTime() - untilNanos > 0;
  }

  private boolean accept(Scenario candidate) {
    if (isLate() || !tried.add(candidate.toString())) {
      return false;
    }
    try {
      parse(candidate.steps());
      Scenario failing = trial.failing(candidate);
      if (failing == null) {
        return false;
      }
      best = failing;
      return true;
    } catch (ScenarioSyntaxException | IllegalArgumentException e) {
      return false; // such as a call that has lost an argument it needs
    }
  }

  private static void parse(List<Step> steps) {
    for (Step step : steps) {
      switch (step) {
        case Call call -> {
          var _ = OpParser.parse(call.op());
        }
        case Race race -> parse(race.steps());
        default -> {
          // nothing to read
        }
      }
    }
  }

  private boolean acceptSteps(List<Step> steps) {
    return accept(RaceMaker.withSteps(best, steps));
  }

  private void dropSteps() {
    for (int chunk = Math.max(1, best.steps().size() / 2); chunk > 0; chunk /= 2) {
      for (int at = best.steps().size() - chunk; at >= 0; at -= chunk) {
        List<Step> steps = new ArrayList<>(best.steps());
        if (at + chunk > steps.size()) {
          continue;
        }
        List<Step> part = steps.subList(at, at + chunk);
        if (part.stream().noneMatch(Race.class::isInstance)) {
          part.clear();
          boolean _ = acceptSteps(steps);
        }
      }
    }
  }

  private void dropRacingSteps() {
    for (int i = 0; i < best.steps().size(); i++) {
      if (best.steps().get(i) instanceof Race race) {
        for (int j = race.steps().size() - 1; j >= 0; j--) {
          if (best.steps().get(i) instanceof Race now && j < now.steps().size()) {
            List<Step> inner = new ArrayList<>(now.steps());
            inner.remove(j);
            boolean _ = acceptSteps(replaced(i, new Race(0, inner)));
          }
        }
      }
    }
  }

  private List<Step> replaced(int index, Step step) {
    List<Step> steps = new ArrayList<>(best.steps());
    steps.set(index, step);
    return steps;
  }

  /** Lets one thread do what another did. */
  private void mergeThreads() {
    if (best.steps().stream().anyMatch(Race.class::isInstance)) {
      return;
    }
    for (String from : List.copyOf(OpenOrder.threads(best.steps()))) {
      for (String to : List.copyOf(OpenOrder.threads(best.steps()))) {
        if (!from.equals(to)
            && acceptSteps(best.steps().stream().map(s -> renamed(s, from, to)).toList())) {
          break;
        }
      }
    }
  }

  private static Step renamed(Step step, String from, String to) {
    return switch (step) {
      case Call call ->
          Generator.call(
              call.thread().equals(from) ? to : call.thread(), renamed(call.op(), from, to));
      case Scenario.Signal signal when signal.thread().equals(from) ->
          new Scenario.Signal(0, to, signal.restart());
      case Scenario.Act act when act.name().equals(from) -> new Scenario.Act(0, act.verb(), to);
      case Scenario.SetWord set ->
          new Scenario.SetWord(0, set.word(), renamed(set.value(), from, to));
      case Scenario.Returned returned when returned.threads().contains(from) ->
          new Scenario.Returned(0, List.of(to), 1);
      default -> step;
    };
  }

  private static Op renamed(Op op, String from, String to) {
    String id = "tid(" + from + ")";
    return new Op(
        op.name(), op.words().stream().map(w -> w.replace(id, "tid(" + to + ")")).toList());
  }

  private static Num renamed(Num value, String from, String to) {
    return new Num(
        value.terms().stream()
            .map(term -> term.equals(new Num.TidOf(from)) ? new Num.TidOf(to) : term)
            .toList());
  }

  private void simplifyCalls() {
    for (int i = 0; i < best.steps().size(); i++) {
      int at = i;
      switch (best.steps().get(i)) {
        case Call call -> simplify(at, op -> replaced(at, Generator.call(call.thread(), op)));
        case Race race -> {
          for (int j = 0; j < race.steps().size(); j++) {
            simplifyRacing(at, j);
          }
        }
        default -> {
          // nothing to simplify
        }
      }
    }
  }

  private void simplifyRacing(int at, int inside) {
    if (best.steps().get(at) instanceof Race race
        && inside < race.steps().size()
        && race.steps().get(inside) instanceof Call call) {
      simplify(
          call.op(),
          op -> {
            List<Step> inner = new ArrayList<>(race.steps());
            inner.set(inside, Generator.call(call.thread(), op));
            return replaced(at, new Race(0, inner));
          });
    }
  }

  private void simplify(int at, Function<Op, List<Step>> inPlace) {
    if (best.steps().get(at) instanceof Call call) {
      simplify(call.op(), inPlace);
    }
  }

  /** Tries simpler forms of an operation until none is accepted, or steps have fallen away. */
  private void simplify(Op op, Function<Op, List<Step>> inPlace) {
    int steps = best.steps().size();
    Op now = op;
    boolean better = true;
    while (better && best.steps().size() == steps) {
      better = false;
      for (Op simpler : simpler(now)) {
        if (acceptSteps(inPlace.apply(simpler))) {
          now = simpler;
          better = true;
          break;
        }
      }
    }
  }

  private static List<Op> simpler(Op op) {
    List<Op> forms = new ArrayList<>();
    for (int i = op.words().size() - 1; i >= 0; i--) {
      List<String> without = new ArrayList<>(op.words());
      without.remove(i);
      forms.add(new Op(op.name(), without));
      for (String word : simplerWords(op.words().get(i))) {
        List<String> changed = new ArrayList<>(op.words());
        changed.set(i, word);
        forms.add(new Op(op.name(), changed));
      }
    }
    return forms;
  }

  /** Simpler forms of a word of a call, the simplest first. */
  private static Set<String> simplerWords(String word) {
    Set<String> forms = new LinkedHashSet<>();
    int equals = word.indexOf('=');
    String name = word.substring(0, equals + 1);
    String value = word.substring(equals + 1);
    int colon = value.lastIndexOf(':');
    if (name.isEmpty() && value.indexOf(':') != colon) {
      forms.add(value.substring(0, colon)); // an element's flags
    } else if (colon >= 0) {
      forms.add(name + value.substring(0, colon) + ":0");
      forms.add(name + value.substring(0, colon) + ":1");
    } else if (value.startsWith("tid(")) {
      forms.add(name + "0");
      forms.add(name + value.substring(0, value.indexOf(')') + 1));
    } else if (value.matches("-?[0-9]+|0x[0-9a-f]+")) {
      forms.add(name + "0");
      forms.add(name + "1");
      forms.add(name + "2");
    }
    int upTo = List.copyOf(forms).indexOf(word);
    return upTo < 0 ? forms : new LinkedHashSet<>(List.copyOf(forms).subList(0, upTo));
  }

  private void simplifyWords() {
    for (int i = 0; i < best.words().size(); i++) {
      WordDecl word = best.words().get(i);
      for (WordDecl simpler :
          List.of(
              simpler(word, Num.of(0), "mem"),
              simpler(word, Num.of(0), word.region()),
              simpler(word, word.value(), "mem"))) {
        List<WordDecl> words = new ArrayList<>(best.words());
        words.set(i, simpler);
        if (!simpler.equals(word) && accept(withWords(words))) {
          break;
        }
      }
    }
  }

  private static WordDecl simpler(WordDecl word, Num value, String region) {
    return new WordDecl(0, word.name(), word.bits(), value, region, word.offset(), word.robust());
  }

  private Scenario withWords(List<WordDecl> words) {
    return new Scenario(
        best.title(),
        best.needs(),
        best.only(),
        best.regions(),
        words,
        best.threads(),
        best.steps());
  }

  /** Leaves out the words and regions that nothing names. */
  private Scenario dropDeclarations() {
    String steps = String.join("\n", best.steps().stream().map(Object::toString).toList());
    List<WordDecl> words = best.words().stream().filter(w -> names(steps, w.name())).toList();
    Set<String> used = new HashSet<>();
    words.forEach(word -> used.add(word.region()));
    List<Scenario.RegionDecl> regions = new ArrayList<>();
    for (Scenario.RegionDecl region : best.regions().reversed()) {
      if (used.contains(region.name()) || names(steps, region.name())) {
        regions.addFirst(region);
        String of = region.aliasOf();
        if (of != null) {
          used.add(of);
        }
      }
    }
    String all = steps + words.stream().map(word -> "\n" + word.value()).toList();
    List<Scenario.ThreadDecl> threads =
        best.threads().stream()
            .filter(thread -> thread.fifo() > 0 || thread.process() != null)
            .filter(thread -> names(all, thread.name()))
            .toList();
    return new Scenario(
        best.title(), best.needs(), best.only(), regions, words, threads, best.steps());
  }

  private static boolean names(String steps, String name) {
    return Pattern.compile("\\b" + name + "\\b").matcher(steps).find();
  }
}
