package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX_REQUEUE;

import org.jfutex.linux.Guest.Element;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FUTEX_REQUEUE, FUTEX_CMP_REQUEUE and futex_requeue. */
class RequeueCallTest {
  private static final Element FROM = Element.of(WORD);
  private static final Element TO = Element.of(OTHER);

  private final Guest guest = new Guest();

  private long requeue(long wake, long move) {
    return guest.futex(WORD, REQUEUE | PRIVATE, wake, move, OTHER, 0);
  }

  private long requeue2(Element from, Element to, long wake, long move) {
    return guest.call(NR_FUTEX_REQUEUE, guest.array(from, to), 0, wake, move);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void theFirstAreWokenTheNextMovedAndBothCounted(int call) {
    GuestThread first = guest.waiter(WORD);
    GuestThread second = guest.waiter(WORD);
    GuestThread third = guest.waiter(WORD);
    long count =
        switch (call) {
          case 0 -> requeue(1, 1);
          case 1 -> guest.futex(WORD, CMP_REQUEUE | PRIVATE, 1, 1, OTHER, 0);
          default -> requeue2(FROM, TO, 1, 1);
        };
    assertThat(count).isEqualTo(2);
    assertThat(first.result()).isZero();
    assertThat(guest.wake(OTHER, ALL)).isOne();
    assertThat(second.result()).isZero();
    assertThat(guest.wake(WORD, ALL)).isOne();
    assertThat(third.result()).isZero();
  }

  @Test
  void nobodyIsWokenByZeroAndNobodyMovedByZero() {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(requeue(0, 0)).isZero();
    assertThat(guest.wake(OTHER, ALL)).isZero();
    assertThat(requeue(0, ALL)).as("woken and moved, not only woken").isEqualTo(2);
    assertThat(guest.wake(OTHER, ALL)).isEqualTo(2);
  }

  @Test
  void noWaitersAreZero() {
    assertThat(requeue(1, 1)).isZero();
    assertThat(guest.futex(WORD, CMP_REQUEUE | PRIVATE, 1, 1, OTHER, 0)).isZero();
    assertThat(requeue2(FROM, TO, 1, 1)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"-1, 1", "1, -1", "0x80000000, 0", "0, 0xffffffff"})
  void negativeCountsAreRefusedBeforeAddressAndCompare(String wake, String move) {
    long first = Long.decode(wake);
    long second = Long.decode(move);
    assertThat(guest.futex(KERNEL, REQUEUE, first, second, KERNEL, 0)).isEqualTo(EINVAL);
    assertThat(guest.futex(KERNEL, CMP_REQUEUE, first, second, OTHER, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM.value(1), Element.of(KERNEL), first, second)).isEqualTo(EINVAL);
  }

  @Test
  void theSecondCountIsTheTimeoutRegisterCutTo32Bits() {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(requeue(0, 0x1_0000_0001L)).isOne();
    assertThat(requeue(0, 0xffff_ffffL)).isEqualTo(EINVAL);
  }

  @Test
  void aChangedWordMovesNobody() {
    guest.waiter(WORD);
    assertThat(guest.futex(WORD, CMP_REQUEUE | PRIVATE, 1, 1, OTHER, 1)).isEqualTo(EAGAIN);
    assertThat(requeue2(FROM.value(1), TO, 1, 1)).isEqualTo(EAGAIN);
    assertThat(guest.wake(WORD, ALL)).isOne();
  }

  @Test
  void theComparisonHappensWithoutWaitersToo() {
    assertThat(guest.futex(WORD, CMP_REQUEUE | PRIVATE, 0, 0, OTHER, 1)).isEqualTo(EAGAIN);
  }

  @Test
  void addressesAreCheckedBeforeTheComparison() {
    assertThat(guest.futex(WORD, CMP_REQUEUE, 1, 1, OTHER + 1, 1)).isEqualTo(EINVAL);
    assertThat(guest.futex(WORD, CMP_REQUEUE, 1, 1, UNMAPPED, 1)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD + 1, CMP_REQUEUE, 1, 1, UNMAPPED, 1)).isEqualTo(EINVAL);
  }

  @Test
  void onlyTheComparisonReadsTheSource() {
    assertThat(guest.futex(0, REQUEUE | PRIVATE, 1, 1, OTHER, 0)).isZero();
    assertThat(guest.futex(0, CMP_REQUEUE | PRIVATE, 1, 1, OTHER, 0)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, CMP_REQUEUE | PRIVATE, 1, 1, 0, 0)).isZero();
    assertThat(guest.futex(WORD, REQUEUE, 1, 1, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void bothWordsMayBeTheSame() {
    GuestThread first = guest.waiter(WORD);
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(guest.futex(WORD, REQUEUE | PRIVATE, 1, ALL, WORD, 0)).isEqualTo(3);
    assertThat(first.result()).isZero();
    assertThat(guest.wake(WORD, ALL)).isEqualTo(2);
  }

  @Test
  void bitsetsAreIgnoredInSelectionAndKeptByTheMoved() {
    GuestThread waiter = guest.asleep(WORD, WAIT_BITSET | PRIVATE, 0, 0, 0, 4);
    assertThat(requeue(0, 1)).isOne();
    assertThat(guest.futex(OTHER, WAKE_BITSET | PRIVATE, 1, 0, 0, 2)).isZero();
    assertThat(guest.futex(OTHER, WAKE_BITSET | PRIVATE, 1, 0, 0, 4)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void aMovedWaiterKeepsItsDeadline() throws Exception {
    long soon = guest.timespec(0, 20_000_000);
    GuestThread waiter = guest.asleep(WORD, WAIT | PRIVATE, 0, soon, 0, 0);
    long moved = requeue(0, 1);
    assertThat(waiter.timedResult()).isEqualTo(ETIMEDOUT);
    assertThat(moved).isBetween(0L, 1L); // 0 on a machine that stalls for 20 ms
    assertThat(guest.wake(OTHER, 1)).isZero();
  }

  @Test
  void requeue2RefusesFlagsAndNoArrayFirst() {
    assertThat(guest.call(NR_FUTEX_REQUEUE, UNMAPPED, 1, 1, 1)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_REQUEUE, 0, 0, 1, 1)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_REQUEUE, UNMAPPED, 0, -1, 1)).isEqualTo(EFAULT);
    assertThat(guest.call(NR_FUTEX_REQUEUE, guest.array(FROM, TO), 0x1_0000_0000L, 1, 1))
        .as("flags are 32 bits")
        .isZero();
  }

  @Test
  void requeue2ChecksTheDestinationElementToo() {
    assertThat(requeue2(FROM, TO.reserved(1), 1, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM, TO.value(0x1_0000_0000L), 1, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM.reserved(1), TO, 1, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM, TO.value(99), 1, 1)).as("its value is ignored").isZero();
  }

  @Test
  void requeue2DemandsTheSameFlags() {
    assertThat(requeue2(FROM, TO.flags(U32), 1, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM, TO.flags(U32 | NUMA | PRIVATE), 1, 1)).isEqualTo(EINVAL);
    assertThat(requeue2(FROM.flags(U32), TO.flags(U32), 1, 1)).isZero();
  }

  @Test
  void requeue2ReadsThePrivateSource() {
    assertThat(requeue2(Element.of(0), TO, 1, 1)).isEqualTo(EFAULT);
  }

  @Test
  void requeue2CountsAreSigned32Bits() {
    guest.waiter(WORD);
    guest.waiter(WORD);
    assertThat(requeue2(FROM, TO, 0x1_0000_0001L, 0x1_0000_0001L)).isEqualTo(2);
  }
}
