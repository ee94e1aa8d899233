package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jfutex.AnyWait;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory, clocks and listeners that fail, at every point where the engine uses them: no lock is
 * held afterwards, nobody is queued who was not before, and who was is still there.
 */
class EngineFaultTest {
  private static final Deadline EXPIRED = new Deadline(ClockId.REALTIME, 0);
  private static final Deadline FAR = new Deadline(ClockId.REALTIME, Long.MAX_VALUE - 1);
  private static final WakeOp ADD = new WakeOp(WakeOp.Operation.ADD, 1, WakeOp.Comparison.EQ, 0);

  private final int[] cells = new int[4];
  private JvmFutex engine = new JvmFutex(2, Ticker.system());
  private EngineProbe probe = new EngineProbe(engine);

  /** What an access may throw. */
  enum Failure {
    WORD_FAULT(() -> new WordFault("gone")),
    RUNTIME_EXCEPTION(() -> new IllegalStateException("broken")),
    ERROR(() -> new OutOfMemoryError("as if"));

    private final Supplier<Throwable> maker;

    Failure(Supplier<Throwable> maker) {
      this.maker = maker;
    }

    private void fail() {
      switch (maker.get()) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new AssertionError(e);
      }
    }

    private void assertThrownBy(Runnable operation) {
      Throwable expected = maker.get();
      if (expected instanceof WordFault) {
        assertThatThrownBy(operation::run)
            .isInstanceOfSatisfying(
                FutexException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT))
            .hasCauseInstanceOf(WordFault.class);
      } else {
        assertThatThrownBy(operation::run).isExactlyInstanceOf(expected.getClass());
      }
    }
  }

  /** Every operation that reads or writes words, so that it ends by itself where nothing fails. */
  enum Operation {
    AWAIT {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.await(words.get(0), 0, EXPIRED);
      }
    },
    AWAIT_INTERRUPTED {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        Thread.currentThread().interrupt();
        try {
          engine.await(words.get(0), 0, FAR);
        } finally {
          Thread.interrupted();
        }
      }
    },
    AWAIT_ANY {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.awaitAny(entries(words), EXPIRED);
      }
    },
    AWAIT_ASYNC {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.awaitAsync(words.get(0), 0, FAR, WaitOptions.DEFAULT).cancel(false);
      }
    },
    ENQUEUE {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.enqueue(entries(words), FAR, WaitOptions.DEFAULT, (_, _) -> true).cancel();
      }
    },
    COMPARE_REQUEUE {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.compareRequeue(words.get(0), 0, 1, words.get(1), 1);
      }
    },
    WAKE_OP {
      @Override
      void run(JvmFutex engine, List<Word> words) {
        engine.wakeOp(words.get(1), 1, words.get(0), 1, ADD);
      }
    };

    abstract void run(JvmFutex engine, List<Word> words);
  }

  @AfterEach
  void nobodyIsLeft() {
    for (int i = 0; i < cells.length; i++) {
      engine.wakeAll(Word.of(cells, i));
    }
    probe.assertAtRest();
  }

  @ParameterizedTest
  @EnumSource
  void aFailingAccessLeavesEverythingAsItWas(Operation operation) {
    for (Failure failure : Failure.values()) {
      for (int at = 0; ; at++) {
        List<CompletableFuture<WaitStatus>> waiting = queueOneOnEach();
        List<SleepingWaiter> before = engine.waiters();
        Faults faults = new Faults(at, failure::fail);
        Runnable run = () -> operation.run(engine, faultyWords(faults));
        if (!swept(operation, faults, failure, run)) {
          assertThat(at).as("accesses of %s", operation).isGreaterThanOrEqualTo(2);
          waiting.forEach(wait -> wait.cancel(false));
          break;
        }
        assertThat(engine.waiters()).containsExactlyInAnyOrderElementsOf(before);
        assertThat(waiting).allSatisfy(wait -> assertThat(wait).isNotDone());
        assertThat(cells).containsOnly(0);
        waiting.forEach(wait -> wait.cancel(false));
        probe.assertAtRest();
      }
      java.util.Arrays.fill(cells, 0);
    }
  }

  /** False if the operation has fewer accesses, and ran undisturbed. */
  private boolean swept(Operation operation, Faults faults, Failure failure, Runnable run) {
    try {
      run.run();
      assertThat(faults.happened()).as("%s swallowed its failure", operation).isFalse();
      return false;
    } catch (FutexException e) {
      assertThat(failure).isEqualTo(Failure.WORD_FAULT);
      assertThat(e).hasCauseInstanceOf(WordFault.class);
      assertThat(e.errno()).isEqualTo(Errno.EFAULT);
    } catch (IllegalStateException e) {
      assertThat(failure).isEqualTo(Failure.RUNTIME_EXCEPTION);
    } catch (OutOfMemoryError e) {
      assertThat(failure).isEqualTo(Failure.ERROR);
    }
    return true;
  }

  /** WAKE and REQUEUE do not touch the words at all: their memory may have gone. */
  @Test
  void wakeAndRequeueNeverTouchTheWords() {
    Faults faults = new Faults(0, Failure.ERROR::fail);
    List<Word> words = faultyWords(faults);
    queueOneOnEach();
    assertThat(engine.requeue(words.get(0), 0, words.get(1), 1)).isEqualTo(1);
    assertThat(engine.wake(words.get(1), 5)).isEqualTo(2);
    assertThat(engine.wakeAll(words.get(2))).isEqualTo(1);
    assertThat(engine.waiters()).hasSize(1);
    assertThat(faults.happened()).isFalse();
  }

  /** futex_waitv: who was woken while a later entry fails has been counted and must report it. */
  @ParameterizedTest
  @EnumSource
  void aVectorWaitWokenBeforeItFailsReportsTheWake(Failure failure) {
    Word first = Word.of(cells, 0);
    // the first access of each entry is made under no lock, so it may call back
    Faults faults =
        new Faults(
            4,
            () -> {
              assertThat(engine.wake(first, 1)).isEqualTo(1);
              failure.fail();
            });
    List<WaitEntry> entries = entries(faultyWords(faults));
    assertThat(engine.awaitAny(entries, FAR)).isEqualTo(new AnyWait(WaitStatus.WOKEN, 0));
    probe.assertAtRest();
  }

  /** The clock is asked before parking: what fails then, fails in a wait that was counted. */
  @ParameterizedTest
  @EnumSource
  void aWaitWokenBeforeTheClockFailsReportsTheWake(Failure failure) {
    Word word = Word.of(cells, 0);
    JvmFutex[] failing = new JvmFutex[1];
    failing[0] =
        new JvmFutex(
            2,
            clock -> {
              if (clock == ClockId.REALTIME) { // that of the deadline
                assertThat(failing[0].wakeAll(word)).isEqualTo(1);
                failure.fail();
              }
              return Ticker.system().nanos(clock);
            });
    engine = failing[0];
    probe = new EngineProbe(engine);
    assertThat(engine.await(word, 0, FAR)).isEqualTo(WaitStatus.WOKEN);
    assertThat(engine.awaitAny(entries(List.of(word)), FAR))
        .isEqualTo(new AnyWait(WaitStatus.WOKEN, 0));
  }

  @Test
  void aVectorWaitWokenBeforeAChangedEntryReportsTheWake() {
    Faults faults =
        new Faults(
            4,
            () -> {
              assertThat(engine.wake(Word.of(cells, 1), 1)).isEqualTo(1);
              cells[2] = 1;
            });
    assertThat(engine.awaitAny(entries(faultyWords(faults)), FAR))
        .isEqualTo(new AnyWait(WaitStatus.WOKEN, 1));
    AsyncWait wait =
        engine.enqueue(
            entries(
                faultyWords(
                    new Faults(
                        4, () -> assertThat(engine.wake(Word.of(cells, 1), 1)).isEqualTo(1)))),
            FAR,
            WaitOptions.DEFAULT,
            (_, _) -> {
              throw new AssertionError("told besides");
            });
    assertThat(wait.immediate()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 1));
  }

  @ParameterizedTest
  @EnumSource
  void aFailingClockLeavesNobodyQueued(Operation operation) {
    for (int failing = 0; failing < 6; failing++) {
      int at = failing;
      int[] asked = {0};
      engine =
          new JvmFutex(
              2,
              clock -> {
                if (asked[0]++ == at) {
                  throw new IllegalStateException("no time");
                }
                return Ticker.system().nanos(clock);
              });
      probe = new EngineProbe(engine);
      try {
        operation.run(engine, faultyWords(new Faults(-1, () -> {})));
        assertThat(asked[0]).as("%s swallowed the failure", operation).isLessThanOrEqualTo(at);
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage("no time");
      }
      probe.assertAtRest();
    }
  }

  @Test
  void aListenerThatThrowsCostsNobodyElseTheWake() {
    Word word = Word.of(cells, 0);
    Word target = Word.of(cells, 1);
    enqueueThrowing(word);
    CompletableFuture<WaitStatus> behind = async(word);
    CompletableFuture<WaitStatus> onTarget = async(target);
    assertThatThrownBy(() -> engine.wakeOp(word, 2, target, 1, ADD)).hasMessage("listener");
    assertThat(behind).isCompletedWithValue(WaitStatus.WOKEN);
    assertThat(onTarget).isCompletedWithValue(WaitStatus.WOKEN);
  }

  /** The wake of one who has gone is still owed to the next, whatever another's listener does. */
  @Test
  void aListenerThatThrowsDoesNotKeepARefusedWakeFromTheNext() {
    for (Consumer<Word> waker :
        List.<Consumer<Word>>of(
            word -> engine.wake(word, 2),
            word -> engine.wakeOp(word, 2, Word.of(cells, 3), 0, ADD),
            word -> engine.requeue(word, 2, Word.of(cells, 1), 1))) {
      Word word = Word.of(cells, 0);
      enqueueThrowing(word);
      engine.enqueue(entries(List.of(word)), FAR, WaitOptions.DEFAULT, (_, _) -> false);
      CompletableFuture<WaitStatus> behind = async(word);
      assertThatThrownBy(() -> waker.accept(word)).hasMessage("listener");
      assertThat(behind).isCompletedWithValue(WaitStatus.WOKEN);
    }
  }

  @Test
  void aListenerThatThrowsWhenDescribedHoldsNoLock() {
    engine.enqueue(
        entries(List.of(Word.of(cells, 0))),
        FAR,
        WaitOptions.DEFAULT,
        new org.jfutex.engine.WaitListener() {
          @Override
          public boolean onOutcome(WaitStatus status, int index) {
            return true;
          }

          @Override
          public String toString() {
            assertThat(engine.table().bucket(0).isLocked()).isFalse();
            assertThat(engine.table().bucket(1).isLocked()).isFalse();
            return "polite";
          }
        });
    assertThat(engine.waiters()).extracting(SleepingWaiter::name).containsExactly("polite");
  }

  private void enqueueThrowing(Word word) {
    engine.enqueue(
        entries(List.of(word)),
        Deadline.after(1, TimeUnit.HOURS),
        WaitOptions.DEFAULT,
        (_, _) -> {
          throw new IllegalStateException("listener");
        });
  }

  private CompletableFuture<WaitStatus> async(Word word) {
    return engine.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
  }

  private List<CompletableFuture<WaitStatus>> queueOneOnEach() {
    List<CompletableFuture<WaitStatus>> waiting = new ArrayList<>();
    for (int i = 0; i < cells.length; i++) {
      waiting.add(async(Word.of(cells, i)));
    }
    return waiting;
  }

  private List<Word> faultyWords(Faults faults) {
    List<Word> words = new ArrayList<>();
    for (int i = 0; i < cells.length; i++) {
      words.add(new FaultyWord(Word.of(cells, i), faults));
    }
    return words;
  }

  private static List<WaitEntry> entries(List<Word> words) {
    return words.stream().map(word -> new WaitEntry(word, 0)).toList();
  }
}
