package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requeue and compare-requeue: whom they move, what the moved keep, what they count. */
public abstract class RequeueContract extends FutexContract {
  protected RequeueContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @MethodSource("words")
  void wakesTheFirstAndMovesTheNextAndCountsBoth(WordKind kind) {
    Word from = kind.fresh();
    Word to = kind.fresh();
    List<Job<WaitStatus>> all = waiters(from, 5);
    assertThat(futex.requeue(from, 1, to, 2)).isEqualTo(3);
    assertThat(all.get(0).join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(backend.queued(from)).isEqualTo(2);
    assertThat(backend.queued(to)).isEqualTo(2);
    assertWakeOrder(to, all.subList(1, 3));
    assertWakeOrder(from, all.subList(3, 5));
  }

  @Test
  void movesBetweenWordsOfDifferentWidth() {
    for (WordKind kind : words().toList()) {
      Word from = partnerOf(kind);
      Word to = kind.fresh();
      Job<WaitStatus> waiter = waiter(from);
      assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
      assertWakesNext(to, waiter);
    }
  }

  @Test
  void mixedScopesAreMovedOrRefused() {
    Word from = word();
    Word to = WordKind.MAPPED_32.fresh();
    Job<WaitStatus> waiter = waiter(from);
    if (futex.capabilities().mixedScopes()) {
      assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
      assertWakesNext(to, waiter);
    } else {
      assertRefused(Errno.EINVAL, () -> futex.requeue(from, 0, to, 1));
      assertRefused(Errno.EINVAL, () -> futex.compareRequeue(from, 0, 0, to, 1));
      assertWakesNext(from, waiter);
    }
  }

  @Test
  void zeroCountsMoveAndWakeNobody() {
    Word from = word();
    Word to = word();
    Job<WaitStatus> waiter = waiter(from);
    assertThat(futex.requeue(from, 0, to, 0)).isZero();
    assertThat(futex.compareRequeue(from, 0, 0, to, 0)).hasValue(0);
    assertThat(backend.queued(from)).isEqualTo(1);
    assertWakesNext(from, waiter);
  }

  /** Trap 4: the budget is looked at before anybody is moved. */
  @Test
  void aBudgetOfZeroMovesNobodyOnOneWord() {
    Word word = word();
    List<Job<WaitStatus>> all = waiters(word, 2);
    assertThat(futex.requeue(word, 0, word, 0)).isZero();
    assertThat(futex.requeue(word, 1, word, 0)).isEqualTo(1);
    assertThat(all.get(0).join()).isEqualTo(WaitStatus.WOKEN);
    assertWakesNext(word, all.get(1));
  }

  @Test
  void requeueToTheSameWordCountsButChangesNothing() {
    Word word = word();
    List<Job<WaitStatus>> all = waiters(word, 4);
    assertThat(futex.requeue(word, 1, word, Integer.MAX_VALUE)).isEqualTo(4);
    assertThat(all.get(0).join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(futex.requeue(word, 0, word, 2)).isEqualTo(2);
    assertWakeOrder(word, all.subList(1, 4));
  }

  @Test
  void nobodyThereIsZero() {
    assertThat(futex.requeue(word(), 1, word(), 1)).isZero();
    assertThat(futex.compareRequeue(word(), 0, 1, word(), 1)).hasValue(0);
  }

  @Test
  void refusesNegativeCounts() {
    Word word = word();
    assertThatIllegalArgumentException().isThrownBy(() -> futex.requeue(word, -1, word, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> futex.requeue(word, 1, word, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> futex.compareRequeue(word, 1, -1, word, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> futex.compareRequeue(word, 1, 1, word, -1));
  }

  @ParameterizedTest
  @MethodSource("words")
  void compareRequeueDoesNothingIfTheWordHasChanged(WordKind kind) {
    Word from = kind.fresh();
    Word to = kind.fresh();
    Job<WaitStatus> waiter = waiter(from);
    WordKind.store(from, -1);
    assertThat(futex.compareRequeue(from, 0, 1, to, 1)).isEmpty();
    assertThat(backend.queued(from)).isEqualTo(1);
    assertThat(futex.compareRequeue(from, -1, 0, to, 1)).hasValue(1);
    assertWakesNext(to, waiter);
  }

  @Test
  void compareRequeueNeedsReadableMemory() {
    Arena arena = Arena.ofShared();
    Word from = Word.of(arena.allocate(8), 0);
    Word to = word();
    Job<WaitStatus> waiter = waiter(from);
    arena.close();
    assertRefused(Errno.EFAULT, () -> futex.compareRequeue(from, 0, 1, to, 1));
    assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
    assertWakesNext(to, waiter);
  }

  /** Trap 10 and the law: the deadline goes along, and it is the new word that is left. */
  @Test
  void aMovedWaiterTimesOutOnItsNewWord() {
    for (ClockId clock : ClockId.values()) {
      Word from = word();
      Word to = word();
      Job<WaitStatus> waiter;
      do { // again if this machine is so slow that it times out before it can be moved
        waiter = waiter(from, soon(clock));
      } while (futex.requeue(from, 0, to, 1) == 0);
      assertThat(waiter.join()).isEqualTo(WaitStatus.TIMED_OUT);
      assertThat(futex.wake(to, 1)).isZero();
      assertThat(futex.wake(from, 1)).isZero();
    }
  }

  /** Trap 7: it looks its bucket up again. */
  @Test
  void aMovedWaiterCanBeInterrupted() {
    Word from = word();
    Word to = word();
    Job<WaitStatus> leaves = waiter(from);
    Job<WaitStatus> stays = waiter(from);
    assertThat(futex.requeue(from, 0, to, 2)).isEqualTo(2);
    leaves.thread().interrupt();
    assertThat(leaves.join()).isEqualTo(WaitStatus.INTERRUPTED);
    assertWakesNext(to, stays);
  }

  /** Trap 2: the bitset belongs to the waiter, and requeue does not ask for it. */
  @Test
  void aMovedWaiterKeepsItsBitset() {
    needsBitsets();
    Word from = word();
    Word to = word();
    Job<WaitStatus> waiter = waiter(from, WaitOptions.ofBitset(4));
    assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
    assertThat(futex.wake(to, 1, ~4)).isZero();
    assertThat(futex.wake(to, 1, 4)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
  }

  @Test
  void requeueKeepsFifoOrder() {
    Word from = word();
    Word to = word();
    List<Job<WaitStatus>> all = waiters(from, 4);
    assertThat(futex.requeue(from, 0, to, 2)).isEqualTo(2);
    assertThat(futex.requeue(from, 0, to, 2)).isEqualTo(2);
    assertWakeOrder(to, all);
  }

  @Test
  void aMovedWaiterNoLongerComparesAnyWord() {
    Word from = word();
    Word to = WordKind.NATIVE_32.fresh(99);
    Job<WaitStatus> waiter = waiter(from);
    assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
    WordKind.store(from, 1);
    assertThat(waiter.isDone()).isFalse();
    assertWakesNext(to, waiter);
  }
}
