package org.jfutex.cli.play;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.cli.play.Played.Value;
import org.jfutex.cli.play.Scenario.Expected;
import org.jfutex.cli.play.Scenario.Result;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.time.ClockId;
import org.jspecify.annotations.Nullable;

/**
 * What each step does and when it holds. Behind every step all threads are waited for until they
 * have returned or sleep, so the next one meets a machine at rest. A thread that sleeps in a call
 * without a time can only be ended by a later step; hence a statement that waits for it fails at
 * once and not at the limit.
 */
final class Steps {
  /** How long to wait for the deadline of one thread before looking at the others. */
  private static final long LOOK_NANOS = 2_000_000;

  private static final Value SLEEPS = Value.plain("sleeps");
  private static final Value DONE = Value.plain("done");
  private static final int HEAD_NEXT = 0;
  private static final int HEAD_FUTEX_OFFSET = Long.BYTES;
  private static final int HEAD_PENDING = 2 * Long.BYTES;

  /** A statement that does not hold. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String expected;
    private final String got;

    Failed(String expected, String got) {
      super("expected " + expected + ", got " + got);
      this.expected = expected;
      this.got = got;
    }

    String expected() {
      return expected;
    }

    String got() {
      return got;
    }
  }

  private final Stage stage;
  private final Map<Scenario.Op, Action> actions;
  private final Player.Settings settings;
  private final Lowering lowering;
  private final long endNanos;

  Steps(Stage stage, Map<Scenario.Op, Action> actions, Player.Settings settings, long endNanos) {
    this.stage = stage;
    this.actions = actions;
    this.settings = settings;
    this.lowering = new Lowering(stage, settings.ticker());
    this.endNanos = endNanos;
  }

  /** Plays a step other than a repetition, and lets everything come to rest. */
  Value play(Step step) {
    if (left() <= 0) {
      throw late("the step to be reached");
    }
    Value got =
        switch (step) {
          case Scenario.Call call -> call(call);
          case Scenario.Returns returns -> returns(returns);
          case Scenario.Sleeps sleeps -> sleeps(sleeps);
          case Scenario.Returned returned -> returned(returned);
          case Scenario.Among among -> among(among);
          case Scenario.SetWord set -> set(set);
          case Scenario.CheckWord check -> check(check);
          case Scenario.Priority priority -> priority(priority);
          case Scenario.Signal signal -> signal(signal);
          case Scenario.Act act -> act(act);
          case Scenario.Memory memory -> memory(memory);
          case Scenario.Pause pause -> pause(pause);
          case Scenario.Race race -> race(race);
          case Scenario.Repeat _ -> throw new IllegalArgumentException("a repetition is no step");
        };
    settleAll("all threads to return or sleep");
    return got;
  }

  /** The thread whose result is the step's own. */
  static String ownThread(Step step) {
    return switch (step) {
      case Scenario.Call call -> call.thread();
      case Scenario.Returns returns -> returns.thread();
      default -> "";
    };
  }

  /** Whether a deadline may change what the step gave. */
  boolean isTimed(Step step) {
    return switch (step) {
      case Scenario.Call call -> stage.actor(call.thread()).isTimed();
      case Scenario.Sleeps sleeps -> stage.actor(sleeps.thread()).isTimed();
      default -> false;
    };
  }

  private long left() {
    return endNanos - settings.ticker().nanos(ClockId.MONOTONIC);
  }

  private Failed late(String expected) {
    return new Failed(expected, "nothing within " + limit() + "; " + asleep());
  }

  private String limit() {
    return Literals.text(settings.limit());
  }

  /** Who sleeps where, for people. */
  private String asleep() {
    String names =
        stage.actors().stream()
            .filter(Actor::isInCall)
            .map(
                actor ->
                    actor.name()
                        + (actor.settle(0) == ThreadState.SLEEPING ? " sleeps in '" : " runs in '")
                        + actor.call()
                        + "'")
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "no thread is in a call" : names;
  }

  /** Waits until every thread has returned or sleeps. */
  private void settleAll(String expected) {
    for (Actor actor : stage.actors()) {
      if (!actor.isStopped()) {
        settle(actor, expected);
      }
    }
  }

  // calls

  private Value call(Scenario.Call step) {
    Actor actor = stage.actor(step.thread());
    checkIdle(actor);
    start(actor, step.op(), action(step.op()));
    return switch (step.expected()) {
      case Expected.Returns(Result result) -> {
        actor.state();
        yield result(actor, result, "no sleep, and " + result);
      }
      case Expected.Blocks() -> {
        if (settle(actor, "it to sleep") != ThreadState.SLEEPING) {
          throw new Failed("it to sleep", actor.ended().got());
        }
        yield SLEEPS;
      }
      case Expected.Anything() -> {
        settle(actor, "it to return or sleep");
        yield Value.plain(actor.ended().got());
      }
    };
  }

  /** Starts what happens at once; what each call gives is told by later steps. */
  private Value race(Scenario.Race race) {
    for (Step step : race.steps()) {
      if (step instanceof Scenario.Call call) {
        Actor actor = stage.actor(call.thread());
        checkIdle(actor);
        start(actor, call.op(), action(call.op()));
      } else if (step instanceof Scenario.Signal signal) {
        Value _ = signal(signal);
      } else if (step instanceof Scenario.Act act) {
        Value _ = act(act);
      }
    }
    return Value.plain("a race");
  }

  private Action action(Scenario.Op op) {
    Action action = actions.get(op);
    if (action == null) {
      throw new IllegalArgumentException("'" + op + "' was not read before");
    }
    return action;
  }

  private void checkIdle(Actor actor) {
    String expected = "thread '" + actor.name() + "' to be free for a call";
    if (actor.isStopped()) {
      throw new Failed(expected, "it is stopped");
    }
    settle(actor, expected);
    if (actor.isGone()) {
      throw new Failed(expected, "it is gone");
    }
    if (actor.isInCall()) {
      throw new Failed(expected, "it sleeps in '" + actor.call() + "'");
    }
  }

  private ThreadState settle(Actor actor, String expected) {
    ThreadState state = actor.settle(left());
    // a deadline may pass between the end of the wait and the look at the thread
    while (state == ThreadState.RUNNING) {
      if (left() <= 0) {
        throw late(expected);
      }
      state = actor.settle(left());
    }
    return state;
  }

  private void start(Actor actor, Scenario.Op op, Action action) {
    MachineThread thread = actor.thread();
    switch (action) {
      case Action.SystemCall call -> {
        if (call.args().getFirst() instanceof Action.Arg.RobustHead && !actor.hasHead()) {
          writeHead(actor);
        }
        RawCall raw = lowering.lower(call, thread.scratch());
        raw.writes().forEach(write -> actor.process().write(write.address(), write.bytes()));
        actor.begins(op.toString(), call.timed());
        thread.call(raw.nr(), raw.args());
      }
      case Action.Store store -> {
        long address = stage.address(store.place());
        int value = (int) lowering.value(store.value());
        actor.begins(op.toString(), false);
        thread.store(address, value);
      }
      case Action.CompareAndSet cas -> {
        long address = stage.address(cas.place());
        int expected = (int) lowering.value(cas.expected());
        int value = (int) lowering.value(cas.value());
        actor.begins(op.toString(), false);
        thread.compareAndSet(address, expected, value);
      }
      case Action.RobustLink link -> {
        registerHead(actor);
        actor.begins(op.toString(), false);
        link(actor, link);
        actor.returned(0);
      }
      case Action.RobustPending pending -> {
        registerHead(actor);
        actor.begins(op.toString(), false);
        long entry = entry(pending.entry()) | (pending.pi() ? 1 : 0);
        writeLong(actor, head(actor) + HEAD_PENDING, entry);
        actor.returned(0);
      }
    }
  }

  // robust lists

  private static long head(Actor actor) {
    return actor.thread().scratch() + Lowering.HEAD_OFFSET;
  }

  private long entry(String name) {
    return stage.address(new Place(name, -Layout.ROBUST_WORD));
  }

  private static void writeLong(Actor actor, long address, long value) {
    actor.process().write(address, Lowering.bytes(value));
  }

  /** An empty list: the head points at itself. */
  private static void writeHead(Actor actor) {
    long head = head(actor);
    writeLong(actor, head + HEAD_NEXT, head);
    writeLong(actor, head + HEAD_FUTEX_OFFSET, Layout.ROBUST_WORD);
    writeLong(actor, head + HEAD_PENDING, 0);
  }

  private void registerHead(Actor actor) {
    if (actor.hasHead()) {
      return;
    }
    writeHead(actor);
    actor.begins("set_robust_list size=" + Lowering.HEAD_BYTES, false);
    actor.thread().call(OpParser.NR_SET_ROBUST_LIST, head(actor), Lowering.HEAD_BYTES);
    settle(actor, "set_robust_list to return");
    Long result = actor.result();
    if (result == null || result != 0) {
      throw new Failed("set_robust_list to give 0", actor.ended().got());
    }
    actor.gotHead();
  }

  /** At the end of the list, so the kernel walks it in the order of linking. */
  private void link(Actor actor, Action.RobustLink link) {
    Place first = new Place(link.entry(), 0);
    int room = (stage.room(first) + Layout.ROBUST_WORD) / Layout.ROBUST_BYTES;
    if (room < link.count()) {
      throw new Failed("room for " + link.count() + " entries", "room for " + room);
    }
    for (int i = 0; i < link.count(); i++) {
      Place word = new Place(link.entry(), (long) i * Layout.ROBUST_BYTES);
      long entry = stage.address(word) - Layout.ROBUST_WORD;
      stage.memory().write(actor.process(), word, actor.thread().tid());
      writeLong(actor, entry, head(actor));
      long last = actor.lastEntry() == 0 ? head(actor) + HEAD_NEXT : actor.lastEntry();
      writeLong(actor, last, entry | (link.pi() ? 1 : 0));
      actor.linked(entry);
    }
  }

  // what threads do

  private Value returns(Scenario.Returns step) {
    Actor actor = stage.actor(step.thread());
    String expected = step.result().toString();
    if (actor.isStopped()) {
      throw new Failed(expected, "it is stopped");
    }
    if (actor.isStated()) {
      throw new Failed(expected, "'" + actor.name() + "' is in no call");
    }
    actor.state();
    return result(actor, step.result(), expected);
  }

  /** Waits for a result that must come without a further step. */
  private Value result(Actor actor, Result result, String expected) {
    if (settle(actor, expected) == ThreadState.SLEEPING) {
      if (!actor.isTimed()) {
        throw new Failed(expected, "it sleeps in '" + actor.call() + "'");
      }
      while (actor.isInCall()) {
        if (left() <= 0) {
          throw late(expected);
        }
        actor.join(left());
      }
    }
    Long got = actor.result();
    if (got == null || got != result.value(stage)) {
      throw new Failed(expected, actor.ended().got());
    }
    return Value.plain(actor.ended().got());
  }

  private Value sleeps(Scenario.Sleeps step) {
    Actor actor = stage.actor(step.thread());
    ThreadState state = actor.isStopped() ? actor.settle(0) : settle(actor, "it to sleep");
    if (!actor.isInCall() || (!actor.isStopped() && state != ThreadState.SLEEPING)) {
      throw new Failed("it to sleep", actor.ended().got());
    }
    return SLEEPS;
  }

  private Value returned(Scenario.Returned step) {
    List<Actor> actors = step.threads().stream().map(stage::actor).toList();
    awaitReturned(actors, step.count());
    return Value.plain(step.count() + " returned");
  }

  private Value among(Scenario.Among step) {
    List<Actor> actors = step.threads().stream().map(stage::actor).toList();
    awaitReturned(actors, step.count());
    long expected = step.result().value(stage);
    for (Actor actor : actors) {
      Long got = actor.result();
      if (got != null && got != expected) {
        throw new Failed(step.count() + " to return " + step.result(), standing(actors));
      }
    }
    if (!actors.stream().allMatch(actor -> actor.isInCall() || actor.result() != null)) {
      throw new Failed("the others to sleep", standing(actors));
    }
    return Value.plain(step.count() + " returned " + step.result());
  }

  /** Waits until so many calls have returned, and no more. */
  private void awaitReturned(List<Actor> actors, int count) {
    String expected = count + " to return";
    while (true) {
      settleAll(expected);
      long done = actors.stream().filter(actor -> actor.result() != null).count();
      if (done == count) {
        return;
      }
      List<Actor> timed = actors.stream().filter(a -> a.isInCall() && a.isTimed()).toList();
      if (done > count || timed.isEmpty()) {
        throw new Failed(expected, done + ": " + standing(actors));
      }
      long left = left();
      if (left <= 0) {
        throw late(expected);
      }
      timed.getFirst().join(Math.min(left, LOOK_NANOS));
    }
  }

  private static String standing(List<Actor> actors) {
    return actors.stream()
        .map(actor -> actor.name() + " " + actor.ended().got())
        .collect(Collectors.joining(", "));
  }

  // words

  private Value set(Scenario.SetWord step) {
    stage.memory().write(step.word(), lowering.value(step.value()));
    return DONE;
  }

  private Value check(Scenario.CheckWord step) {
    int bits = stage.memory().bits(step.word());
    Num mask = step.mask();
    long seen = stage.memory().read(step.word()) & (mask == null ? -1 : lowering.value(mask));
    Value got = stage.value(seen, bits);
    long expected = Memory.cut(lowering.value(step.value()), bits);
    if (seen != expected) {
      String named = got.raw().equals(got.named()) ? "" : " (" + got.named() + ")";
      throw new Failed(stage.value(expected, bits).raw(), got.raw() + named);
    }
    return got;
  }

  private Value priority(Scenario.Priority step) {
    Actor actor = stage.actor(step.thread());
    if (actor.isGone()) {
      throw new Failed("a thread with a priority", "it is gone");
    }
    int priority = actor.thread().priority();
    if (priority != step.priority()) {
      throw new Failed(Integer.toString(step.priority()), Integer.toString(priority));
    }
    return Value.plain(Integer.toString(priority));
  }

  // the world outside

  private Value signal(Scenario.Signal step) {
    Actor actor = stage.actor(step.thread());
    if (actor.isGone()) {
      throw new Failed("a thread to signal", "it is gone");
    }
    actor.thread().signal(step.restart());
    return DONE;
  }

  private Value act(Scenario.Act step) {
    switch (step.verb()) {
      case STOP -> {
        MachineProcess process = stage.actor(step.name()).process();
        process.stop();
        actorsOf(process).forEach(actor -> actor.stops(true));
      }
      case CONTINUE -> {
        MachineProcess process = stage.actor(step.name()).process();
        process.resume();
        actorsOf(process).forEach(actor -> actor.stops(false));
      }
      case KILL -> {
        MachineProcess process = stage.process(step.name());
        process.kill();
        actorsOf(process).forEach(Actor::leaves);
      }
      case EXIT -> {
        Actor actor = stage.actor(step.name());
        checkIdle(actor);
        actor.thread().exit();
        actor.leaves();
      }
    }
    return DONE;
  }

  private List<Actor> actorsOf(MachineProcess process) {
    return stage.actors().stream().filter(actor -> actor.process().equals(process)).toList();
  }

  private Value memory(Scenario.Memory step) {
    Memory memory = stage.memory();
    String region = step.region();
    MachineProcess process = stage.process(option(step, "process="));
    long at = number(option(step, "at="), 0);
    long bytes = number(option(step, "size="), Math.max(0, memory.bytes(region) - at));
    switch (step.verb()) {
      case "protect" ->
          process.protect(
              memory.base(region) + at, bytes, Declarations.protection(step.words().getFirst()));
      case "unmap" -> process.unmap(memory.base(region) + at, bytes);
      case "remap" -> memory.moved(region, process.remap(memory.base(region)));
      case "truncate" -> process.truncate(memory.base(region), number(step.words().getFirst(), 0));
      default -> throw new IllegalArgumentException("no step '" + step.verb() + "'");
    }
    return DONE;
  }

  private static @Nullable String option(Scenario.Memory step, String name) {
    return step.words().stream()
        .filter(word -> word.startsWith(name))
        .map(word -> word.substring(name.length()))
        .findFirst()
        .orElse(null);
  }

  private static long number(@Nullable String text, long otherwise) {
    Long value = text == null ? null : Literals.integer(text);
    return value == null ? otherwise : value;
  }

  private Value pause(Scenario.Pause step) {
    long left = left();
    long nanos = step.duration().toNanos();
    try {
      Thread.sleep(Duration.ofNanos(Math.min(nanos, Math.max(0, left))));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new Failed("time to pass", "an interrupt");
    }
    if (nanos > left) {
      throw late("the pause to end");
    }
    return DONE;
  }
}
