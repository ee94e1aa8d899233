package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jfutex.OwnerWord;
import org.jfutex.cli.fuzz.RigProgram.Kind;
import org.jfutex.cli.fuzz.RigProgram.Step;
import org.jfutex.cli.play.RawCall;
import org.jfutex.linux.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The orders a race may have, and that racing finds nothing else. */
class RaceRigTest {
  private static final long A = RigSpace.PRIVATE_PAGE;
  private static final int PRIVATE = Operation.PRIVATE_FLAG;

  @Test
  void aWaitAndAStoreWithAWakeHaveThreeOrders() {
    RigProgram program = lostWake();
    try (RaceRig rig = new RaceRig(2)) {
      Set<RaceRig.Outcome> allowed = rig.allowed(program);
      // results of store, wake and wait; then t0, t1 and the word after the race
      assertThat(allowed.stream().map(Object::toString).collect(Collectors.toSet()))
          .containsExactlyInAnyOrder("- 0 - - -11 1", "- 1 - - 0 1");
      RaceRig.Outcome wrong = rig.race(program, allowed, 200_000, soon(2), new SplittableRandom(1));
      assertThat(wrong).isNull();
    }
  }

  /** Whichever of the two throws: who comes first is drawn. */
  @Test
  @Timeout(60)
  void aSideThatThrowsEndsTheRace() {
    Step store = new Step(Kind.STORE, 0, null, null, 1, A, 0, 1);
    Step nowhere = new Step(Kind.STORE, 1, null, null, 1, 0, 0, 1);
    RigProgram program =
        new RigProgram(
            2,
            new long[] {A},
            new int[] {0},
            List.of(),
            List.of(store),
            List.of(nowhere),
            List.of());
    for (int seed = 0; seed < 8; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (RaceRig rig = new RaceRig(2)) {
        assertThatThrownBy(() -> rig.race(program, Set.of(), 1, soon(2), random))
            .hasStackTraceContaining("expected mapped memory");
      }
    }
  }

  @Test
  void anUnlockAndALockThatGivesUpHaveFourOutcomes() {
    int owner = Lane.FIRST_ID;
    int heir = Lane.FIRST_ID + 1;
    RigProgram program =
        new RigProgram(
            2,
            new long[] {A},
            new int[] {owner},
            List.of(),
            List.of(futex(Kind.UNLOCK, 0, 7 | PRIVATE, 0)),
            List.of(lock()),
            List.of());
    int waiters = OwnerWord.WAITERS;
    try (RaceRig rig = new RaceRig(2)) {
      Set<RaceRig.Outcome> allowed = rig.allowed(program);
      // results of unlock and lock; then t0, t1 and the word after the race
      assertThat(allowed.stream().map(Object::toString).collect(Collectors.toSet()))
          .containsExactlyInAnyOrder(
              "0 - - 0 " + heir,
              "0 - - 0 " + (heir | waiters),
              "0 - - -110 0",
              "-11 - - -110 " + (owner | waiters));
      RaceRig.Outcome wrong = rig.race(program, allowed, 100_000, soon(2), new SplittableRandom(1));
      assertThat(wrong).isNull();
    }
  }

  /** A lock whose time is over: a time of zeros stands at the begin of the scratch memory. */
  private static Step lock() {
    long[] registers = {A, 6 | PRIVATE, 0, RigSpace.scratch(1), 0, 0};
    RawCall call = new RawCall(Operation.NR_FUTEX, registers, List.of());
    return new Step(Kind.EXPIRED_LOCK, 1, call, call, 1, 0, 0, 0);
  }

  private static long soon(int seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  private static RigProgram lostWake() {
    return new RigProgram(
        2,
        new long[] {A},
        new int[] {0},
        List.of(),
        List.of(
            new Step(Kind.STORE, 0, null, null, 1, A, 0, 1), futex(Kind.CALL, 0, 1 | PRIVATE, 1)),
        List.of(futex(Kind.WAIT, 1, PRIVATE, 0)),
        List.of());
  }

  private static Step futex(Kind kind, int thread, int op, int val) {
    RawCall call = new RawCall(Operation.NR_FUTEX, new long[] {A, op, val, 0, 0, 0}, List.of());
    return new Step(kind, thread, call, call, 1, 0, 0, 0);
  }
}
