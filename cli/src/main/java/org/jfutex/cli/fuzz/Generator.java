package org.jfutex.cli.fuzz;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.cli.fuzz.OpTable.Role;
import org.jfutex.cli.fuzz.OpTable.Row;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Expected;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Step;
import org.jspecify.annotations.Nullable;

/**
 * Makes a program step by step, so that each can suit what the ones before have led to. The same
 * seed and number make the same program as long as its calls give the same results.
 */
final class Generator implements Steps {
  /** How long a call sleeps that is to end by the clock: far more than the next steps take. */
  static final String SHORT_TIME = "20ms";

  private static final Set<String> OVER = Set.of("deadline=0", "deadline=-1s", "timespec=0,0");

  private final SplittableRandom random;
  private final Shape shape;
  private final Scenario declarations;
  private final Deque<Step> planned = new ArrayDeque<>();
  private int left;
  private @Nullable Drain drain;

  private Generator(SplittableRandom random, Shape shape, String title) {
    this.random = random;
    this.shape = shape;
    this.declarations = shape.declarations(title);
    this.left = shape.steps();
  }

  /** The generator of one program. */
  static Generator of(long seed, long number, int threads) {
    SplittableRandom random = random(seed, number);
    return new Generator(random, Shape.draw(random, threads), title(seed, number));
  }

  /** The generator of one program about locks. */
  static Generator ofLocks(long seed, long number, int threads, boolean realTime) {
    SplittableRandom random = random(seed, number);
    Shape shape = Shape.drawForLocks(random, threads, realTime);
    return new Generator(random, shape, title(seed, number));
  }

  static SplittableRandom random(long seed, long number) {
    return new SplittableRandom(seed ^ number * 0x9E3779B97F4A7C15L);
  }

  static String title(long seed, long number) {
    return "found by fuzzing, seed " + seed + ", program " + number;
  }

  @Override
  public Scenario declarations() {
    return declarations;
  }

  @Override
  public @Nullable Step next(View view) {
    Step step = planned.poll();
    if (step != null) {
      return step;
    }
    if (left-- > 0) {
      return shape.ownsLocks() ? new LockSteps(random, shape, view, planned).draw() : draw(view);
    }
    Drain current = drain;
    if (current == null) {
      current = new Drain(random, shape);
      drain = current;
    }
    return current.next(view);
  }

  private Step draw(View view) {
    Draw draw = new Draw(random, shape, view);
    List<String> idle = shape.threads().stream().filter(view::isIdle).toList();
    List<String> busy = shape.threads().stream().filter(view::isBusy).toList();
    int dice = random.nextInt(100);
    if (!busy.isEmpty() && dice < 7) {
      return new Scenario.Signal(0, draw.of(busy), random.nextBoolean());
    }
    if (dice < 10) {
      return new Scenario.SetWord(
          0, new Place(draw.word(), 0), Num.of(Long.decode(draw.smallValue())));
    }
    if (!idle.isEmpty() && random.nextInt(600) == 0) {
      return timedGroup(draw, idle);
    }
    int waits = idle.size() > busy.size() ? 60 : 30;
    if (!idle.isEmpty() && dice < 10 + waits) {
      return call(draw.of(idle), row(random, Role.WAIT).draw(draw));
    }
    if (!idle.isEmpty() && draw.odd()) {
      return call(draw.of(idle), row(random, Role.ODD).draw(draw));
    }
    List<String> callers = new ArrayList<>(idle);
    callers.add(Shape.MAIN);
    Role role = random.nextInt(5) == 0 ? Role.STORE : Role.WAKE;
    return call(draw.of(callers), row(random, role).draw(draw));
  }

  /**
   * A call that the clock ends, with others behind it in the queue. Whether it ends before or after
   * they come makes no difference, so no accident decides.
   */
  private Step timedGroup(Draw draw, List<String> idle) {
    List<String> threads = new ArrayList<>(idle);
    String first = threads.remove(random.nextInt(threads.size()));
    String word = draw.word();
    List<String> scope = draw.scope();
    String value = Integer.toString(draw.view.value(word));
    for (int i = random.nextInt(3); i > 0 && !threads.isEmpty(); i--) {
      String other = threads.remove(random.nextInt(threads.size()));
      planned.add(call(other, new Op("wait", Draw.words(List.of(word, value), scope))));
    }
    planned.add(new Scenario.Returned(0, List.of(first), 1));
    return call(
        first,
        new Op("wait", Draw.words(List.of(word, value), scope, List.of("timeout=" + SHORT_TIME))));
  }

  /** Whether a step is a call that the clock is about to end. */
  static boolean endsByTheClock(Step step) {
    return step instanceof Call call
        && call.op().words().stream().anyMatch(word -> word.endsWith(SHORT_TIME));
  }

  /** Whether a step is a call whose time is over when it is made: it may sleep for an instant. */
  static boolean isOver(Step step) {
    return step instanceof Call call && call.op().words().stream().anyMatch(OVER::contains);
  }

  static Row row(SplittableRandom random, Role role) {
    return row(random, OpTable.ROWS, role);
  }

  static Row row(SplittableRandom random, List<Row> table, Role role) {
    List<Row> rows = table.stream().filter(row -> row.role() == role).toList();
    int dice = random.nextInt(rows.stream().mapToInt(Row::weight).sum());
    for (Row row : rows) {
      dice -= row.weight();
      if (dice < 0) {
        return row;
      }
    }
    throw new AssertionError("the weights have been added up");
  }

  static Call call(String thread, Op op) {
    return new Call(0, thread, op, new Expected.Anything());
  }
}
