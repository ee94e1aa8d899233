package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;

import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How futex(2) reads its registers, its timeout and its clock, and in which order it refuses. */
class EntryTest {
  private static final long SECOND = 1_000_000_000L;

  /** A clock each, far apart; in nanoseconds. */
  private static final Ticker TICKER =
      clock -> clock == ClockId.MONOTONIC ? 1_000 * SECOND : 1_000_000 * SECOND;

  private final Guest guest = new Guest();

  @Test
  void anyOtherSystemCallIsUnknown() {
    assertThat(guest.call(0, WORD, WAKE, 1)).isEqualTo(ENOSYS);
    assertThat(guest.call(453, WORD, WAKE, 1)).isEqualTo(ENOSYS);
  }

  @Test
  void aSystemCallNumberIsReadAsAnInt() {
    assertThat(guest.call(0x1_0000_0000L + Operation.NR_FUTEX, WORD, WAKE, 1)).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 14, 127, 0x200, 0x400, 0x201, 0x80000000, -1})
  void anUnknownCommandAndFdAreUnknown(int op) {
    assertThat(guest.futex(WORD, op, 1, 0, 0, 0)).isEqualTo(ENOSYS);
  }

  @Test
  void anUnknownCommandIsRefusedBeforeItsAddressAndItsTimeout() {
    assertThat(guest.futex(WORD + 1, 2, 1, 1, 0, 0)).isEqualTo(ENOSYS);
    assertThat(guest.futex(WORD, 0x200, 1, 1, 0, 0)).isEqualTo(ENOSYS);
  }

  @Test
  void theHighHalfOfTheOpRegisterIsIgnored() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(guest.futex(WORD, 0x7f_0000_0000L | WAKE | PRIVATE, 1, 0, 0, 0)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void valuesAndBitsetsAreTheLowHalvesOfTheirRegisters() {
    long now = guest.timespec(0, 0);
    assertThat(guest.futex(WORD, WAIT | PRIVATE, 0x5_0000_0000L, now, 0, 0)).isEqualTo(ETIMEDOUT);
    assertThat(guest.futex(WORD, WAIT_BITSET, 0, now, 0, 0xff_0000_0000L)).isEqualTo(EINVAL);
    guest.set(WORD, -1);
    assertThat(guest.futex(WORD, WAIT | PRIVATE, 0xffff_ffffL, now, 0, 0)).isEqualTo(ETIMEDOUT);
    assertThat(guest.futex(WORD, WAIT | PRIVATE, -1, now, 0, 0)).isEqualTo(ETIMEDOUT);
  }

  @ParameterizedTest
  @CsvSource({"-1,0", "0,-1", "0,1000000000", "0,9223372036854775807", "-9223372036854775808,0"})
  void aTimespecOutOfRangeIsInvalid(long seconds, long nanos) {
    long bad = guest.timespec(seconds, nanos);
    assertThat(guest.futex(WORD, WAIT, 0, bad, 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, WAIT_BITSET, 0, bad, 0, ANY)).isEqualTo(EINVAL);
  }

  @Test
  void anUnreadableTimespecComesBeforeEveryOtherCheck() {
    assertThat(guest.futex(WORD + 1, WAIT, 1, UNMAPPED, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD + 1, WAIT_BITSET, 1, UNMAPPED, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, WAIT | REALTIME, 1, UNMAPPED, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, WAIT, 1, UNMAPPED - 8, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, WAIT, 1, KERNEL, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void aBadTimespecComesBeforeMismatchAndClock() {
    long bad = guest.timespec(0, SECOND);
    assertThat(guest.futex(WORD, WAIT_BITSET, 1, bad, 0, ANY)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, WAIT | REALTIME, 1, bad, 0, 0)).isEqualTo(EINVAL);
  }

  @ParameterizedTest
  @ValueSource(ints = {6, 11, 13})
  void aPiOperationWithTimeoutReadsItBeforeItIsRefused(int command) {
    assertThat(guest.futex(WORD, command, 0, UNMAPPED, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, command | REALTIME, 0, UNMAPPED, 0, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, command, 0, guest.timespec(-1, 0), 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, command, 0, guest.timespec(0, 0), 0, 0)).isEqualTo(ENOSYS);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 12})
  void aPiOperationWithoutTimeoutNeverReadsTheRegister(int command) {
    assertThat(guest.futex(WORD, command, 0, UNMAPPED, 0, 0)).isEqualTo(ENOSYS);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12})
  void theRealtimeClockIsRefusedWhereItHasNoMeaning(int command) {
    // misaligned: the clock is refused first
    assertThat(guest.futex(WORD + 1, command | REALTIME, 0, 0, 0, 0)).isEqualTo(ENOSYS);
  }

  @Test
  void aWakeNeverReadsTheTimeoutRegister() {
    assertThat(guest.futex(WORD, WAKE | PRIVATE, 1, UNMAPPED, 0, 0)).isZero();
    assertThat(guest.futex(WORD, WAKE_BITSET | PRIVATE, 1, UNMAPPED, 0, ANY)).isZero();
  }

  @Test
  void noTimeoutIsForever() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(waiter.isAsleep()).isTrue();
    assertThat(waiter.relativeNanos).isEqualTo(-1);
    assertThat(waiter.cancel()).isTrue();
  }

  @Test
  void anExpiredDeadlineStillChecksTheValue() {
    long zero = guest.timespec(0, 0);
    for (int op : new int[] {WAIT, WAIT_BITSET, WAIT_BITSET | REALTIME}) {
      assertThat(guest.futex(WORD, op | PRIVATE, 0, zero, 0, ANY)).isEqualTo(ETIMEDOUT);
      assertThat(guest.futex(WORD, op | PRIVATE, 1, zero, 0, ANY)).isEqualTo(EAGAIN);
    }
  }

  @Test
  void aRelativeTimeoutIsMadeAbsoluteOnceByTheCaller() {
    Guest clocked = Guest.withClock(TICKER);
    GuestThread restarted = clocked.thread().deadline(new Deadline(ClockId.MONOTONIC, SECOND));
    long result = restarted.call(Operation.NR_FUTEX, WORD, WAIT, 0, clocked.timespec(3, 5), 0, 0);
    assertThat(restarted.relativeNanos).isEqualTo(3 * SECOND + 5);
    assertThat(result).as("the deadline of the first try has passed").isEqualTo(ETIMEDOUT);
  }

  @Test
  void aBitsetTimeoutIsAbsoluteOnTheMonotonicClock() {
    Guest clocked = Guest.withClock(TICKER);
    long past = clocked.timespec(1_000, 0);
    long future = clocked.timespec(1_000, 1);
    assertThat(clocked.futex(WORD, WAIT_BITSET, 0, past, 0, ANY)).isEqualTo(ETIMEDOUT);
    assertThat(clocked.asleep(WORD, WAIT_BITSET, 0, future, 0, ANY).cancel()).isTrue();
  }

  @Test
  void aBitsetTimeoutWithTheFlagIsOnTheRealtimeClock() {
    Guest clocked = Guest.withClock(TICKER);
    int op = WAIT_BITSET | REALTIME;
    long past = clocked.timespec(1_000_000, 0);
    long future = clocked.timespec(1_000_001, 0);
    assertThat(clocked.futex(WORD, op, 0, past, 0, ANY)).isEqualTo(ETIMEDOUT);
    assertThat(clocked.asleep(WORD, op, 0, future, 0, ANY).cancel()).isTrue();
  }

  @Test
  void veryManySecondsSaturateToNever() {
    Guest clocked = Guest.withClock(clock -> Long.MAX_VALUE - 1);
    long never = clocked.timespec(Long.MAX_VALUE, SECOND - 1);
    long justNever = clocked.timespec(9_223_372_036L, 0);
    long justTime = clocked.timespec(9_223_372_035L, SECOND - 1);
    for (long timeout : new long[] {never, justNever}) {
      assertThat(clocked.asleep(WORD, WAIT, 0, timeout, 0, 0).cancel()).isTrue();
      assertThat(clocked.asleep(WORD, WAIT_BITSET, 0, timeout, 0, ANY).cancel()).isTrue();
    }
    assertThat(clocked.futex(WORD, WAIT_BITSET, 0, justTime, 0, ANY)).isEqualTo(ETIMEDOUT);
  }

  @Test
  void aSleepEndsAtItsDeadline() throws Exception {
    long soon = guest.timespec(0, 1_000_000);
    GuestThread waiter = guest.asleep(WORD, WAIT | PRIVATE, 0, soon, 0, 0);
    assertThat(waiter.timedResult()).isEqualTo(ETIMEDOUT);
    assertThat(guest.wake(WORD, ALL)).isZero();
  }
}
