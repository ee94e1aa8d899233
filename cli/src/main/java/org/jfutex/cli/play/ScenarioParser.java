package org.jfutex.cli.play;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.play.Scenario.Step;

/**
 * Reads scenarios. Whatever the text, the answer is a scenario or a {@link ScenarioSyntaxException}
 * that names the line and what was expected there, and it comes in time linear in the text.
 */
public final class ScenarioParser {
  private final String file;
  private final Scope scope = Scope.ofScenario();
  private final Declarations declarations;
  private final Deque<Block> blocks = new ArrayDeque<>();
  private final Map<Scenario.Op, Action> actions = new HashMap<>();
  private int firstStep;

  /** An open {@code repeat} or {@code race}, or the whole scenario. */
  private static final class Block {
    final int line;
    final int times;
    final List<Step> steps = new ArrayList<>();
    final boolean races;
    long count;

    Block(int line, int times, boolean races) {
      this.line = line;
      this.times = times;
      this.races = races;
    }

    String name() {
      return races ? "race" : "repeat";
    }
  }

  private ScenarioParser(String file) {
    this.file = file;
    this.declarations = new Declarations(scope);
    blocks.push(new Block(0, 1, false));
  }

  /**
   * Reads a scenario.
   *
   * @param file its name, for errors; may be empty
   * @param text the text
   * @return the scenario
   * @throws ScenarioSyntaxException if the text is none
   */
  public static Scenario parse(String file, String text) {
    return new ScenarioParser(file).parse(text);
  }

  private Scenario parse(String text) {
    if (text.length() > Grammar.MAX_TEXT) {
      throw new ScenarioSyntaxException(
          file, 0, 0, text.length() + " characters: expected at most " + Grammar.MAX_TEXT);
    }
    int number = 0;
    for (String line : withoutMark(text).split("\n", -1)) {
      number++;
      if (number > Grammar.MAX_LINES) {
        throw new ScenarioSyntaxException(
            file, number, 0, "expected at most " + Grammar.MAX_LINES + " lines");
      }
      statement(line, Tokens.ofLine(file, number, line));
    }
    Block open = blocks.element();
    if (blocks.size() > 1) {
      throw new ScenarioSyntaxException(
          file, number, 0, "expected 'end' for the '" + open.name() + "' of line " + open.line);
    }
    Scenario scenario = declarations.scenario(open.steps);
    Layout.of(file, scenario, actions);
    return scenario;
  }

  /** Without the byte order mark that some editors write at the beginning of a file. */
  private static String withoutMark(String text) {
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private void statement(String line, Tokens tokens) {
    String first = tokens.peek();
    if (first == null) {
      return;
    }
    if (Grammar.DECLARATIONS.contains(first)) {
      if (firstStep > 0) {
        throw tokens.problem(
            tokens.next(""),
            "a declaration: expected before the first step, which is in line " + firstStep);
      }
      declarations.read(line, tokens);
      return;
    }
    firstStep = firstStep == 0 ? tokens.line() : firstStep;
    if (first.equals("repeat") || first.equals("race")) {
      open(tokens, first.equals("race"));
    } else if (first.equals("end")) {
      close(tokens);
    } else {
      Block block = blocks.element();
      Scenario.Step step = new StepParser(tokens, scope, actions).read();
      if (block.races && !isRacing(step)) {
        throw tokens.failure(0, "expected calls without a result, signals and exits in a 'race'");
      }
      block.steps.add(step);
      count(tokens, block, 1);
    }
  }

  /** What happens in a race has no result of its own. */
  private static boolean isRacing(Scenario.Step step) {
    return step instanceof Scenario.Signal
        || (step instanceof Scenario.Act act && act.verb() == Scenario.Act.Verb.EXIT)
        || (step instanceof Scenario.Call call
            && call.expected() instanceof Scenario.Expected.Anything);
  }

  private void open(Tokens tokens, boolean races) {
    Tokens.Token word = tokens.next("'repeat'");
    if (blocks.element().races) {
      throw tokens.problem(word, "expected calls and signals in a 'race', and its 'end'");
    }
    if (blocks.size() > Grammar.MAX_DEPTH) {
      throw tokens.problem(
          word, "expected at most " + Grammar.MAX_DEPTH + " 'repeat' inside each other");
    }
    long times =
        races
            ? 1
            : new Arguments(tokens, scope)
                .plain(tokens.next("how often"), "a number", 1, Grammar.MAX_STEPS);
    tokens.expectEnd();
    blocks.push(new Block(tokens.line(), (int) times, races));
  }

  private void close(Tokens tokens) {
    Tokens.Token word = tokens.next("'end'");
    if (blocks.size() == 1) {
      throw tokens.problem(word, "'end' without 'repeat' or 'race'");
    }
    tokens.expectEnd();
    Block block = blocks.pop();
    Block outer = blocks.element();
    outer.steps.add(
        block.races
            ? new Scenario.Race(block.line, block.steps)
            : new Scenario.Repeat(block.line, block.times, block.steps));
    count(tokens, outer, block.count * block.times + 1);
  }

  private static void count(Tokens tokens, Block block, long steps) {
    block.count += steps;
    if (block.count * block.times > Grammar.MAX_STEPS) {
      throw tokens.failure(
          0, "expected at most " + Grammar.MAX_STEPS + " steps, all repetitions counted");
    }
  }

  /** The names of all capabilities. */
  static Set<String> capabilities() {
    Set<String> names = new TreeSet<>();
    for (Capability capability : Capability.values()) {
      names.add(ScenarioText.name(capability));
    }
    return names;
  }
}
