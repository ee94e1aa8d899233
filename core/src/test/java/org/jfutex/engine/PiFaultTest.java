package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.engine.PiRig.WAITERS;
import static org.jfutex.engine.PiRig.assertFree;

import java.util.List;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Words that fail, at every access of every operation on locks: no lock is held afterwards, nobody
 * waits who did not before, and who did is still there. The end of an owner is in {@link
 * PiExitTest}.
 */
class PiFaultTest {
  private static final Deadline REACHED = new Deadline(ClockId.MONOTONIC, 0);

  private static final List<Supplier<Throwable>> FAILURES =
      List.of(
          () -> new WordFault("gone"),
          () -> new IllegalStateException("broken"),
          () -> new OutOfMemoryError("as if"));

  /**
   * Task 1 owns lock 0, for which task 2 waits; task 3 waits on word 1 to be moved to it; task 4
   * owns lock 2, lock 3 is free.
   */
  enum Operation {
    LOCK(0) {
      @Override
      void run(PiRig rig, List<Word> words) {
        assertThat(rig.engine.lockPi(words.get(0), rig.task(4), rig, REACHED, 0))
            .isEqualTo(LockStatus.TIMED_OUT);
      }
    },
    LOCK_ALONE(2) {
      @Override
      void run(PiRig rig, List<Word> words) {
        assertThat(rig.engine.lockPi(words.get(2), rig.task(5), rig, REACHED, 9))
            .isEqualTo(LockStatus.TIMED_OUT);
        rig.engine.lockPi(rig.word(3), rig.task(5), rig, REACHED, 0);
        rig.unlock(5, 3);
      }
    },
    LOCK_FREE(3) {
      @Override
      void run(PiRig rig, List<Word> words) {
        assertThat(rig.engine.lockPi(words.get(3), rig.task(5), rig, REACHED, 0))
            .isEqualTo(LockStatus.LOCKED);
        rig.unlock(5, 3);
      }
    },
    TRY(2) {
      @Override
      void run(PiRig rig, List<Word> words) {
        assertThat(rig.engine.tryLockPi(words.get(2), rig.task(5), rig)).isEqualTo(LockStatus.BUSY);
      }
    },
    UNLOCK(0) {
      @Override
      void run(PiRig rig, List<Word> words) {
        rig.engine.unlockPi(words.get(0), rig.owner);
      }
    },
    UNLOCK_ALONE(2) {
      @Override
      void run(PiRig rig, List<Word> words) {
        rig.engine.unlockPi(words.get(2), rig.task(4));
      }
    },
    WAIT_REQUEUE(1) {
      @Override
      void run(PiRig rig, List<Word> words) {
        assertThat(
                rig.engine.awaitRequeuePi(words.get(1), 0, words.get(0), rig.task(5), REACHED, 0))
            .isEqualTo(LockStatus.TIMED_OUT);
      }
    },
    MOVE(1) {
      @Override
      void run(PiRig rig, List<Word> words) {
        rig.engine.compareRequeuePi(words.get(1), 0, words.get(0), 5, rig).orElseThrow();
      }
    };

    private final int index;

    Operation(int index) {
      this.index = index;
    }

    abstract void run(PiRig rig, List<Word> words);
  }

  @ParameterizedTest
  @EnumSource
  void aFailingAccessLeavesEverythingAsItWas(Operation operation) {
    for (Supplier<Throwable> failure : FAILURES) {
      int accesses = 0;
      while (fails(operation, accesses, failure.get())) {
        accesses++;
      }
      assertThat(accesses).as("accesses of %s", operation).isPositive();
    }
  }

  /** False if the operation has fewer accesses, and ran undisturbed. */
  private static boolean fails(Operation operation, int access, Throwable failure) {
    try (PiRig rig = new PiRig()) {
      rig.own(2, 4);
      assertFree(rig.task(5));
      Job<LockStatus> waiter = rig.locker(2, 0, 3);
      Job<LockStatus> mover = rig.mover(3, 1, 0, Deadline.NEVER);
      List<SleepingWaiter> before = rig.engine.waiters();
      Faults faults = new Faults(access, () -> sneak(failure));
      List<Word> words =
          List.<Word>of(rig.word(0), rig.word(1), rig.word(2), rig.word(3)).stream()
              .<Word>map(word -> new FaultyWord(word, faults))
              .toList();
      int held = rig.get(operation.index);
      boolean failed = isFailure(failure, () -> operation.run(rig, words));
      assertThat(failed).as("%s swallowed its failure", operation).isEqualTo(faults.happened());
      if (failed) {
        assertThat(rig.engine.waiters()).containsExactlyInAnyOrderElementsOf(before);
        assertThat(rig.get(operation.index) & ~WAITERS).isEqualTo(held & ~WAITERS);
        assertThat(rig.owner.held).hasSize(1);
        assertThat(rig.owner.effectiveRank()).isEqualTo(3);
        assertFree(rig.task(4));
        assertFree(rig.task(5));
        assertThat(waiter.isDone()).isFalse();
        assertThat(mover.isDone()).isFalse();
      }
      waiter.thread().interrupt();
      mover.thread().interrupt();
      rig.crew.joinAll();
      return failed;
    }
  }

  private static boolean isFailure(Throwable failure, Runnable operation) {
    try {
      operation.run();
      return false;
    } catch (FutexException e) {
      assertThat(e.errno()).isEqualTo(Errno.EFAULT);
      assertThat(e).hasCause(failure);
    } catch (IllegalStateException | OutOfMemoryError e) {
      assertThat(e).isSameAs(failure);
    }
    return true;
  }

  private static void sneak(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }
}
