package org.jfutex.cli.fuzz;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.cli.fuzz.Lane.Ending;
import org.jfutex.cli.fuzz.RigProgram.Step;
import org.jspecify.annotations.Nullable;

/**
 * Two threads that are released at the same moment: the caller of {@link #race} and one that spins
 * meanwhile.
 */
final class Racers implements AutoCloseable {
  /*
   * State       round: how many races have been started; done: how many the partner has finished.
   *             round is -1 when it shall end.
   * Guards      job, its fields: written before round, read after it; results: each racer writes
   *             its own elements, read after done. failure: written before done, read after it.
   *             noise: raced on purpose.
   * Lock order  takes none.
   * Ordering    round (A: written by the caller, read by the partner) and done (B: the other way)
   *             are volatile: what one did before is seen by the other afterwards. Within a race
   *             nothing orders the two but what they execute.
   * Progress    each spins for the other; after SPINS rounds it yields, so that one processor is
   *             enough. A partner without work for long parks until the next race. A side that
   *             throws has finished.
   * Callbacks   none.
   * Checked by  RaceRigTest.
   */
  private static final int SPINS = 2_000;
  private static final int YIELDS = 2_000;
  private static final int NOISE_STORES = 16;

  /** More than a cache holds. */
  private static final int NOISE_BITS = 23;

  private final int[] noise = new int[1 << NOISE_BITS];
  private final Thread partner;
  private volatile long round;
  private volatile long done;
  private volatile boolean parked;
  private @Nullable Job job;
  private @Nullable Throwable failure;

  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  private record Job(
      Lane[] lanes,
      List<Step> steps,
      long[][] results,
      int from,
      int delay,
      int noiseStores,
      int seed) {
    void run(int[] noise) {
      int place = seed;
      for (int i = 0; i < delay; i++) {
        Thread.onSpinWait();
      }
      for (int lane = 0; lane < lanes.length; lane++) {
        // stores that miss every cache: they stay in the store buffer for a while, and the stores
        // of the program queue behind them, where the other processor does not see them yet
        for (int i = 0; i < noiseStores; i++) {
          place = place * 1_664_525 + 1_013_904_223;
          noise[place >>> (Integer.SIZE - NOISE_BITS)] = i;
        }
        for (int i = 0; i < steps.size(); i++) {
          results[lane][from + i] = lanes[lane].execute(steps.get(i), Ending.AT_ONCE);
        }
      }
    }
  }

  Racers() {
    partner = Thread.ofPlatform().daemon().name("fuzz-racer").start(this::serve);
  }

  @Override
  public void close() {
    round = -1;
    LockSupport.unpark(partner);
  }

  /** Runs both sides of a race and returns when both have ended. */
  void race(Lane[] lanes, RigProgram program, long[][] results, SplittableRandom random) {
    boolean swap = random.nextBoolean();
    int split = program.first().size();
    int delay = random.nextInt(1 << random.nextInt(10));
    int noiseStores = random.nextBoolean() ? 0 : random.nextInt(NOISE_STORES + 1);
    Job one =
        new Job(
            lanes, program.first(), results, 0, swap ? delay : 0, noiseStores, random.nextInt());
    Job other =
        new Job(
            lanes,
            program.second(),
            results,
            split,
            swap ? 0 : delay,
            noiseStores,
            random.nextInt());
    Job mine = swap ? other : one;
    job = swap ? one : other;
    long number = round + 1;
    round = number; // (A) pairs with serve
    if (parked) {
      LockSupport.unpark(partner);
    }
    try {
      mine.run(noise);
    } finally {
      await(number);
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw new IllegalStateException("the other side of a race has thrown " + thrown, thrown);
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // the partner may need this processor
  private void await(long number) {
    for (int spins = 0; done != number; spins++) { // (B) pairs with serve
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // the caller may need this processor
  private void serve() {
    long served = 0;
    while (true) {
      long next = round; // (A) pairs with race
      for (int spins = 0; next == served; next = round, spins++) {
        if (spins < SPINS) {
          Thread.onSpinWait();
        } else if (spins < SPINS + YIELDS) {
          Thread.yield();
        } else {
          parked = true;
          if (round == served) {
            LockSupport.park(this);
          }
          parked = false;
        }
      }
      if (next < 0) {
        return;
      }
      served = next;
      Job mine = job;
      if (mine == null) {
        throw new AssertionError("a race without a job");
      }
      try {
        mine.run(noise);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
      done = served; // (B) pairs with await
    }
  }
}
