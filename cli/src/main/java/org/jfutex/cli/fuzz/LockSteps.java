package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jfutex.cli.fuzz.OpTable.Role;
import org.jfutex.cli.fuzz.OpTable.Row;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Act;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;

/** Draws the steps of a program about locks that name their owners. */
final class LockSteps {
  private final SplittableRandom random;
  private final Shape shape;
  private final View view;
  private final Deque<Step> planned;
  private final Draw draw;
  private final List<String> idle;
  private final List<String> busy;

  /**
   * For one step.
   *
   * @param planned where the steps go that belong to it
   */
  LockSteps(SplittableRandom random, Shape shape, View view, Deque<Step> planned) {
    this.random = random;
    this.shape = shape;
    this.view = view;
    this.planned = planned;
    this.draw = new Draw(random, shape, view);
    this.idle = shape.threads().stream().filter(view::isIdle).toList();
    this.busy = shape.threads().stream().filter(view::isBusy).toList();
  }

  Step draw() {
    int dice = random.nextInt(100);
    if (!busy.isEmpty() && dice < 6) {
      return new Scenario.Signal(0, draw.of(busy), random.nextBoolean());
    }
    if (dice < 11) {
      return new Scenario.SetWord(0, new Place(draw.word(), 0), Shape.owner(random, shape));
    }
    if (idle.size() > 1 && dice < 15) {
      return exit(draw.of(idle));
    }
    if (!idle.isEmpty() && random.nextInt(400) == 0) {
      return timedGroup();
    }
    if (!idle.isEmpty() && dice < 23) {
      return call(draw.of(idle), robustRole());
    }
    int waits = idle.size() > busy.size() ? 50 : 25;
    if (!idle.isEmpty() && dice < 23 + waits) {
      return call(draw.of(idle), Role.WAIT);
    }
    List<String> owners =
        shape.words().stream()
            .map(word -> LockTable.owner(view, word.name()))
            .filter(idle::contains)
            .toList();
    if (!owners.isEmpty() && random.nextInt(3) > 0) {
      return random.nextInt(12) == 0 ? exit(draw.of(owners)) : unlock(draw.of(owners));
    }
    List<String> callers = new ArrayList<>(idle);
    callers.add(Shape.MAIN);
    return call(draw.of(callers), random.nextInt(5) == 0 ? Role.STORE : Role.WAKE);
  }

  private Role robustRole() {
    boolean links = shape.words().stream().anyMatch(WordDecl::robust);
    return links && random.nextInt(3) > 0 ? Role.STORE : Role.SETTING;
  }

  private Step exit(String thread) {
    boolean foreign = random.nextInt(8) == 0 && view.isIdle(Shape.FOREIGN) && isDeclared();
    return new Act(0, Act.Verb.EXIT, foreign ? Shape.FOREIGN : thread);
  }

  private boolean isDeclared() {
    return shape.declared().stream().anyMatch(thread -> thread.name().equals(Shape.FOREIGN));
  }

  private Step unlock(String thread) {
    draw.caller = thread;
    Row row = LockTable.ROWS.stream().filter(r -> r.name().equals("unlock_pi")).findAny().get();
    return Generator.call(thread, row.draw(draw));
  }

  private Step call(String thread, Role role) {
    draw.caller = thread;
    boolean plain = role != Role.SETTING && random.nextInt(4) == 0;
    Row row = Generator.row(random, plain ? OpTable.ROWS : LockTable.ROWS, role);
    boolean isLink = row.name().startsWith("robust");
    if (isLink && shape.words().stream().noneMatch(WordDecl::robust)) {
      return call(thread, role);
    }
    return Generator.call(thread, row.draw(draw));
  }

  /** A lock that the clock ends, with others behind it; see {@link Generator}. */
  private Step timedGroup() {
    List<String> threads = new ArrayList<>(idle);
    String first = threads.remove(random.nextInt(threads.size()));
    String word = draw.word();
    List<String> scope = draw.scope();
    for (int i = random.nextInt(3); i > 0 && !threads.isEmpty(); i--) {
      String other = threads.remove(random.nextInt(threads.size()));
      planned.add(Generator.call(other, new Op("lock_pi", Draw.words(List.of(word), scope))));
    }
    planned.add(new Scenario.Returned(0, List.of(first), 1));
    return Generator.call(
        first,
        new Op(
            "lock_pi",
            Draw.words(List.of(word), scope, List.of("deadline=+" + Generator.SHORT_TIME))));
  }
}
