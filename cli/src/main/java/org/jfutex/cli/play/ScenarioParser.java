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

  /** An open {@code repeat}, or the whole scenario. */
  private static final class Block {
    final int line;
    final int times;
    final List<Step> steps = new ArrayList<>();
    long count;

    Block(int line, int times) {
      this.line = line;
      this.times = times;
    }
  }

  private ScenarioParser(String file) {
    this.file = file;
    this.declarations = new Declarations(scope);
    blocks.push(new Block(0, 1));
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
    for (String line : text.split("\n", -1)) {
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
          file, number, 0, "expected 'end' for the 'repeat' of line " + open.line);
    }
    Scenario scenario = declarations.scenario(open.steps);
    Layout.of(file, scenario, actions);
    return scenario;
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
    if (first.equals("repeat")) {
      open(tokens);
    } else if (first.equals("end")) {
      close(tokens);
    } else {
      Block block = blocks.element();
      block.steps.add(new StepParser(tokens, scope, actions).read());
      count(tokens, block, 1);
    }
  }

  private void open(Tokens tokens) {
    Tokens.Token word = tokens.next("'repeat'");
    if (blocks.size() > Grammar.MAX_DEPTH) {
      throw tokens.problem(
          word, "expected at most " + Grammar.MAX_DEPTH + " 'repeat' inside each other");
    }
    long times =
        new Arguments(tokens, scope)
            .plain(tokens.next("how often"), "a number", 1, Grammar.MAX_STEPS);
    tokens.expectEnd();
    blocks.push(new Block(tokens.line(), (int) times));
  }

  private void close(Tokens tokens) {
    Tokens.Token word = tokens.next("'end'");
    if (blocks.size() == 1) {
      throw tokens.problem(word, "'end' without 'repeat'");
    }
    tokens.expectEnd();
    Block block = blocks.pop();
    Block outer = blocks.element();
    outer.steps.add(new Scenario.Repeat(block.line, block.times, block.steps));
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
