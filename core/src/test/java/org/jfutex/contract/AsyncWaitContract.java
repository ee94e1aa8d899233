package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Waiting without a thread. */
public abstract class AsyncWaitContract extends FutexContract {
  private static final int RACE_ROUNDS = 300;

  protected AsyncWaitContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @MethodSource("words")
  void aWakeCompletesIt(WordKind kind) {
    Word word = kind.fresh();
    CompletableFuture<WaitStatus> wait = async(word);
    assertThat(wait).isNotDone();
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(wait.join()).isEqualTo(WaitStatus.WOKEN);
  }

  @ParameterizedTest
  @MethodSource("words")
  void aChangedWordCompletesItAtOnce(WordKind kind) {
    assertThat(async(kind.fresh(3))).isCompletedWithValue(WaitStatus.CHANGED);
  }

  @ParameterizedTest
  @EnumSource
  void aReachedDeadlineCompletesItAtOnceButComparesFirst(ClockId clock) {
    Deadline reached = clock == ClockId.REALTIME ? new Deadline(clock, 0) : EXPIRED;
    assertThat(async(word(), reached)).isCompletedWithValue(WaitStatus.TIMED_OUT);
    assertThat(async(WordKind.NATIVE_32.fresh(1), reached))
        .isCompletedWithValue(WaitStatus.CHANGED);
  }

  @ParameterizedTest
  @EnumSource
  void timesOutAtItsDeadlineAndNeverBefore(ClockId clock) {
    Word word = word();
    Deadline deadline = soon(clock);
    CompletableFuture<Boolean> reached =
        async(word, deadline).thenApply(_ -> deadline.isReached(Ticker.system()));
    Crew.until("the deadline", reached::isDone);
    assertThat(reached.join()).isTrue();
    assertThat(futex.wake(word, 1)).isZero();
  }

  @Test
  void closedMemoryIsAFault() {
    Arena arena = Arena.ofShared();
    Word word = Word.of(arena.allocate(8), 0);
    arena.close();
    assertRefused(Errno.EFAULT, () -> async(word));
  }

  @Test
  void cancellingLeavesTheQueue() {
    Word word = word();
    CompletableFuture<WaitStatus> wait = async(word);
    assertThat(wait.cancel(true)).isTrue();
    assertThat(backend.queued(word)).isZero();
    assertThat(futex.wake(word, 1)).isZero();
  }

  /** However the future is completed: who waits no longer is queued no longer. */
  @Test
  void completingItByHandLeavesTheQueue() {
    Word word = word();
    async(word).complete(WaitStatus.TIMED_OUT);
    assertThat(backend.queued(word)).isZero();
    async(word).completeExceptionally(new IllegalStateException("by hand"));
    assertThat(backend.queued(word)).isZero();
    CompletableFuture<WaitStatus> _ =
        async(word).completeOnTimeout(WaitStatus.TIMED_OUT, 1, TimeUnit.MILLISECONDS);
    untilQueued(word, 0);
  }

  @Test
  void standsInLineWithSleepingThreads() {
    Word word = word();
    CompletableFuture<WaitStatus> first = async(word);
    Job<WaitStatus> second = waiter(word);
    CompletableFuture<WaitStatus> third = async(word);
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertWoken(first);
    assertWakesNext(word, second);
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertWoken(third);
  }

  @Test
  void keepsItsBitsetAndCanBeMoved() {
    needsBitsets();
    Word from = word();
    Word to = word();
    CompletableFuture<WaitStatus> wait =
        futex.awaitAsync(from, 0, Deadline.NEVER, WaitOptions.ofBitset(2));
    assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
    assertThat(futex.wake(to, 1, 1)).isZero();
    assertThat(futex.wake(to, 1, 2)).isEqualTo(1);
    assertWoken(wait);
  }

  @Test
  void completesOutsideAllLocks() {
    Word word = word();
    List<Integer> seen = new ArrayList<>();
    CompletableFuture<Void> nested =
        async(word)
            .thenAccept(
                _ -> {
                  seen.add(futex.wake(word, 1));
                  Job<WaitStatus> other = crew.start(() -> futex.await(word, 0, EXPIRED));
                  assertThat(other.join()).isEqualTo(WaitStatus.TIMED_OUT);
                });
    CompletableFuture<WaitStatus> second = async(word);
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    nested.join();
    assertThat(seen).containsExactly(1);
    assertWoken(second);
  }

  /** A wake that had counted a wait goes to the next one, or the cancel fails: none is lost. */
  @Test
  void aCancelLosesNoWake() {
    Word word = word();
    for (int round = 0; round < RACE_ROUNDS; round++) {
      CompletableFuture<WaitStatus> cancelled = async(word);
      CompletableFuture<WaitStatus> next = async(word);
      Job<Boolean> canceller = crew.start(() -> cancelled.cancel(false));
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      if (canceller.join()) {
        assertWoken(next);
      } else {
        assertWoken(cancelled);
        assertThat(next.cancel(false)).isTrue();
      }
      assertThat(backend.queued(word)).isZero();
    }
  }

  @Test
  void aWakeAtTheDeadlineIsEitherCountedAndReportedOrNeither() {
    Word word = word();
    for (int round = 0; round < RACE_ROUNDS; round++) {
      Deadline deadline = Deadline.after(100, TimeUnit.MICROSECONDS);
      CompletableFuture<WaitStatus> wait = async(word, deadline);
      while (!deadline.isReached(Ticker.system())) {
        Thread.onSpinWait();
      }
      int woken = futex.wake(word, 1);
      Crew.until("an outcome", wait::isDone);
      assertThat(wait.join()).isEqualTo(woken == 1 ? WaitStatus.WOKEN : WaitStatus.TIMED_OUT);
    }
  }

  private CompletableFuture<WaitStatus> async(Word word) {
    return async(word, Deadline.NEVER);
  }

  private CompletableFuture<WaitStatus> async(Word word, Deadline deadline) {
    return futex.awaitAsync(word, 0, deadline, WaitOptions.DEFAULT);
  }
}
