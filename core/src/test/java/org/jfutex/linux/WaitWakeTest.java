package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX;

import org.jfutex.linux.SegmentSpace.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FUTEX_WAIT, FUTEX_WAKE and their BITSET forms: order, counts and errors. */
class WaitWakeTest {
  private final Guest guest = new Guest();

  private GuestThread bitsetWaiter(int bitset) {
    return guest.asleep(WORD, WAIT_BITSET | PRIVATE, 0, 0, 0, bitset);
  }

  private long bitsetWake(long count, long bitset) {
    return guest.futex(WORD, WAKE_BITSET | PRIVATE, count, 0, 0, bitset);
  }

  @Test
  void aChangedWordIsReportedAtOnce() {
    guest.set(WORD, 7);
    assertThat(guest.futex(WORD, WAIT | PRIVATE, 6, 0, 0, 0)).isEqualTo(EAGAIN);
  }

  @Test
  void aWokenWaitIsZeroWhateverTheWordHolds() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void aWakeNeverLooksAtTheWord() {
    GuestThread waiter = guest.waiter(WORD);
    guest.space.protect(WORD, PAGE, Protection.NONE);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void waitersAreWokenInOrderOfArrival() {
    GuestThread first = guest.waiter(WORD);
    GuestThread second = guest.waiter(WORD);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(first.result()).isZero();
    assertThat(second.isAsleep()).isTrue();
    assertThat(guest.wake(WORD, 1)).isOne();
  }

  @Test
  void higherRanksAreWokenFirst() {
    // spec: enqueue 0, RT10, 0, RT50, RT10
    int[] ranks = {0, 10, 0, 50, 10};
    int[] order = {3, 1, 4, 0, 2};
    GuestThread[] threads = new GuestThread[ranks.length];
    for (int i = 0; i < ranks.length; i++) {
      threads[i] = guest.thread().rank(ranks[i]).sleeps(NR_FUTEX, WORD, WAIT | PRIVATE, 0);
    }
    for (int next : order) {
      assertThat(threads[next].isAsleep()).isTrue();
      assertThat(guest.wake(WORD, 1)).isOne();
      assertThat(threads[next].result()).isZero();
    }
  }

  @Test
  void orderSurvivesAWaiterThatLeaves() {
    GuestThread first = guest.waiter(WORD);
    GuestThread second = guest.waiter(WORD);
    GuestThread third = guest.waiter(WORD);
    assertThat(first.cancel()).isTrue();
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(second.result()).isZero();
    assertThat(third.isAsleep()).isTrue();
  }

  @Test
  void wakeWithCountZeroWakesOne() {
    GuestThread first = guest.waiter(WORD);
    GuestThread second = guest.waiter(WORD);
    assertThat(guest.wake(WORD, 0)).isOne();
    assertThat(first.result()).isZero();
    assertThat(bitsetWake(0, ANY)).isOne();
    assertThat(second.result()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0x80000000L, 0xffff_ffffL, Long.MIN_VALUE, 0xff_8000_0000L})
  void wakeWithNegativeCountWakesOne(long count) {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(guest.wake(WORD, count)).isOne();
    assertThat(bitsetWake(count, ANY)).isOne();
  }

  @Test
  void aCountIsTheLowHalfOfItsRegister() {
    guest.waiter(WORD);
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(guest.wake(WORD, 0x5_0000_0002L)).isEqualTo(2);
  }

  @Test
  void aCountAboveTheWaitersWakesAll() {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(guest.wake(WORD, ALL)).isEqualTo(2);
    assertThat(guest.wake(WORD, ALL)).isZero();
  }

  @Test
  void onlyIntersectingBitsetsAreWoken() {
    GuestThread one = bitsetWaiter(1);
    GuestThread two = bitsetWaiter(2);
    GuestThread high = bitsetWaiter(0x8000_0000);
    assertThat(bitsetWake(ALL, 6)).isOne();
    assertThat(two.result()).isZero();
    assertThat(bitsetWake(ALL, 0x8000_0000L)).isOne();
    assertThat(high.result()).isZero();
    assertThat(guest.wake(WORD, ALL)).as("a plain wake matches any").isOne();
    assertThat(one.result()).isZero();
  }

  @Test
  void aSkippedBitsetDoesNotCount() {
    GuestThread skipped = bitsetWaiter(1);
    GuestThread taken = bitsetWaiter(2);
    assertThat(bitsetWake(1, 2)).isOne();
    assertThat(skipped.isAsleep()).isTrue();
    assertThat(taken.result()).isZero();
  }

  @Test
  void aPlainWaitIsWokenByAnyBitset() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(bitsetWake(1, 0x400)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void anEmptyBitsetIsRefusedBeforeTheAddress() {
    assertThat(guest.futex(KERNEL, WAIT_BITSET, 0, 0, 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(KERNEL, WAKE_BITSET, 1, 0, 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, WAIT_BITSET, 1, 0, 0, 0)).isEqualTo(EINVAL);
  }

  @Test
  void theAddressIsRefusedBeforeTheValueIsCompared() {
    assertThat(guest.futex(WORD + 2, WAIT, 1, 0, 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(UNMAPPED, WAIT, 1, 0, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void wakeOfAnEmptyWordStillReportsAddressErrors() {
    assertThat(guest.sharedWake(UNMAPPED, 1)).isEqualTo(EFAULT);
    assertThat(guest.wake(WORD + 1, 0)).isEqualTo(EINVAL);
  }

  @Test
  void aWaiterThatHasGoneIsNotCountedAndTheNextIsWoken() {
    GuestThread gone = guest.waiter(WORD);
    GuestThread next = guest.waiter(WORD);
    gone.die();
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(next.result()).isZero();
    assertThat(guest.wake(WORD, 1)).isZero();
  }

  @Test
  void aCancelledSleepIsNotWoken() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(waiter.cancel()).isTrue();
    assertThat(guest.wake(WORD, 1)).isZero();
    assertThat(waiter.isAsleep()).as("nobody told it").isTrue();
  }
}
