package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;

import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The shipped code in every schedule with a few preemptions, on a backend whose threads run one at
 * a time. In each of them all threads come to an end, without a lease.
 */
class MutexModelTest {
  private static final Deadline PAST = new Deadline(Deadline.NEVER.clock(), Long.MIN_VALUE);

  /** More of them would only repeat what a look leads to. */
  private static final int LOOKS = 2;

  /** How soon waiters ask to be handed the lock. */
  enum Patience {
    NEVER_ASKS(Long.MAX_VALUE, 2),
    ASKS_AT_ONCE(0, 3);

    private final long nanos;
    private final int preemptions;

    Patience(long nanos, int preemptions) {
      this.nanos = nanos;
      this.preemptions = preemptions;
    }
  }

  /** A mutex of a run, and what happens under it. */
  private static final class Rig {
    private final ModelFutex model;
    private final Word word;
    private final Word count;
    private final Mutex mutex;
    private final Condvar condvar;
    private boolean isHeld;
    private int permits;

    Rig(ModelFutex model, Patience patience) {
      this.model = model;
      this.word = model.word("mutex");
      this.count = model.word("count");
      this.mutex = new Mutex(Cell.local(model, word), patience.nanos, new Backoff(LOOKS));
      this.condvar = Condvar.of(model, count);
    }

    void enter() {
      assertThat(isHeld).as("another one is inside").isFalse();
      isHeld = true;
      model.assertNobodyWasPassed();
    }

    void leave() {
      isHeld = false;
      mutex.unlock();
    }

    void section() {
      mutex.lock();
      enter();
      leave();
    }

    void trySection() {
      if (mutex.tryLock()) {
        enter();
        leave();
      }
    }

    void impatientSection() {
      try {
        if (mutex.tryLock(PAST)) {
          enter();
          leave();
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    /** Takes a permit, unless it gives up first; returns whether it did. */
    boolean consume(Deadline deadline) {
      mutex.lock();
      enter();
      WaitStatus end = WaitStatus.WOKEN;
      while (permits == 0 && end == WaitStatus.WOKEN) {
        isHeld = false;
        try {
          end = condvar.await(mutex, deadline);
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        enter();
      }
      if (end == WaitStatus.WOKEN) {
        permits--;
      }
      leave();
      return end == WaitStatus.WOKEN;
    }

    void produce() {
      mutex.lock();
      enter();
      permits++;
      condvar.signal(mutex);
      leave();
    }

    void produceAndSignalLater() {
      mutex.lock();
      enter();
      permits++;
      leave();
      condvar.signal(mutex);
    }

    void produceForAll() {
      mutex.lock();
      enter();
      permits += 2;
      leave();
      condvar.signalAll(mutex);
    }

    void assertFree() {
      assertThat(ModelFutex.valueOf(word)).isZero();
    }

    void assertAllTaken() {
      assertFree();
      assertThat(permits).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneAtATimeAndAllGetIt(Patience patience) {
    ModelFutex.explore(
        patience.preemptions,
        1,
        model -> {
          Rig rig = new Rig(model, patience);
          model.thread(
              "barger",
              () -> {
                rig.section();
                rig.section();
                rig.section();
              });
          model.thread("waiter", rig::section);
          model.thread("impatient", rig::impatientSection);
          return rig::assertFree;
        });
  }

  /** Two who were woken for nothing have asked at the same time. */
  @Test
  void whoeverHasAskedComesFirst() {
    ModelFutex.explore(
        2,
        0,
        model -> {
          Rig rig = new Rig(model, Patience.ASKS_AT_ONCE);
          ModelFutex.store(rig.word, Mutex.LOCKED); // by the holder
          model.thread("a", rig::section);
          model.thread("b", rig::section);
          model.thread(
              "holder",
              () -> {
                rig.enter();
                int _ = model.wakeAll(rig.word);
                rig.leave();
              });
          model.thread("barger", rig::trySection);
          return rig::assertFree;
        });
  }

  /** One permit, which the impatient one passes on if it gets it: the patient one gets it then. */
  @ParameterizedTest
  @EnumSource
  void aSignalIsNotLostWithWhoGivesUp(Patience patience) {
    for (boolean isHeld : new boolean[] {true, false}) {
      ModelFutex.explore(
          1,
          1,
          model -> {
            Rig rig = new Rig(model, patience);
            model.thread(
                "impatient",
                () -> {
                  if (rig.consume(PAST)) {
                    rig.produce();
                  }
                });
            model.thread("patient", () -> assertThat(rig.consume(Deadline.NEVER)).isTrue());
            model.thread("producer", isHeld ? rig::produce : rig::produceAndSignalLater);
            return rig::assertAllTaken;
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void allAreSignalled(Patience patience) {
    ModelFutex.explore(
        1,
        1,
        model -> {
          Rig rig = new Rig(model, patience);
          model.thread("a", () -> assertThat(rig.consume(Deadline.NEVER)).isTrue());
          model.thread("b", () -> assertThat(rig.consume(Deadline.NEVER)).isTrue());
          model.thread("producer", rig::produceForAll);
          return rig::assertAllTaken;
        });
  }
}
