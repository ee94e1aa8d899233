package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;

import org.jfutex.linux.SegmentSpace.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FUTEX_WAKE_OP: its code, its counts and its order of errors. */
class WakeOpCallTest {
  private static final int SET = 0;
  private static final int ADD = 1;
  private static final int OR = 2;
  private static final int ANDN = 3;
  private static final int XOR = 4;
  private static final int SHIFT = 8;
  private static final int EQ = 0;

  private final Guest guest = new Guest();

  private static long code(int op, int argument, int comparison, int against) {
    return Integer.toUnsignedLong(
        op << 28 | comparison << 24 | (argument & 0xfff) << 12 | (against & 0xfff));
  }

  private long wakeOp(long count, long count2, long code) {
    return guest.futex(WORD, WAKE_OP | PRIVATE, count, count2, OTHER, code);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 0x7, 0x5",
    "1, 5, 0x7, 0xc",
    "1, 1, 0x7fffffff, 0x80000000",
    "1, -1, 0x0, 0xffffffff",
    "2, 0x800, 0x0, 0xfffff800",
    "2, 6, 0x9, 0xf",
    "3, 6, 0xf, 0x9",
    "3, -1, 0xf, 0x0",
    "4, 6, 0xf, 0x9",
    "4, -1, 0xf, 0xfffffff0",
    "0, 0xfff, 0x3, 0xffffffff",
    "8, 4, 0x0, 0x10",
    "8, 31, 0x0, 0x80000000",
    "8, 32, 0x0, 0x1",
    "8, -1, 0x0, 0x80000000",
    "10, 3, 0x1, 0x9",
    "11, 3, 0xf, 0x7",
  })
  void theSecondWordIsChangedAsTheKernelDoes(int op, String argument, String old, String changed) {
    guest.set(OTHER, Long.decode(old).intValue());
    assertThat(wakeOp(1, 1, code(op, Long.decode(argument).intValue(), EQ, 0))).isZero();
    assertThat(guest.get(OTHER)).isEqualTo(Long.decode(changed).intValue());
    assertThat(guest.get(WORD)).as("the first word is never touched").isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 5, true",
    "0, 5, 6, false",
    "0, 0xffffffff, 0xfff, true",
    "1, 5, 5, false",
    "1, 5, 6, true",
    "2, 0x80000000, 0, true",
    "2, 5, 5, false",
    "3, 5, 5, true",
    "3, 0x80000000, 0, true",
    "3, 6, 5, false",
    "4, 6, 5, true",
    "4, 0x80000000, 5, false",
    "4, 0, -1, true",
    "5, 5, 5, true",
    "5, 4, 5, false",
    "5, 0xffffffff, 0, false",
  })
  void theComparisonIsSignedAndOnTheOldValue(
      int comparison, String old, String against, boolean holds) {
    guest.set(OTHER, Long.decode(old).intValue());
    GuestThread waiter = guest.asleep(OTHER, WAIT | PRIVATE, guest.get(OTHER), 0, 0, 0);
    long code = code(SET, 77, comparison, Long.decode(against).intValue());
    assertThat(wakeOp(1, 1, code)).isEqualTo(holds ? 1 : 0);
    assertThat(waiter.isAsleep()).isEqualTo(!holds);
    assertThat(guest.get(OTHER)).isEqualTo(77);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7, 13, 14, 15})
  void anUnknownOperationLeavesTheWordAndComesBeforeItsFault(int op) {
    guest.set(OTHER, 3);
    GuestThread waiter = guest.waiter(WORD);
    assertThat(wakeOp(1, 1, code(op, 9, EQ, 0))).isEqualTo(ENOSYS);
    assertThat(guest.get(OTHER)).isEqualTo(3);
    assertThat(waiter.isAsleep()).isTrue();
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, 0, code(op, 9, EQ, 0))).isEqualTo(ENOSYS);
  }

  @Test
  void anUnknownOperationComesAfterTheAddresses() {
    assertThat(guest.futex(WORD, WAKE_OP, 1, 1, 0, code(5, 0, EQ, 0))).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, WAKE_OP, 1, 1, OTHER + 1, code(5, 0, EQ, 0))).isEqualTo(EINVAL);
  }

  @ParameterizedTest
  @ValueSource(ints = {6, 7, 8, 15})
  void anUnknownComparisonIsRefusedAfterTheWordWasChanged(int comparison) {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(wakeOp(1, 1, code(SET, 9, comparison, 0))).isEqualTo(ENOSYS);
    assertThat(guest.get(OTHER)).isEqualTo(9);
    assertThat(wakeOp(1, 1, code(ADD | SHIFT, 2, comparison, 0))).isEqualTo(ENOSYS);
    assertThat(guest.get(OTHER)).isEqualTo(13);
    assertThat(waiter.isAsleep()).isTrue();
  }

  @Test
  void anUnknownComparisonOnAWordThatIsNotThereFaults() {
    // probed on 6.18: the fault comes first, since the comparison is looked at last
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, 0, code(SET, 9, 6, 0))).isEqualTo(EFAULT);
  }

  @Test
  void theFirstWordNeedNotBeThereIfPrivate() {
    assertThat(guest.futex(0, WAKE_OP | PRIVATE, 1, 1, OTHER, code(SET, 9, EQ, 0))).isZero();
    assertThat(guest.get(OTHER)).isEqualTo(9);
    assertThat(guest.futex(0, WAKE_OP, 1, 1, OTHER, code(SET, 8, EQ, 0))).isEqualTo(EFAULT);
    assertThat(guest.get(OTHER)).isEqualTo(9);
  }

  @Test
  void theSecondWordMustBeWritable() {
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, 0, code(SET, 9, EQ, 0)))
        .isEqualTo(EFAULT);
    guest.space.protect(WORD + PAGE, PAGE, Protection.READ);
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, WORD + PAGE, code(OR, 0, EQ, 0)))
        .isEqualTo(EFAULT);
    guest.space.share(WORD + PAGE, PAGE, "file", 0);
    assertThat(guest.futex(WORD, WAKE_OP, 1, 1, WORD + PAGE, code(5, 0, EQ, 0)))
        .as("a shared key demands it, before the operation is looked at")
        .isEqualTo(EFAULT);
    assertThat(guest.futex(WORD + PAGE, WAKE_OP, 1, 1, WORD, code(SET, 4, EQ, 0))).isZero();
  }

  @Test
  void bothCountsAddUp() {
    for (int i = 0; i < 3; i++) {
      guest.waiter(WORD);
      guest.waiter(OTHER);
    }
    assertThat(wakeOp(2, 1, code(SET, 0, EQ, 0))).isEqualTo(3);
    assertThat(guest.wake(WORD, ALL)).isOne();
    assertThat(guest.wake(OTHER, ALL)).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "-1, -1", "0x80000000, 0x80000000", "0, 0x100000000"})
  void countsOfZeroAndLessWakeOneEach(String count, String count2) {
    for (int i = 0; i < 2; i++) {
      guest.waiter(WORD);
      guest.waiter(OTHER);
    }
    long first = Long.decode(count);
    long second = Long.decode(count2);
    assertThat(wakeOp(first, second, code(SET, 1, EQ, 0))).isEqualTo(2);
    assertThat(wakeOp(first, second, code(SET, 1, EQ, 0))).as("condition false").isOne();
    assertThat(guest.wake(OTHER, ALL)).isOne();
  }

  @Test
  void theSecondCountIsTheTimeoutRegisterCutTo32Bits() {
    for (int i = 0; i < 3; i++) {
      guest.waiter(OTHER);
    }
    assertThat(wakeOp(1, 0x1_0000_0002L, code(SET, 0, EQ, 0))).isEqualTo(2);
  }

  @Test
  void bothWordsMayBeTheSame() {
    for (int i = 0; i < 3; i++) {
      guest.waiter(WORD);
    }
    long code = code(ANDN, 0, EQ, 0);
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, WORD, code)).isEqualTo(2);
    assertThat(guest.wake(WORD, ALL)).isOne();
  }

  @Test
  void bitsetsAreIgnored() {
    guest.asleep(WORD, WAIT_BITSET | PRIVATE, 0, 0, 0, 1);
    guest.asleep(OTHER, WAIT_BITSET | PRIVATE, 0, 0, 0, 2);
    assertThat(wakeOp(1, 1, code(XOR, 0, EQ, 0))).isEqualTo(2);
  }

  @Test
  void misalignedWordsAreInvalid() {
    assertThat(guest.futex(WORD + 1, WAKE_OP, 1, 1, 0, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, OTHER + 2, 0)).isEqualTo(EINVAL);
  }
}
