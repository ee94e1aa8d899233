package org.jfutex.cli.fuzz;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.play.Scenario;
import org.jspecify.annotations.Nullable;

/** Runs program after program until one shows a difference or the time is over. */
final class Session implements AutoCloseable {
  /** One program in so many is a race. */
  private static final int RACE_EVERY = 3;

  /** One program in so many that go step by step is about locks, and one race in so many. */
  private static final int LOCKS_EVERY = 3;

  private static final int LOCK_RACE_EVERY = 6;

  /** What programs are about. */
  enum Subject {
    /** Words that hold what the program wants. */
    WAITS,
    /** Words that hold the ids of owners. */
    LOCKS,
    /** Both, by turns. */
    ALL
  }

  private static final int RACE_TIMES = 1_000;
  private static final long RACE_NANOS = TimeUnit.MICROSECONDS.toNanos(2_500);
  private static final long RACE_TRIAL_NANOS = TimeUnit.MILLISECONDS.toNanos(2_500);
  private static final int RACE_TRIAL_TIMES = 10_000_000;
  private static final long SHRINK_NANOS = TimeUnit.SECONDS.toNanos(50);
  static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Supplier<Machine> kernelMaker;
  private final Function<Bench, Bench> engineMaker;
  private final Subject subject;
  private final boolean realTime;
  private final long seed;
  private final int threads;
  private final RaceRig rig;
  private final Tally tally = new Tally();
  private boolean isAtFault;
  private Bench kernel;
  private Bench engine;

  /**
   * A session.
   *
   * @param kernelMaker makes the machine that is right
   * @param engineMaker makes the one to be compared with it, with {@link #LIMIT_NANOS}
   * @param subject what the programs are about
   * @param seed makes the programs
   * @param threads how many threads a program has at most
   */
  Session(
      Supplier<Machine> kernelMaker,
      Function<Bench, Bench> engineMaker,
      Subject subject,
      long seed,
      int threads) {
    this.kernelMaker = kernelMaker;
    this.engineMaker = engineMaker;
    this.seed = seed;
    this.threads = threads;
    this.rig = new RaceRig(threads + 1);
    Machine right = kernelMaker.get();
    this.kernel = new Bench(right, LIMIT_NANOS);
    this.engine = engineMaker.apply(kernel);
    this.realTime = right.lacks(Capability.RT) == null;
    boolean knowsLocks =
        Stream.of(Capability.PI, Capability.ROBUST, Capability.HASH)
            .allMatch(capability -> right.lacks(capability) == null);
    this.subject = knowsLocks ? subject : Subject.WAITS;
  }

  @Override
  public void close() {
    try (rig;
        Bench _ = kernel) {
      closeEngine();
    }
  }

  /** One that is at fault may not be able to end all its threads; that has been told by then. */
  private void closeEngine() {
    try {
      engine.close();
    } catch (IllegalStateException e) {
      if (!isAtFault) {
        throw e;
      }
    }
  }

  Tally tally() {
    return tally;
  }

  /** How many races the rig has run. */
  long raced() {
    return rig.raced();
  }

  /**
   * Runs programs.
   *
   * @param first the number of the first one
   * @param most how many at most
   * @param nanos for how long at most
   * @param progress is told now and then
   * @return the first difference, null if there was none
   */
  @Nullable Found run(long first, long most, long nanos, Consumer<Tally> progress) {
    long end = System.nanoTime() + nanos;
    for (long number = first; number - first < most && System.nanoTime() - end < 0; number++) {
      Found found = number % RACE_EVERY == RACE_EVERY - 1 ? race(number) : duel(number);
      if (found != null) {
        return found;
      }
      progress.accept(tally);
    }
    return null;
  }

  /** By turns, if they are about both. */
  private boolean isAboutLocks(long number) {
    return switch (subject) {
      case WAITS -> false;
      case LOCKS -> true;
      case ALL ->
          number % RACE_EVERY == RACE_EVERY - 1
              ? number / RACE_EVERY % LOCK_RACE_EVERY == 1
              : number / RACE_EVERY % LOCKS_EVERY == 1;
    };
  }

  private @Nullable Found duel(long number) {
    Generator generator =
        isAboutLocks(number)
            ? Generator.ofLocks(seed, number, threads, realTime)
            : Generator.of(seed, number, threads);
    Duel.Verdict verdict = duel(generator);
    tally.add(verdict);
    if (verdict.difference() == null) {
      return null;
    }
    Scenario whole = RaceMaker.withSteps(generator.declarations(), verdict.executed());
    Duel.Verdict[] smallest = {verdict};
    Scenario shrunk =
        Shrinker.shrink(
            candidate -> {
              Duel.Verdict again = duel(Steps.of(candidate));
              if (again.difference() == null) {
                return null;
              }
              smallest[0] = again;
              return RaceMaker.withSteps(candidate, again.executed());
            },
            whole,
            System.nanoTime() + SHRINK_NANOS);
    Duel.Verdict last = duel(Steps.of(shrunk));
    if (last.difference() == null) {
      last = smallest[0]; // it does not come every time
    }
    String difference = String.valueOf(last.difference());
    return new Found(number, Found.stated(shrunk, last), last.executed().size(), difference);
  }

  /** Runs a program; machines that hang are replaced. */
  private Duel.Verdict duel(Steps steps) {
    try {
      return new Duel(kernel, engine).run(steps);
    } catch (Duel.Broken e) {
      replaceMachines();
      return e.verdict();
    }
  }

  private void replaceMachines() {
    isAtFault = true;
    abandon(kernel);
    abandon(engine);
    kernel = new Bench(kernelMaker.get(), LIMIT_NANOS);
    engine = engineMaker.apply(kernel);
  }

  /** What hangs may refuse to close, too; that is no reason to lose what was found. */
  private static void abandon(Bench bench) {
    try {
      bench.close();
    } catch (IllegalStateException e) {
      // its threads stay where they are
    }
  }

  private @Nullable Found race(long number) {
    Scenario program =
        isAboutLocks(number)
            ? LockRaceMaker.make(seed, number)
            : RaceMaker.make(seed, number, threads);
    SplittableRandom random = Generator.random(~seed, number);
    String[] difference = {race(program, RACE_TIMES, RACE_NANOS, random)};
    if (difference[0] == null) {
      RaceProgram parts = RaceProgram.of(program);
      if (parts != null) {
        tally.addRace(parts);
      }
      return null;
    }
    String who = who(difference[0]);
    Scenario shrunk =
        Shrinker.shrink(
            candidate -> {
              String again = race(candidate, RACE_TRIAL_TIMES, RACE_TRIAL_NANOS, random);
              if (again == null || !who(again).equals(who)) {
                return null;
              }
              difference[0] = again;
              return candidate;
            },
            program,
            System.nanoTime() + SHRINK_NANOS);
    return new Found(number, shrunk, Tally.steps(shrunk), String.valueOf(difference[0]));
  }

  private static String who(String difference) {
    return difference.substring(0, difference.indexOf(':') + 1);
  }

  private @Nullable String race(Scenario program, int times, long nanos, SplittableRandom random) {
    RaceProgram parts = RaceProgram.of(program);
    if (parts == null) {
      return null;
    }
    try {
      Races races = new Races(List.of(kernel, engine), rig);
      return races.judge(parts, times, System.nanoTime() + nanos, random);
    } catch (Hang | IllegalStateException e) { // the latter as in Duel
      replaceMachines();
      return String.valueOf(e.getMessage());
    }
  }
}
