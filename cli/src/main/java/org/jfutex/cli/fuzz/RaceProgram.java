package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jfutex.cli.fuzz.OpTable.Role;
import org.jfutex.cli.fuzz.RigProgram.Kind;
import org.jfutex.cli.play.Action;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.Lowering;
import org.jfutex.cli.play.OpParser;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.RawCall;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Race;
import org.jfutex.cli.play.Scenario.Signal;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jfutex.linux.Operation;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * A scenario with one race, cut into its parts.
 *
 * @param scenario the whole
 * @param prefix the steps before the race
 * @param race the race
 * @param suffix the steps after it
 * @param threads its threads in the order of their numbers
 */
record RaceProgram(
    Scenario scenario, List<Step> prefix, Race race, List<Step> suffix, List<String> threads)
    implements Lowering.Names {
  private static final int REGISTERS = 6;
  private static final int NR_TIME_REGISTER = 3;
  private static final int FUTEX_WAIT_TIME_REGISTER = 4;

  /** Cuts a scenario; null if it has no race of two sides. */
  static @Nullable RaceProgram of(Scenario scenario) {
    List<Step> steps = scenario.steps();
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i) instanceof Race race) {
        return new RaceProgram(
            scenario,
            steps.subList(0, i),
            race,
            steps.subList(i + 1, steps.size()),
            List.copyOf(new TreeSet<>(OpenOrder.threads(steps))));
      }
    }
    return null;
  }

  /** The sides: the steps of the thread that comes first, and the others. */
  List<Step> side(int which) {
    @Nullable String first = null;
    List<Step> steps = new ArrayList<>();
    for (Step step : race.steps()) {
      String racer =
          step instanceof Call call
              ? call.thread()
              : step instanceof Scenario.Act act ? act.name() : "signal";
      if (first == null) {
        first = racer;
      }
      if (racer.equals(first) == (which == 0)) {
        steps.add(step);
      }
    }
    return steps;
  }

  /** Whether it moves waiters, so that the kernel may leave open who comes next. */
  boolean requeues() {
    return count(OpenOrder::requeues) > 0;
  }

  /** Whether it moves waiters more than once, or one waits on several words. */
  boolean movesOn() {
    return count(OpenOrder::requeues) > 1
        || count(
                system ->
                    system.nr() == Operation.NR_FUTEX_WAITV
                        && system.args().getFirst() instanceof Arg.Elements elements
                        && elements.elements().size() > 1)
            > 0;
  }

  private long count(Predicate<Action.SystemCall> wanted) {
    return scenario.steps().stream()
        .flatMap(step -> step instanceof Race inner ? inner.steps().stream() : Stream.of(step))
        .filter(
            step ->
                step instanceof Call call
                    && OpParser.parse(call.op()) instanceof Action.SystemCall system
                    && wanted.test(system))
        .count();
  }

  /** The program for a rig. */
  RigProgram lower() {
    List<WordDecl> words = scenario.words();
    long[] cells = new long[2 * words.size()];
    int[] initial = new int[cells.length];
    for (int i = 0; i < words.size(); i++) {
      cells[2 * i] = address(new Place(words.get(i).name(), 0));
      cells[2 * i + 1] = cells[2 * i] + Integer.BYTES;
      initial[2 * i] = (int) words.get(i).value().value(this);
    }
    return new RigProgram(
        threads.size(),
        cells,
        initial,
        lower(prefix),
        lower(side(0)),
        lower(side(1)),
        lower(suffix));
  }

  @Override
  public int tid(String thread) {
    return Lane.FIRST_ID + threads.indexOf(thread);
  }

  @Override
  public int room(Place place) {
    return 0;
  }

  @Override
  public long address(Place place) {
    String base = place.base();
    if (base == null) {
      return place.offset();
    }
    for (WordDecl word : scenario.words()) {
      if (word.name().equals(base)) {
        return RigSpace.PRIVATE_PAGE + word.offset() + place.offset();
      }
    }
    throw new IllegalArgumentException("'" + base + "': expected a word");
  }

  private List<RigProgram.Step> lower(List<Step> steps) {
    return steps.stream().map(this::lower).toList();
  }

  private RigProgram.Step lower(Step step) {
    if (step instanceof Signal signal) {
      int thread = threads.indexOf(signal.thread());
      return new RigProgram.Step(Kind.SIGNAL, thread, null, null, 1, 0, 0, 0);
    }
    if (step instanceof Scenario.Act act) {
      int thread = threads.indexOf(act.name());
      return new RigProgram.Step(Kind.EXIT, thread, null, null, 1, 0, 0, 0);
    }
    if (!(step instanceof Call call)) {
      throw new IllegalArgumentException(step + ": expected a step of a race");
    }
    int thread = threads.indexOf(call.thread());
    return switch (OpParser.parse(call.op())) {
      case Action.Store store ->
          new RigProgram.Step(
              Kind.STORE,
              thread,
              null,
              null,
              1,
              address(store.place()),
              0,
              (int) store.value().value(this));
      case Action.CompareAndSet cas ->
          new RigProgram.Step(
              Kind.COMPARE_AND_SET,
              thread,
              null,
              null,
              1,
              address(cas.place()),
              (int) cas.expected().value(this),
              (int) cas.value().value(this));
      case Action.SystemCall system -> lower(call, system, thread);
      default -> throw new IllegalArgumentException(step + ": expected a step of a race");
    };
  }

  private RigProgram.Step lower(Call call, Action.SystemCall system, int thread) {
    RawCall raw = new Lowering(this, Ticker.system()).lower(system, RigSpace.scratch(thread));
    raw = new RawCall(raw.nr(), Arrays.copyOf(raw.args(), REGISTERS), raw.writes());
    int entries =
        system.args().getFirst() instanceof Arg.Elements elements
                && system.nr() == Operation.NR_FUTEX_WAITV
            ? Math.max(1, elements.elements().size())
            : 1;
    Kind kind = kind(call);
    if (kind.isOfOwners()) {
      return new RigProgram.Step(kind, thread, raw, raw, entries, 0, 0, 0);
    }
    return new RigProgram.Step(kind, thread, raw, untimed(raw), entries, 0, 0, 0);
  }

  private static Kind kind(Call call) {
    boolean waits = RaceMaker.role(call) == Role.WAIT;
    if (OpenOrder.isOfOwners(call)) {
      if (waits && !Generator.isOver(call)) {
        throw new IllegalArgumentException(call + ": expected a time that is over");
      }
      boolean unlocks = call.op().name().equals("unlock_pi");
      return waits ? Kind.EXPIRED_LOCK : unlocks ? Kind.UNLOCK : Kind.OWNER_CALL;
    }
    return !waits ? Kind.CALL : Generator.isOver(call) ? Kind.EXPIRED_WAIT : Kind.WAIT;
  }

  private static RawCall untimed(RawCall raw) {
    long[] registers = raw.args().clone();
    registers[raw.nr() == Operation.NR_FUTEX_WAIT ? FUTEX_WAIT_TIME_REGISTER : NR_TIME_REGISTER] =
        0;
    return new RawCall(raw.nr(), registers, raw.writes());
  }
}
