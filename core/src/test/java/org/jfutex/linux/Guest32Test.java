package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX;
import static org.jfutex.linux.Operation.NR_FUTEX_TIME64;
import static org.jfutex.linux.Operation.NR_FUTEX_WAIT;
import static org.jfutex.linux.Operation.NR_FUTEX_WAITV;

import org.jfutex.engine.JvmFutex;
import org.jfutex.linux.Guest.Element;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Guests with 32-bit pointers. Expectations were probed on 6.18 with the int 0x80 entry of an
 * x86-64 kernel.
 */
class Guest32Test {
  private static final long HIGH = 0x7_0000_0000L;

  private final Guest guest = new Guest(32, new JvmFutex());

  @Test
  void pointersAreTheLowHalvesOfTheirRegisters() {
    GuestThread waiter = guest.waiter(WORD | HIGH);
    assertThat(guest.futex(WORD, REQUEUE | PRIVATE, 0, 1, OTHER | HIGH, 0)).isOne();
    assertThat(guest.wake(OTHER, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void aNullTimeoutIsNullWhateverItsHighHalf() {
    assertThat(guest.asleep(WORD, WAIT | PRIVATE, 0, HIGH, 0, 0).cancel()).isTrue();
    long waiters = guest.array(Element.of(WORD));
    assertThat(guest.thread().sleeps(NR_FUTEX_WAITV, waiters, 1, 0, HIGH, 99).cancel()).isTrue();
  }

  @Test
  void futexTakesTheOldTimespecOfTwice32Bits() {
    assertThat(guest.futex(WORD, WAIT, 0, guest.timespec32(0, 0), 0, 0)).isEqualTo(ETIMEDOUT);
    GuestThread waiter = guest.asleep(WORD, WAIT, 0, guest.timespec32(2_000, 3), 0, 0);
    assertThat(waiter.relativeNanos).isEqualTo(2_000_000_000_003L);
    assertThat(waiter.cancel()).isTrue();
    long atTheEnd = UNMAPPED - 8;
    assertThat(guest.futex(WORD, WAIT, 1, atTheEnd, 0, 0)).isEqualTo(EAGAIN);
  }

  @ParameterizedTest
  @CsvSource({"0, -1", "0, 1000000000", "-1, 0"})
  void anOldTimespecOutOfRangeIsInvalid(int seconds, int nanos) {
    assertThat(guest.futex(WORD, WAIT, 1, guest.timespec32(seconds, nanos), 0, 0))
        .isEqualTo(EINVAL);
  }

  @Test
  void futexTime64TakesTheNewTimespec() {
    long timeout = guest.timespec(3, 4);
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_TIME64, WORD, WAIT, 0, timeout);
    assertThat(waiter.relativeNanos).isEqualTo(3_000_000_004L);
    assertThat(waiter.cancel()).isTrue();
  }

  @Test
  void a64BitGuestHasNoFutexTime64() {
    assertThat(new Guest().call(NR_FUTEX_TIME64, WORD, WAKE, 1)).isEqualTo(ENOSYS);
  }

  @Test
  void theUpperHalfOfNanosecondsIsPadding() {
    long padded = guest.timespec(0, 0x1_0000_0000L);
    assertThat(guest.call(NR_FUTEX_TIME64, WORD, WAIT, 0, padded)).isEqualTo(ETIMEDOUT);
    assertThat(guest.call(NR_FUTEX_WAIT, WORD, 0, ANY, U32, padded, 1)).isEqualTo(ETIMEDOUT);
    long negative = guest.timespec(0, -1);
    assertThat(guest.call(NR_FUTEX_TIME64, WORD, WAIT, 0, negative)).isEqualTo(EINVAL);
    Guest wide = new Guest();
    assertThat(wide.futex(WORD, WAIT, 0, wide.timespec(0, 0x1_0000_0000L), 0, 0)).isEqualTo(EINVAL);
  }

  @Test
  void vectorsAreLaidOutAsIn64BitPrograms() {
    long waiters = guest.array(Element.of(WORD), Element.of(OTHER));
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_WAITV, waiters, 2, 0, 0, 0);
    assertThat(guest.wake(OTHER, 1)).isOne();
    assertThat(waiter.result()).isOne();
  }

  @Test
  void anAddressInAVectorIsNotCut() {
    long waiters = guest.array(Element.of(WORD | HIGH));
    assertThat(guest.call(NR_FUTEX_WAITV, waiters, 1, 0, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void every32BitAddressIsInRange() {
    assertThat(guest.wake(0xffff_fffcL, 1)).isZero();
    assertThat(guest.call(NR_FUTEX, 0xffff_f000L, WAKE, 1)).isEqualTo(EFAULT);
  }
}
