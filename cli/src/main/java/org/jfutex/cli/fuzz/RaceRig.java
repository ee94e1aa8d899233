package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.cli.fuzz.RigProgram.Step;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.TableSize;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs with a race on the raw face of the Java engine, without a thread for each of
 * theirs: who sleeps is queued and told later. So a program takes microseconds, and a race can be
 * run until its rare orders have come up.
 *
 * <p>What may come out of a race is what comes out of one of its orders: those of the parts of its
 * steps that others can see, see {@link Step#atoms}. An outcome is a row of numbers: the results of
 * the steps in the race, and then after the race and after each later step how each thread stands
 * and what each cell holds.
 */
final class RaceRig implements AutoCloseable {
  /** How a thread stands that is in no call. */
  static final long IDLE = Long.MIN_VALUE;

  /** How a thread stands that sleeps in its call. */
  static final long ASLEEP = Long.MIN_VALUE + 1;

  /**
   * How many copies of a program are raced at once, each with memory of its own: the racers run
   * through them without waiting for each other, and so meet at every distance.
   */
  static final int LANES = 32;

  private final Lane[] lanes = new Lane[LANES];
  private final Racers racers = new Racers();
  private long raced;

  /** A rig with an engine of its own. */
  RaceRig(int threads) {
    RigClock clock = new RigClock();
    JvmFutex engine = new JvmFutex(TableSize.ofSystem(), clock, null);
    Arrays.setAll(lanes, _ -> new Lane(engine, clock, threads));
  }

  @Override
  public void close() {
    racers.close();
  }

  /** An outcome that can be looked up. */
  static final class Outcome {
    private final long[] numbers;

    Outcome(long[] numbers) {
      this.numbers = numbers;
    }

    long[] numbers() {
      return numbers;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Outcome outcome && Arrays.equals(numbers, outcome.numbers);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(numbers);
    }

    @Override
    public String toString() {
      List<String> parts = new ArrayList<>();
      for (long number : numbers) {
        parts.add(number == IDLE ? "-" : number == ASLEEP ? "asleep" : Long.toString(number));
      }
      return String.join(" ", parts);
    }
  }

  /** Everything that one of the orders of the race leads to. */
  Set<Outcome> allowed(RigProgram program) {
    int first = program.first().stream().mapToInt(Step::atoms).sum();
    int second = program.second().stream().mapToInt(Step::atoms).sum();
    Set<Outcome> outcomes = new HashSet<>();
    int all = first + second;
    for (int order = 0; order < 1 << all; order++) {
      if (Integer.bitCount(order) == second) {
        Outcome outcome = lanes[0].inOrder(program, order, all);
        if (outcome != null) {
          outcomes.add(outcome);
        }
      }
    }
    return outcomes;
  }

  /**
   * Races until an outcome is none of the allowed.
   *
   * @param times how often at most, about
   * @param untilNanos until when at most, of {@link System#nanoTime}
   * @return the outcome, null if there was none
   */
  @Nullable Outcome race(
      RigProgram program,
      Set<Outcome> allowed,
      int times,
      long untilNanos,
      SplittableRandom random) {
    long[][] results = new long[LANES][program.first().size() + program.second().size()];
    for (int done = 0; done < times; done += LANES) {
      for (Lane lane : lanes) {
        lane.begin(program);
      }
      racers.race(lanes, program, results, random);
      raced += LANES;
      Outcome wrong = null;
      for (int i = 0; i < LANES; i++) {
        Outcome outcome = lanes[i].finish(program, results[i]);
        if (!allowed.contains(outcome)) {
          wrong = outcome;
        }
      }
      if (wrong != null || System.nanoTime() - untilNanos > 0) {
        return wrong;
      }
    }
    return null;
  }

  /** How many races have been run. */
  long raced() {
    return raced;
  }
}
