package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfutex.cli.fuzz.OpTable.Role;
import org.jfutex.cli.fuzz.OpTable.Row;
import org.jfutex.cli.play.Action;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.OpParser;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jspecify.annotations.Nullable;

/**
 * Makes programs with a race: some threads go to sleep, two others act at the same moment, and the
 * queues are emptied.
 */
final class RaceMaker implements View {
  private static final String FIRST = "t1";
  private static final String SECOND = "t2";
  private static final int MOST_SLEEPERS = 3;

  /** Of a call in a race: there are too many orders if it waits on more. */
  private static final int MOST_WORDS = 8;

  private static final String ANY = "mask=0xffffffff";

  private static final Map<String, Role> ROLES =
      Stream.concat(OpTable.ROWS.stream(), LockTable.ROWS.stream())
          .collect(Collectors.toMap(Row::name, Row::role, (one, _) -> one));

  private final SplittableRandom random;
  private final Shape shape;
  private final Draw draw;
  private final List<String> sleepers = new ArrayList<>();

  private RaceMaker(SplittableRandom random, int threads) {
    this.random = random;
    this.shape = Shape.drawForRace(random, threads);
    this.draw = new Draw(random, shape, this);
  }

  /** One program. */
  static Scenario make(long seed, long number, int threads) {
    SplittableRandom random = Generator.random(seed, number);
    return new RaceMaker(random, threads).make(Generator.title(seed, number));
  }

  private Scenario make(String title) {
    List<Step> steps = new ArrayList<>();
    for (String thread : shape.threads()) {
      if (!thread.equals(FIRST) && !thread.equals(SECOND) && sleepers.size() < MOST_SLEEPERS) {
        steps.add(Generator.call(thread, row(Role.WAIT).draw(draw)));
        sleepers.add(thread);
      }
    }
    List<Step> race = new ArrayList<>();
    List<Step> other = new ArrayList<>();
    do {
      race.clear();
      other.clear();
      side(FIRST, random.nextInt(100) < 55 ? Role.WAIT : Role.WAKE, race);
      side(SECOND, random.nextInt(100) < 15 ? Role.WAIT : Role.WAKE, other);
    } while (!isJudgeable(steps, race, other));
    race.addAll(other);
    steps.add(new Scenario.Race(0, race));
    List<String> scope = shape.shared() > 0 ? List.of("shared") : List.of();
    for (WordDecl word : shape.words()) {
      for (String count : List.of("1", "1", "2147483647")) {
        List<String> words = Draw.words(List.of(word.name(), count, ANY), scope);
        steps.add(Generator.call(Shape.MAIN, new Op("wake_bitset", words)));
      }
    }
    return withSteps(shape.declarations(title), steps);
  }

  static Scenario withSteps(Scenario program, List<Step> steps) {
    return new Scenario(
        program.title(),
        program.needs(),
        program.only(),
        program.regions(),
        program.words(),
        program.threads(),
        steps);
  }

  private void side(String thread, Role role, List<Step> steps) {
    if (role == Role.WAIT) {
      if (random.nextInt(5) == 0) {
        steps.add(Generator.call(thread, row(Role.STORE).draw(draw)));
      }
      boolean mismatches = shape.words().size() > 1 && random.nextInt(6) == 0;
      steps.add(
          mismatches ? lateMismatch(thread) : Generator.call(thread, row(Role.WAIT).draw(draw)));
      return;
    }
    if (!sleepers.isEmpty() && random.nextInt(8) == 0) {
      steps.add(new Scenario.Signal(0, draw.of(sleepers), false));
      return;
    }
    if (random.nextInt(3) > 0) {
      steps.add(Generator.call(thread, row(Role.STORE).draw(draw)));
    }
    steps.add(Generator.call(thread, row(Role.WAKE).draw(draw)));
  }

  /** A vector wait that finds its last word changed while it can be woken at the others. */
  private Step lateMismatch(String thread) {
    String flags = shape.shared() > 0 ? ":u32" : ":u32|private";
    List<String> elements = new ArrayList<>();
    for (int i = 0; i < shape.words().size(); i++) {
      String word = shape.words().get(i).name();
      int wrong = i == shape.words().size() - 1 ? 1 : 0;
      elements.add(word + ":" + (value(word) + wrong) + flags);
    }
    return Generator.call(thread, new Op("futex_waitv", elements));
  }

  private Row row(Role role) {
    Row row = Generator.row(random, role);
    return row.races() ? row : row(role);
  }

  /**
   * A thread that waits on several words leaves them one after the other, and a waker may find it
   * at a later one: what comes of that no order of the steps explains. So where one waits like that
   * there is only one waker, and nothing else makes it leave. In the race itself it waits on words
   * of their own, and nobody takes from two of them at once; nor does anybody move who waits there
   * after a store, which may come when it has found a later word changed, and has not left yet: it
   * is moved, counted, and returns EAGAIN.
   */
  private static boolean isJudgeable(List<Step> before, List<Step> first, List<Step> second) {
    List<Step> race = new ArrayList<>(first);
    race.addAll(second);
    long vectors = vectors(race);
    if (vectors + vectors(before) == 0) {
      return true;
    }
    boolean leaves =
        race.stream()
            .anyMatch(
                step ->
                    step instanceof Scenario.Signal
                        || (Generator.isOver(step) && vectors(List.of(step)) > 0));
    boolean isTornApart =
        vectors > 0
            && race.stream()
                .anyMatch(
                    step -> step instanceof Call call && (takesOfTwo(call) || repeats(call.op())));
    boolean isMovedLate =
        vectors > 0 && count(race, Role.STORE) > 0 && race.stream().anyMatch(RaceMaker::moves);
    boolean isLong =
        race.stream()
            .anyMatch(step -> step instanceof Call call && call.op().words().size() > MOST_WORDS);
    return vectors <= 1
        && count(race, Role.WAKE) <= 1
        && !leaves
        && !isLong
        && !isTornApart
        && !isMovedLate;
  }

  /** Whether a step may move waiters to another word. */
  private static boolean moves(Step step) {
    return step instanceof Call call
        && OpParser.parse(call.op()) instanceof Action.SystemCall system
        && OpenOrder.requeues(system);
  }

  /** Whether a call takes waiters of two words in one step, where a vector wait has two. */
  private static boolean takesOfTwo(Call call) {
    return call.op().name().equals("wake_op");
  }

  /** Whether a vector wait names a word twice. */
  private static boolean repeats(Op op) {
    List<String> words =
        op.words().stream()
            .filter(word -> word.indexOf('=') < 0 && word.indexOf(':') > 0)
            .map(word -> word.substring(0, word.indexOf(':')))
            .toList();
    return words.stream().distinct().count() < words.size();
  }

  private static long count(List<Step> steps, Role role) {
    return steps.stream().filter(step -> step instanceof Call call && role(call) == role).count();
  }

  private static long vectors(List<Step> steps) {
    return steps.stream()
        .filter(step -> step instanceof Call call && call.op().name().equals("futex_waitv"))
        .count();
  }

  /** What a call is to a program. */
  static Role role(Call call) {
    return Objects.requireNonNull(ROLES.get(call.op().name()), call.op().name());
  }

  @Override
  public boolean isIdle(String thread) {
    return !sleepers.contains(thread);
  }

  @Override
  public boolean isBusy(String thread) {
    return sleepers.contains(thread);
  }

  @Override
  public @Nullable String thread(int id) {
    return null;
  }

  @Override
  public int value(String word) {
    Num value =
        shape.words().stream()
            .filter(declared -> declared.name().equals(word))
            .findFirst()
            .orElseThrow()
            .value();
    return (int) Shape.plain(value);
  }

  @Override
  public long lastResult() {
    return Moment.NONE;
  }
}
