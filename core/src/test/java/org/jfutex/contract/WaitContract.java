package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Waiting: when it sleeps, how it ends, and which of several ends is reported. */
public abstract class WaitContract extends FutexContract {
  private static final int RACE_ROUNDS = 200;

  protected WaitContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @MethodSource("wordsAndThreads")
  void sleepsWhileTheWordHoldsTheValueUntilWoken(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Job<WaitStatus> waiter = waiter(thread, word);
    assertThat(waiter.isDone()).isFalse();
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
  }

  @ParameterizedTest
  @MethodSource("words")
  void reportsAChangedWordWithoutSleeping(WordKind kind) {
    Word word = kind.fresh(7);
    assertThat(futex.await(word, 0)).isEqualTo(WaitStatus.CHANGED);
  }

  @ParameterizedTest
  @MethodSource("words")
  void comparesTheLowBitsOnly(WordKind kind) {
    Word word = kind.fresh(-2);
    long mask = -1L >>> (Long.SIZE - kind.bits());
    assertThat(futex.await(word, -2, EXPIRED)).isEqualTo(WaitStatus.TIMED_OUT);
    assertThat(futex.await(word, -2 & mask, EXPIRED)).isEqualTo(WaitStatus.TIMED_OUT);
    long highestBit = 1L << (kind.bits() - 1);
    assertThat(futex.await(word, -2 ^ highestBit, EXPIRED)).isEqualTo(WaitStatus.CHANGED);
  }

  /** A wait with half of an old and half of a new value never sleeps (asterinas 981). */
  @ParameterizedTest
  @MethodSource("words")
  void neverComparesATornValue(WordKind kind) {
    Word word = kind.fresh();
    long half = (1L << (kind.bits() / 2)) - 1;
    Job<Void> flipper =
        crew.start(
            () -> {
              for (int i = 0; i < 20_000; i++) {
                WordKind.store(word, -1);
                WordKind.store(word, 0);
              }
              return null;
            });
    do {
      assertThat(futex.await(word, half, EXPIRED)).isEqualTo(WaitStatus.CHANGED);
      assertThat(futex.await(word, ~half, EXPIRED)).isEqualTo(WaitStatus.CHANGED);
    } while (!flipper.isDone());
  }

  @ParameterizedTest
  @EnumSource
  void aReachedDeadlineStillComparesTheWord(ClockId clock) {
    for (long nanos : new long[] {Long.MIN_VALUE, -1, 0, 1}) {
      Deadline reached =
          clock == ClockId.REALTIME ? new Deadline(clock, nanos) : pastMonotonic(nanos);
      assertThat(futex.await(WordKind.NATIVE_32.fresh(1), 0, reached))
          .isEqualTo(WaitStatus.CHANGED);
      assertThat(futex.await(word(), 0, reached)).isEqualTo(WaitStatus.TIMED_OUT);
    }
  }

  /** The monotonic clock may start anywhere, so the past is told from now. */
  private static Deadline pastMonotonic(long nanos) {
    return nanos == Long.MIN_VALUE
        ? Deadline.after(Long.MIN_VALUE, TimeUnit.NANOSECONDS)
        : new Deadline(ClockId.MONOTONIC, Ticker.system().nanos(ClockId.MONOTONIC) - 1 - nanos);
  }

  @ParameterizedTest
  @CsvSource({
    "MONOTONIC, PLATFORM",
    "MONOTONIC, VIRTUAL",
    "REALTIME, PLATFORM",
    "REALTIME, VIRTUAL"
  })
  void timesOutAtItsDeadlineAndNeverBefore(ClockId clock, ThreadKind thread) {
    Word word = word();
    Deadline deadline = soon(clock);
    Job<WaitStatus> waiter =
        crew.start(
            thread,
            () -> {
              WaitStatus status = futex.await(word, 0, deadline);
              assertThat(deadline.isReached(Ticker.system())).isTrue();
              return status;
            });
    assertThat(waiter.join()).isEqualTo(WaitStatus.TIMED_OUT);
    assertThat(futex.wake(word, 1)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineFarAwayOnEitherClockSleeps(ClockId clock) {
    for (long nanos : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE / 2}) {
      Word word = word();
      Job<WaitStatus> waiter = waiter(word, new Deadline(clock, nanos));
      assertWakesNext(word, waiter);
    }
  }

  @ParameterizedTest
  @MethodSource("wordsAndThreads")
  void anInterruptEndsTheSleepAndKeepsTheFlag(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Job<WaitStatus> waiter = interruptible(thread, word, Deadline.NEVER);
    untilQueued(word, 1);
    waiter.thread().interrupt();
    assertThat(waiter.join()).isEqualTo(WaitStatus.INTERRUPTED);
    assertThat(futex.wake(word, 1)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptBeforeTheCallEndsItAtOnce(ThreadKind thread) {
    Word word = word();
    Job<WaitStatus> waiter =
        crew.start(
            thread,
            () -> {
              Thread.currentThread().interrupt();
              WaitStatus status = futex.await(word, 0);
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
              return status;
            });
    assertThat(waiter.join()).isEqualTo(WaitStatus.INTERRUPTED);
  }

  @ParameterizedTest
  @EnumSource
  void changedBeatsInterruptedAndTimedOut(ThreadKind thread) {
    Word word = WordKind.NATIVE_32.fresh(1);
    Job<WaitStatus> waiter =
        crew.start(
            thread,
            () -> {
              Thread.currentThread().interrupt();
              return futex.await(word, 0, EXPIRED);
            });
    assertThat(waiter.join()).isEqualTo(WaitStatus.CHANGED);
  }

  @ParameterizedTest
  @EnumSource
  void timedOutBeatsInterrupted(ThreadKind thread) {
    Word word = word();
    Job<WaitStatus> waiter =
        crew.start(
            thread,
            () -> {
              Thread.currentThread().interrupt();
              return futex.await(word, 0, EXPIRED);
            });
    assertThat(waiter.join()).isEqualTo(WaitStatus.TIMED_OUT);
  }

  /** asterinas 1587: who was counted by a waker reports it, whatever else happened to it. */
  @ParameterizedTest
  @EnumSource
  void wokenBeatsInterrupted(ThreadKind thread) {
    Word word = word();
    for (int round = 0; round < RACE_ROUNDS; round++) {
      Job<WaitStatus> waiter = interruptible(thread, word, Deadline.NEVER);
      untilQueued(word, 1);
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      waiter.thread().interrupt();
      assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWakeAfterAnInterruptIsEitherCountedAndReportedOrNeither(ThreadKind thread) {
    Word word = word();
    for (int round = 0; round < RACE_ROUNDS; round++) {
      Job<WaitStatus> waiter = waiter(thread, word);
      waiter.thread().interrupt();
      int woken = futex.wake(word, 1);
      assertThat(waiter.join()).isEqualTo(woken == 1 ? WaitStatus.WOKEN : WaitStatus.INTERRUPTED);
    }
  }

  /** CPython's rule, folly's recheck: a timed-out waiter has not eaten a wake. */
  @ParameterizedTest
  @EnumSource
  void aWakeAtTheDeadlineIsEitherCountedAndReportedOrNeither(ThreadKind thread) {
    Word word = word();
    for (int round = 0; round < RACE_ROUNDS; round++) {
      Deadline deadline = Deadline.after(200, TimeUnit.MICROSECONDS);
      Job<WaitStatus> waiter = crew.start(thread, () -> futex.await(word, 0, deadline));
      while (!deadline.isReached(Ticker.system())) {
        Thread.onSpinWait();
      }
      int woken = futex.wake(word, 1);
      assertThat(waiter.join()).isEqualTo(woken == 1 ? WaitStatus.WOKEN : WaitStatus.TIMED_OUT);
    }
  }

  @Test
  void aWaiterWithoutABitsetIsRefused() {
    assertRefused(Errno.EINVAL, () -> new WaitOptions(0, 0));
    assertRefused(Errno.EINVAL, () -> WaitOptions.ofBitset(0));
  }

  @Test
  void optionsTheBackendLacksAreRefusedAndNobodyIsQueued() {
    Word word = word();
    if (!futex.capabilities().ranks()) {
      assertRefused(
          Errno.ENOSYS, () -> futex.await(word, 0, Deadline.NEVER, WaitOptions.ofRank(1)));
    }
    if (!futex.capabilities().bitsets()) {
      assertRefused(
          Errno.ENOSYS, () -> futex.await(word, 0, Deadline.NEVER, WaitOptions.ofBitset(1)));
    }
    if (!futex.capabilities().observers()) {
      assertRefused(Errno.ENOSYS, () -> futex.observe(word, () -> {}));
    }
    assertThat(backend.queued(word)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aWordTheBackendLacksIsRefused(WordKind kind) {
    if (words().noneMatch(kind::equals)) {
      Word word = kind.fresh();
      assertRefused(Errno.EINVAL, () -> futex.await(word, 0));
      assertRefused(Errno.EINVAL, () -> futex.wake(word, 1));
      assertRefused(Errno.EINVAL, () -> futex.requeue(word(), 1, word, 1));
      assertRefused(Errno.EINVAL, () -> futex.wakeAll(word));
    }
  }

  @ParameterizedTest
  @MethodSource("words")
  void takesAValueStoredByCompareAndSetAsItIs(WordKind kind) {
    Word word = kind.fresh(5);
    assertThat(word.bits()).isEqualTo(kind.bits());
    assertThat(word.compareAndSet(4, 6)).isFalse();
    assertThat(word.compareAndSet(5, -3)).isTrue();
    assertThat(futex.await(word, 5)).isEqualTo(WaitStatus.CHANGED);
    assertThat(futex.await(word, -3, EXPIRED)).isEqualTo(WaitStatus.TIMED_OUT);
  }

  @Test
  void closedMemoryIsAFaultForNewWaits() {
    Arena arena = Arena.ofShared();
    Word word = Word.of(arena.allocate(8), 0);
    arena.close();
    assertRefused(Errno.EFAULT, () -> futex.await(word, 0));
    assertRefused(Errno.EFAULT, () -> futex.await(word, 0, EXPIRED));
  }

  @ParameterizedTest
  @EnumSource
  void whoSleepsWhenTheMemoryIsClosedCanStillBeWoken(ThreadKind thread) {
    Arena arena = Arena.ofShared();
    Word word = Word.of(arena.allocate(8), 0);
    Job<WaitStatus> woken = waiter(thread, word);
    Job<WaitStatus> interrupted = waiter(thread, word);
    arena.close();
    assertRefused(Errno.EFAULT, () -> futex.await(word, 0));
    assertThat(backend.queued(word)).isEqualTo(2);
    assertWakesNext(word, woken);
    interrupted.thread().interrupt();
    assertThat(interrupted.join()).isEqualTo(WaitStatus.INTERRUPTED);
  }

  @Test
  void readOnlyMemoryCanBeWaitedOn() {
    var segment = Arena.ofAuto().allocate(8);
    Word word = Word.of(segment.asReadOnly(), 0);
    Job<WaitStatus> waiter = waiter(word);
    assertWakesNext(Word.of(segment, 0), waiter);
  }

  private Job<WaitStatus> interruptible(ThreadKind kind, Word word, Deadline deadline) {
    return crew.start(
        kind,
        () -> {
          WaitStatus status = futex.await(word, 0, deadline);
          if (status == WaitStatus.INTERRUPTED) {
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
          }
          return status;
        });
  }
}
