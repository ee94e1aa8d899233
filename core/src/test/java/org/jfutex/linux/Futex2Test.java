package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX_WAIT;
import static org.jfutex.linux.Operation.NR_FUTEX_WAKE;

import org.jfutex.engine.JvmFutex;
import org.jfutex.time.ClockId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** futex_wake and futex_wait. */
class Futex2Test {
  private static final int FLAGS = U32 | PRIVATE;
  private static final long WIDE = 0x1_0000_0000L;

  private final Guest guest = new Guest();

  private long wake(long address, long mask, long count, long flags) {
    return guest.call(NR_FUTEX_WAKE, address, mask, count, flags);
  }

  private long await(long value, long mask, long flags, long timeout, long clock) {
    return guest.call(NR_FUTEX_WAIT, WORD, value, mask, flags, timeout, clock);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, U32 | 0x10, U32 | 0x40, U32 | 0x100, U32 | 0x80000000, -1})
  void unknownFlagsAndOtherSizesAreRefusedFirst(int flags) {
    assertThat(wake(KERNEL + 1, 0, 1, flags)).isEqualTo(EINVAL);
    assertThat(wake(WORD, ANY, 1, flags)).isEqualTo(EINVAL);
    assertThat(await(0, ANY, flags, UNMAPPED, 1)).isEqualTo(EINVAL);
  }

  @Test
  void flagsAre32Bits() {
    assertThat(wake(WORD, ANY, 1, WIDE | FLAGS)).isZero();
  }

  @Test
  void wideMasksAndEmptyMasksAreRefused() {
    assertThat(wake(KERNEL, WIDE | 1, 1, FLAGS)).isEqualTo(EINVAL);
    assertThat(wake(WORD, -1, 1, FLAGS)).isEqualTo(EINVAL);
    assertThat(wake(KERNEL, 0, 1, FLAGS)).isEqualTo(EINVAL);
    assertThat(wake(KERNEL, 0, 0, FLAGS)).isEqualTo(EINVAL);
    assertThat(await(0, WIDE | 1, FLAGS, UNMAPPED, 1)).isEqualTo(EINVAL);
    assertThat(await(0, 0, FLAGS, 0, 1)).isEqualTo(EINVAL);
  }

  @Test
  void wideValuesAreRefused() {
    assertThat(await(WIDE, ANY, FLAGS, UNMAPPED, 1)).isEqualTo(EINVAL);
    assertThat(await(-1, ANY, FLAGS, 0, 1)).isEqualTo(EINVAL);
  }

  @Test
  void wakeWithCountZeroWakesNobodyAfterAllChecks() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(wake(WORD, ANY, 0, FLAGS)).isZero();
    assertThat(waiter.isAsleep()).isTrue();
    assertThat(wake(WORD, ANY, WIDE, FLAGS)).as("counts are 32 bits").isZero();
    assertThat(wake(WORD + 1, ANY, 0, FLAGS)).isEqualTo(EINVAL);
    assertThat(wake(UNMAPPED, ANY, 0, U32)).isEqualTo(EFAULT);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0x80000000L})
  void wakeWithNegativeCountWakesOne(long count) {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(wake(WORD, ANY, count, FLAGS)).isOne();
  }

  @Test
  void oldAndNewCallsMeet() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(wake(WORD, ANY, 1, FLAGS)).isOne();
    assertThat(waiter.result()).isZero();
    GuestThread newWaiter = guest.thread().sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, FLAGS);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(newWaiter.result()).isZero();
    GuestThread shared = guest.thread().sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, U32);
    assertThat(guest.sharedWake(WORD, 1)).isOne();
    assertThat(shared.result()).isZero();
  }

  @Test
  void masksAreBitsets() {
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_WAIT, WORD, 0, 4, FLAGS);
    assertThat(wake(WORD, 3, ALL, FLAGS)).isZero();
    assertThat(wake(WORD, 6, ALL, FLAGS)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7, -1, 99})
  void anotherClockIsRefusedBeforeTheTimeoutIsRead(int clock) {
    assertThat(await(0, ANY, FLAGS, UNMAPPED, clock)).isEqualTo(EINVAL);
  }

  @Test
  void theTimeoutIsReadBeforeMaskAndValueAreLookedAt() {
    assertThat(await(1, 0, FLAGS, UNMAPPED, 1)).isEqualTo(EFAULT);
    assertThat(await(1, ANY, FLAGS, guest.timespec(0, -1), 0)).isEqualTo(EINVAL);
  }

  @Test
  void theClockIsIgnoredWithoutTimeout() {
    assertThat(await(5, ANY, FLAGS, 0, 99)).isEqualTo(EAGAIN);
    assertThat(await(5, ANY, FLAGS, guest.timespec(0, 0), 0x1_0000_0001L))
        .as("a clock id is 32 bits")
        .isEqualTo(EAGAIN);
  }

  @ParameterizedTest
  @CsvSource({"0, 1000000, 1000001", "1, 1000, 1001"})
  void theTimeoutIsAbsoluteOnItsClock(int clock, long past, long future) {
    long second = 1_000_000_000L;
    Guest clocked =
        Guest.withClock(id -> id == ClockId.MONOTONIC ? 1_000 * second : 1_000_000 * second);
    assertThat(clocked.call(NR_FUTEX_WAIT, WORD, 0, ANY, FLAGS, clocked.timespec(past, 0), clock))
        .isEqualTo(ETIMEDOUT);
    GuestThread waiter =
        clocked
            .thread()
            .sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, FLAGS, clocked.timespec(future, 0), clock);
    assertThat(waiter.relativeNanos).isEqualTo(-1);
    assertThat(waiter.cancel()).isTrue();
  }

  @Test
  void anExpiredDeadlineStillChecksTheValue() {
    long zero = guest.timespec(0, 0);
    assertThat(await(0, ANY, FLAGS, zero, MONOTONIC_ID)).isEqualTo(ETIMEDOUT);
    assertThat(await(1, ANY, FLAGS, zero, MONOTONIC_ID)).isEqualTo(EAGAIN);
  }

  @Test
  void registersOfA32BitGuestHave32Bits() {
    Guest small = new Guest(32, new JvmFutex());
    GuestThread waiter =
        small.thread().sleeps(NR_FUTEX_WAIT, WORD | WIDE, WIDE, WIDE | 4, WIDE | FLAGS, WIDE, 1);
    assertThat(small.call(NR_FUTEX_WAKE, WORD | WIDE, -4, 1, FLAGS)).isOne();
    assertThat(waiter.result()).isZero();
  }
}
