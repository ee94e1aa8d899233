package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX_WAITV;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jfutex.linux.Guest.Element;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** futex_waitv. */
class WaitvTest {
  private static final Element FIRST = Element.of(WORD);
  private static final Element SECOND = Element.of(OTHER);
  private static final Element LAST = Element.of(THIRD);

  private final Guest guest = new Guest();

  private long waitv(Element... elements) {
    return guest.call(NR_FUTEX_WAITV, guest.array(elements), elements.length, 0, 0, 0);
  }

  private GuestThread asleep(Element... elements) {
    return guest.thread().sleeps(NR_FUTEX_WAITV, guest.array(elements), elements.length, 0, 0, 0);
  }

  @Test
  void flagsComeFirstThenTheCountAndTheArray() {
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 1, 1, UNMAPPED, 99)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 0, 0, UNMAPPED, 1)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 129, 0, UNMAPPED, 1)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, -1, 0, UNMAPPED, 1)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, 0, 1, 0, UNMAPPED, 1)).isEqualTo(EINVAL);
  }

  @Test
  void theTimeoutComesBeforeTheElements() {
    long bad = guest.array(FIRST.reserved(1));
    assertThat(guest.call(NR_FUTEX_WAITV, bad, 1, 0, UNMAPPED, 1)).isEqualTo(EFAULT);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 1, 0, UNMAPPED, 2)).isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 1, 0, guest.timespec(0, -1), 1))
        .isEqualTo(EINVAL);
    assertThat(guest.call(NR_FUTEX_WAITV, UNMAPPED, 1, 0, guest.timespec(0, 0), 1))
        .isEqualTo(EFAULT);
  }

  @Test
  void theClockIsIgnoredWithoutTimeout() {
    assertThat(guest.call(NR_FUTEX_WAITV, guest.array(FIRST.value(1)), 1, 0, 0, 99))
        .isEqualTo(EAGAIN);
  }

  @Test
  void countFlagsAndClockAre32Bits() {
    long high = 0x1_0000_0000L;
    long zero = guest.timespec(0, 0);
    assertThat(guest.call(NR_FUTEX_WAITV, guest.array(FIRST), high | 1, high, zero, high | 1))
        .isEqualTo(ETIMEDOUT);
  }

  @Test
  void everyElementIsParsedBeforeAnAddressIsLookedAt() {
    Element misaligned = Element.of(WORD + 1);
    assertThat(waitv(misaligned.flags(PRIVATE))).isEqualTo(EINVAL);
    long array = UNMAPPED - Element.BYTES;
    guest.put(array, Element.of(UNMAPPED).flags(U32));
    assertThat(guest.call(NR_FUTEX_WAITV, array, 1, 0, 0, 0)).as("its address").isEqualTo(EFAULT);
    guest.put(array, misaligned);
    assertThat(guest.call(NR_FUTEX_WAITV, array, 2, 0, 0, 0))
        .as("unreadable 1 beats misaligned 0")
        .isEqualTo(EFAULT);
  }

  @Test
  void elementsAreParsedInOrder() {
    // probed on 6.18: what is wrong with element 0 beats the unreadable element 1
    long array = UNMAPPED - Element.BYTES;
    guest.put(array, FIRST.reserved(1));
    assertThat(guest.call(NR_FUTEX_WAITV, array, 2, 0, 0, 0)).isEqualTo(EINVAL);
    guest.put(array, FIRST.flags(U32 | 0x10));
    assertThat(guest.call(NR_FUTEX_WAITV, array, 2, 0, 0, 0)).isEqualTo(EINVAL);
    guest.put(array, FIRST.value(1));
    assertThat(guest.call(NR_FUTEX_WAITV, array, 2, 0, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void elementsAreThoseOf32BitFutexes() {
    assertThat(waitv(FIRST.flags(0))).isEqualTo(EINVAL);
    assertThat(waitv(FIRST.flags(3))).isEqualTo(EINVAL);
    assertThat(waitv(FIRST, SECOND.flags(U32 | 0x100))).isEqualTo(EINVAL);
    assertThat(waitv(FIRST, SECOND.reserved(-1))).isEqualTo(EINVAL);
    assertThat(waitv(FIRST.value(0xffff_ffff_0000_0000L))).isEqualTo(EINVAL);
  }

  @Test
  void everyKeyIsMadeBeforeAValueIsCompared() {
    assertThat(waitv(FIRST.value(1), Element.of(OTHER + 1))).isEqualTo(EINVAL);
    assertThat(waitv(FIRST.value(1), Element.of(UNMAPPED).flags(U32))).isEqualTo(EFAULT);
    assertThat(waitv(Element.of(KERNEL), Element.of(OTHER + 1))).isEqualTo(EFAULT);
  }

  @Test
  void aPrivateWordThatIsNotThereFaultsAtItsTurn() {
    assertThat(waitv(FIRST.value(1), Element.of(UNMAPPED))).isEqualTo(EAGAIN);
    assertThat(waitv(FIRST, Element.of(UNMAPPED))).isEqualTo(EFAULT);
    assertThat(guest.wake(WORD, ALL)).as("nobody stays queued").isZero();
  }

  @Test
  void aMismatchAnywhereLeavesNobodyQueued() {
    assertThat(waitv(FIRST, SECOND, LAST.value(1))).isEqualTo(EAGAIN);
    assertThat(guest.wake(WORD, ALL)).isZero();
    assertThat(guest.wake(OTHER, ALL)).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anEntryWokenBeforeALaterOneFailsIsReportedInstead(boolean isFault) {
    AddressSpace meddling =
        new ForwardingSpace(guest.space, 1) {
          @Override
          public Word word(long address, Key key) {
            Word word = super.word(address, key);
            return address == OTHER ? new MeddlingWord(word, isFault) : word;
          }
        };
    GuestThread waiter = new GuestThread(guest, meddling);
    assertThat(waiter.call(NR_FUTEX_WAITV, guest.array(LAST, FIRST, SECOND), 3, 0, 0, 0)).isOne();
    assertThat(guest.wake(WORD, ALL)).isZero();
    assertThat(guest.wake(THIRD, ALL)).as("the others have left").isZero();
  }

  /** Wakes another word whenever it is read without a lock, and then fails the wait. */
  private final class MeddlingWord implements Word {
    private final Word word;
    private final boolean isFault;

    MeddlingWord(Word word, boolean isFault) {
      this.word = word;
      this.isFault = isFault;
    }

    @Override
    public int bits() {
      return word.bits();
    }

    @Override
    public long load() {
      assertThat(guest.wake(WORD, 1)).isOne();
      if (isFault) {
        throw new WordFault("meant to");
      }
      return 1;
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return word.compareAndSet(expected, value);
    }

    @Override
    public Key key() {
      return word.key();
    }
  }

  @Test
  void anExpiredDeadlineStillChecksTheValues() {
    long zero = guest.timespec(0, 0);
    assertThat(guest.call(NR_FUTEX_WAITV, guest.array(FIRST, SECOND), 2, 0, zero, 1))
        .isEqualTo(ETIMEDOUT);
    assertThat(guest.call(NR_FUTEX_WAITV, guest.array(FIRST, SECOND.value(1)), 2, 0, zero, 1))
        .isEqualTo(EAGAIN);
  }

  @Test
  void theIndexOfTheWokenEntryIsReported() {
    GuestThread waiter = asleep(FIRST, SECOND, LAST);
    assertThat(guest.wake(OTHER, 1)).isOne();
    assertThat(waiter.result()).isOne();
    assertThat(guest.wake(WORD, 1)).isZero();
    assertThat(guest.wake(THIRD, 1)).isZero();
  }

  @Test
  void theHighestOfSeveralWokenEntriesIsReported() {
    // spec: WAKE_OP hitting entries 1 and 3 -> waker 2, waiter 3
    GuestThread waiter = asleep(LAST, FIRST, LAST, SECOND);
    assertThat(guest.futex(WORD, WAKE_OP | PRIVATE, 1, 1, OTHER, 0)).isEqualTo(2);
    assertThat(waiter.result()).isEqualTo(3);
  }

  @Test
  void duplicatesAreCountedEachAndReportedOnce() {
    GuestThread waiter = asleep(FIRST, FIRST, LAST);
    assertThat(guest.wake(WORD, ALL)).isEqualTo(2);
    assertThat(waiter.result()).isOne();
    GuestThread again = asleep(FIRST, FIRST, LAST);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(again.result()).isZero();
  }

  @Test
  void oneWordCanFillTheWholeVector() {
    Element[] elements = new Element[128];
    Arrays.fill(elements, FIRST);
    GuestThread waiter = asleep(elements);
    assertThat(guest.wake(WORD, ALL)).isEqualTo(128);
    assertThat(waiter.result()).isEqualTo(127);
  }

  @Test
  void scopesMayDifferByElement() {
    GuestThread waiter =
        asleep(FIRST, SECOND.flags(U32), Element.of(THIRD).flags(U32 | NUMA | PRIVATE));
    assertThat(guest.wake(OTHER, 1)).isZero();
    assertThat(guest.wake(THIRD, 1)).isZero();
    assertThat(guest.sharedWake(OTHER, 1)).isOne();
    assertThat(waiter.result()).isOne();
  }

  @Test
  void theBitsetIsAlwaysAny() {
    GuestThread waiter = asleep(FIRST, SECOND);
    assertThat(guest.futex(OTHER, WAKE_BITSET | PRIVATE, 1, 0, 0, 0x40)).isOne();
    assertThat(waiter.result()).isOne();
  }

  @Test
  void aRequeuedEntryReportsItsOwnIndex() {
    GuestThread waiter = asleep(FIRST, SECOND);
    assertThat(guest.futex(OTHER, REQUEUE | PRIVATE, 0, 1, THIRD, 0)).isOne();
    assertThat(guest.wake(THIRD, 1)).isOne();
    assertThat(waiter.result()).isOne();
  }

  @Test
  void aVectorStandsInEachQueueInOrderOfArrivalAndRank() {
    GuestThread vector = asleep(FIRST, SECOND);
    GuestThread high =
        guest.thread().rank(9).sleeps(NR_FUTEX_WAITV, guest.array(SECOND), 1, 0, 0, 0);
    GuestThread plain = guest.waiter(OTHER);
    assertThat(guest.wake(OTHER, 2)).isEqualTo(2);
    assertThat(high.result()).isZero();
    assertThat(vector.result()).isOne();
    assertThat(plain.isAsleep()).isTrue();
  }

  @Test
  void aSleepEndsAtItsDeadline() throws Exception {
    long past = guest.timespec(0, 0);
    long never = guest.timespec(Long.MAX_VALUE, 0);
    assertThat(guest.call(NR_FUTEX_WAITV, guest.array(FIRST), 1, 0, past, 0)).isEqualTo(ETIMEDOUT);
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_WAITV, guest.array(FIRST), 1, 0, never, 1);
    assertThat(waiter.cancel()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 127, 128})
  void theCountOfElementsIsRead(int count) {
    Element[] elements =
        IntStream.range(0, count)
            .mapToObj(i -> i == count - 1 ? SECOND : FIRST)
            .toArray(Element[]::new);
    GuestThread waiter = asleep(elements);
    assertThat(guest.wake(OTHER, 1)).isOne();
    assertThat(waiter.result()).isEqualTo(count - 1);
  }
}
