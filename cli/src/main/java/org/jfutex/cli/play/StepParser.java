package org.jfutex.cli.play;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jfutex.cli.play.Scenario.Act.Verb;
import org.jfutex.cli.play.Scenario.Expected;
import org.jfutex.cli.play.Scenario.Result;
import org.jfutex.cli.play.Scenario.Step;
import org.jspecify.annotations.Nullable;

/** Reads one step. */
final class StepParser {
  private static final String RESULT = "a number, errno name or ok";
  private static final Set<String> TAILS = Set.of("=", "blocks");
  private static final Set<String> PROTECTIONS = Set.of("rw", "ro", "none");

  private final Tokens tokens;
  private final Scope scope;
  private final Arguments arguments;
  private final Map<Scenario.Op, Action> actions;

  StepParser(Tokens tokens, Scope scope, Map<Scenario.Op, Action> actions) {
    this.tokens = tokens;
    this.scope = scope;
    this.arguments = new Arguments(tokens, scope);
    this.actions = actions;
  }

  Step read() {
    Tokens.Token first = tokens.next("a step");
    String text = first.text();
    if (text.endsWith(":")) {
      return call(new Tokens.Token(text.substring(0, text.length() - 1), first.column()));
    }
    Step step =
        switch (text) {
          case "returned" -> returned();
          case "among" -> among();
          case "set" -> set();
          case "check" -> check();
          case "priority" -> priority();
          case "signal" -> new Scenario.Signal(line(), caller(), tokens.accept("restart"));
          case "stop" -> new Scenario.Act(line(), Verb.STOP, secondProcess());
          case "continue" -> new Scenario.Act(line(), Verb.CONTINUE, secondProcess());
          case "exit" -> new Scenario.Act(line(), Verb.EXIT, thread());
          case "kill" -> new Scenario.Act(line(), Verb.KILL, process());
          case "pause" -> pause();
          case "protect", "unmap", "remap", "truncate" -> memory(text);
          default -> ofThread(first);
        };
    tokens.expectEnd();
    return step;
  }

  private int line() {
    return tokens.line();
  }

  private Step call(Tokens.Token thread) {
    if (!Literals.isName(thread.text())) {
      throw tokens.unexpected(thread, "the name of a thread before ':'");
    }
    arguments.useThread(thread, thread.text());
    Tokens operation = tokens.until(TAILS);
    if (!operation.hasNext()) {
      throw tokens.hasNext()
          ? tokens.unexpected(tokens.next(""), "an operation such as 'wait'")
          : tokens.missing("an operation such as 'wait'");
    }
    Expected expected = expected();
    List<String> words = operation.texts();
    Action action = OpParser.parse(operation, scope);
    Scenario.Op op = new Scenario.Op(words.getFirst(), words.subList(1, words.size()));
    actions.put(op, action);
    scope.calls(thread.text());
    return new Scenario.Call(line(), thread.text(), op, expected);
  }

  private Expected expected() {
    if (tokens.accept("blocks")) {
      tokens.expectEnd();
      return new Expected.Blocks();
    }
    if (tokens.accept("=")) {
      Result result = result("after '='");
      tokens.expectEnd();
      return new Expected.Returns(result);
    }
    return new Expected.Anything();
  }

  private Result result(String where) {
    String expected = RESULT + " " + where;
    Tokens.Token token = tokens.next(expected);
    Result result = Literals.result(token.text());
    if (result == null) {
      throw tokens.unexpected(
          token, expected, Stream.concat(Errnos.names().stream(), Stream.of("ok")).toList());
    }
    if (result.number() != null) {
      arguments.number(token);
    }
    return result;
  }

  /** {@code T returns R}, {@code T sleeps}, or no step at all. */
  private Step ofThread(Tokens.Token first) {
    String verb = tokens.peek();
    if (verb == null || !Literals.isName(first.text())) {
      throw unknown(first);
    }
    if (Grammar.THREAD_STEPS.contains(verb)) {
      checkCaller(first);
      tokens.expect(verb);
      return verb.equals("returns")
          ? new Scenario.Returns(line(), first.text(), result("after 'returns'"))
          : new Scenario.Sleeps(line(), first.text());
    }
    if (scope.callers().contains(first.text())) {
      throw tokens.unexpected(
          tokens.next(""), "'returns R' or 'sleeps' behind a thread", Grammar.THREAD_STEPS);
    }
    throw unknown(first);
  }

  private ScenarioSyntaxException unknown(Tokens.Token first) {
    if (OpParser.NAMES.contains(first.text())) {
      return tokens.problem(
          first, "expected a thread before the operation: 'THREAD: " + first.text() + " ...'");
    }
    return tokens.unexpected(
        first,
        "a declaration, a step or 'THREAD: OPERATION'",
        Stream.concat(Grammar.DECLARATIONS.stream(), Grammar.STEPS.stream()).toList());
  }

  /** A thread that has made a call in an earlier line. */
  private String caller() {
    Tokens.Token token = tokens.next("the name of a thread");
    checkCaller(token);
    return token.text();
  }

  private void checkCaller(Tokens.Token token) {
    if (!scope.callers().contains(token.text())) {
      throw tokens.problem(
          token,
          "'"
              + Tokens.shown(token.text())
              + "': expected a thread that has made a call before"
              + Suggestion.of(token.text(), scope.callers()));
    }
  }

  /** Any thread. */
  private String thread() {
    Tokens.Token token = tokens.next("the name of a thread");
    if (!Literals.isName(token.text())) {
      throw tokens.unexpected(token, "the name of a thread");
    }
    arguments.useThread(token, token.text());
    return token.text();
  }

  private String secondProcess() {
    Tokens.Token token = tokens.next("a thread of a second process");
    Scenario.ThreadDecl thread = scope.thread(token.text());
    if (thread == null || thread.process() == null) {
      throw tokens.unexpected(token, "a thread declared with 'process='");
    }
    return token.text();
  }

  private String process() {
    Tokens.Token token = tokens.next("the name of a second process");
    if (!scope.processes().contains(token.text())) {
      throw tokens.unexpected(
          token, "a process named by 'thread NAME process=P'", scope.processes());
    }
    return token.text();
  }

  private Step returned() {
    List<String> threads = new ArrayList<>();
    while (!tokens.accept("=")) {
      threads.add(tokens.hasNext() ? caller() : missing("threads, '=' and how many return"));
    }
    requireThreads(threads);
    return new Scenario.Returned(line(), threads, count(threads));
  }

  private String missing(String expected) {
    throw tokens.missing(expected);
  }

  private void requireThreads(List<String> threads) {
    if (threads.isEmpty()) {
      throw tokens.failure(0, "expected at least one thread");
    }
    if (Set.copyOf(threads).size() < threads.size()) {
      throw tokens.failure(0, "a thread is named twice: expected each once");
    }
  }

  private int count(List<String> threads) {
    return (int)
        arguments.plain(
            tokens.next("how many return"), "how many of them return,", 0, threads.size());
  }

  private Step among() {
    List<String> threads = new ArrayList<>();
    while (tokens.hasNext() && !isNumber(tokens.peek())) {
      threads.add(caller());
    }
    requireThreads(threads);
    int count = count(threads);
    tokens.expect("return");
    return new Scenario.Among(line(), threads, count, result("after 'return'"));
  }

  private static boolean isNumber(@Nullable String text) {
    return text != null && Literals.integer(text) != null;
  }

  private Step set() {
    Place word = arguments.place();
    tokens.expect("=");
    return new Scenario.SetWord(line(), word, arguments.number());
  }

  private Step check() {
    Place word = arguments.place();
    Num mask = tokens.accept("&") ? arguments.number() : null;
    tokens.expect("=");
    return new Scenario.CheckWord(line(), word, mask, arguments.number());
  }

  private Step priority() {
    String thread = thread();
    tokens.expect("=");
    return new Scenario.Priority(
        line(),
        thread,
        (int) arguments.plain(tokens.next("a priority"), "a priority", 0, Grammar.MAX_FIFO));
  }

  private Step pause() {
    Tokens.Token token = tokens.next("how long");
    Duration duration = arguments.duration(token);
    if (duration.compareTo(Duration.ofSeconds(Grammar.MAX_PAUSE_SECONDS)) > 0) {
      throw tokens.problem(
          token,
          "expected at most " + Grammar.MAX_PAUSE_SECONDS + "s, found '" + token.text() + "'");
    }
    return new Scenario.Pause(line(), duration);
  }

  /** {@code protect R PROT}, {@code unmap R}, both also with at= and size=; remap, truncate. */
  private Step memory(String verb) {
    Tokens.Token region = tokens.next("the name of a region");
    if (scope.region(region.text()) == null) {
      throw tokens.unexpected(region, "the name of a region", scope.regionNames());
    }
    List<String> words = new ArrayList<>();
    if (verb.equals("protect")) {
      Tokens.Token protection = tokens.next("rw, ro or none");
      if (!PROTECTIONS.contains(protection.text())) {
        throw tokens.unexpected(protection, "rw, ro or none", PROTECTIONS);
      }
      words.add(protection.text());
    } else if (verb.equals("truncate")) {
      Tokens.Token bytes = tokens.next("the new size in bytes");
      arguments.plain(bytes, "a size in bytes", 0, Grammar.MAX_REGION_BYTES);
      words.add(bytes.text());
    }
    boolean partial = verb.equals("protect") || verb.equals("unmap");
    Set<String> valued = partial ? Set.of("at", "size", "process") : Set.of("process");
    words.addAll(memoryOptions(new Options(arguments, new TreeSet<>(valued), Set.of())));
    return new Scenario.Memory(line(), verb, region.text(), words);
  }

  private List<String> memoryOptions(Options options) {
    List<String> words = new ArrayList<>();
    for (String name : List.of("at", "size")) {
      Tokens.Token token = options.get(name);
      if (token != null) {
        arguments.plain(token, "a number of bytes", 0, Grammar.MAX_REGION_BYTES);
        words.add(name + "=" + token.text());
      }
    }
    Tokens.Token process = options.get("process");
    if (process != null) {
      if (!scope.processes().contains(process.text())) {
        throw tokens.unexpected(
            process, "a process named by 'thread NAME process=P'", scope.processes());
      }
      words.add("process=" + process.text());
    }
    return words;
  }
}
