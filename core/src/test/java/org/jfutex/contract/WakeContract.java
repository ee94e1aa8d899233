package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Waking: whom, how many, in which order. */
public abstract class WakeContract extends FutexContract {
  protected WakeContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @MethodSource("words")
  void wakesNobodyWhereNobodyWaits(WordKind kind) {
    assertThat(futex.wake(kind.fresh(), 1)).isZero();
    assertThat(futex.wakeAll(kind.fresh())).isZero();
  }

  @Test
  void wakeZeroWakesNobody() {
    Word word = word();
    Job<WaitStatus> waiter = waiter(word);
    assertThat(futex.wake(word, 0)).isZero();
    assertThat(backend.queued(word)).isEqualTo(1);
    assertWakesNext(word, waiter);
  }

  @Test
  void refusesANegativeCount() {
    for (int count : new int[] {-1, Integer.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> futex.wake(word(), count))
          .withMessageContaining(Integer.toString(count));
    }
  }

  @Test
  void refusesAnEmptyBitset() {
    assertRefused(Errno.EINVAL, () -> futex.wake(word(), 1, 0));
  }

  @ParameterizedTest
  @EnumSource
  void wakesAtMostAsManyAsAsked(ThreadKind thread) {
    Word word = word();
    for (int i = 0; i < 5; i++) {
      waiter(thread, word);
    }
    assertThat(futex.wake(word, 2)).isEqualTo(2);
    assertThat(backend.queued(word)).isEqualTo(3);
    assertThat(futex.wake(word, 10)).isEqualTo(3);
    assertThat(futex.wakeAll(word)).isZero();
    crew.joinAll();
  }

  @ParameterizedTest
  @MethodSource("words")
  void wakesInOrderOfArrival(WordKind kind) {
    Word word = kind.fresh();
    assertWakeOrder(word, waiters(word, 4));
  }

  /** Asterinas removed by swapping with the last: trap 3. */
  @Test
  void keepsTheOrderWhenOneInTheMiddleTimesOut() {
    Word word = word();
    Job<WaitStatus> first = waiter(word);
    Job<WaitStatus> leaves = waiter(word, soon(ClockId.MONOTONIC));
    List<Job<WaitStatus>> others = waiters(word, 3);
    assertThat(leaves.join()).isEqualTo(WaitStatus.TIMED_OUT);
    assertThat(backend.queued(word)).isEqualTo(4);
    assertWakesNext(word, first);
    assertWakeOrder(word, others);
  }

  @Test
  void keepsTheOrderWhoeverIsInterrupted() {
    for (int leaving = 0; leaving < 4; leaving++) {
      Word word = word();
      List<Job<WaitStatus>> all = waiters(word, 4);
      Job<WaitStatus> leaver = all.get(leaving);
      leaver.thread().interrupt();
      assertThat(leaver.join()).isEqualTo(WaitStatus.INTERRUPTED);
      assertWakeOrder(word, all.stream().filter(job -> job != leaver).toList());
    }
  }

  /** chicory 1314: a late arrival must not take the wake of one who waits already. */
  @Test
  void aLateArrivalDoesNotStealAWake() {
    Word word = word();
    for (int round = 0; round < 100; round++) {
      Job<WaitStatus> early = waiter(word);
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      Job<WaitStatus> late = waiter(word);
      assertThat(early.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(late.isDone()).isFalse();
      assertWakesNext(word, late);
    }
  }

  /** prosper 663: one condition variable for all addresses. */
  @ParameterizedTest
  @MethodSource("words")
  void aWakeOnOneWordIsNeverConsumedOnAnother(WordKind kind) {
    Word a = kind.fresh();
    Word b = kind.fresh();
    Job<WaitStatus> onB = waiter(b);
    assertThat(futex.wake(a, 1)).isZero();
    Job<WaitStatus> onA = waiter(a);
    assertWakesNext(a, onA);
    assertThat(onB.isDone()).isFalse();
    assertWakesNext(b, onB);
  }

  /** A waiter that timed out is not counted later instead of one who is there. */
  @Test
  void aWaiterThatLeftIsNeverCounted() {
    Word word = word();
    Job<WaitStatus> leaves = waiter(word, soon(ClockId.MONOTONIC));
    Job<WaitStatus> stays = waiter(word);
    assertThat(leaves.join()).isEqualTo(WaitStatus.TIMED_OUT);
    assertWakesNext(word, stays);
    assertThat(futex.wake(word, 1)).isZero();
  }

  @Test
  void wakesThoseWhoseBitsetMeets() {
    needsBitsets();
    Word word = word();
    Job<WaitStatus> read = waiter(word, WaitOptions.ofBitset(0b01));
    Job<WaitStatus> write = waiter(word, WaitOptions.ofBitset(0b10));
    Job<WaitStatus> both = waiter(word, WaitOptions.ofBitset(0b11));
    Job<WaitStatus> sign = waiter(word, WaitOptions.ofBitset(Integer.MIN_VALUE));
    assertThat(futex.wake(word, 9, 0b100)).isZero();
    assertThat(futex.wake(word, 1, 0b10)).isEqualTo(1);
    assertThat(write.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(futex.wake(word, 9, 0b10)).isEqualTo(1);
    assertThat(both.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(futex.wake(word, 9, Integer.MIN_VALUE)).isEqualTo(1);
    assertThat(sign.join()).isEqualTo(WaitStatus.WOKEN);
    assertWakesNext(word, read);
  }

  @Test
  void skippedBitsetsKeepTheirPlace() {
    needsBitsets();
    Word word = word();
    Job<WaitStatus> first = waiter(word, WaitOptions.ofBitset(1));
    Job<WaitStatus> second = waiter(word, WaitOptions.ofBitset(2));
    Job<WaitStatus> third = waiter(word, WaitOptions.ofBitset(1));
    Job<WaitStatus> fourth = waiter(word, WaitOptions.ofBitset(2));
    assertThat(futex.wake(word, 1, 2)).isEqualTo(1);
    assertThat(second.join()).isEqualTo(WaitStatus.WOKEN);
    assertWakeOrder(word, List.of(first, third, fourth));
  }
}
