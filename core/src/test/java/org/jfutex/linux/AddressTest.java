package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX_WAIT;
import static org.jfutex.linux.Operation.NR_FUTEX_WAKE;

import java.lang.foreign.MemorySegment;
import org.jfutex.engine.JvmFutex;
import org.jfutex.linux.SegmentSpace.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** get_futex_key: what every address is checked for, and which futexes are the same. */
class AddressTest {
  private static final int NUMA_PRIVATE = U32 | NUMA | PRIVATE;
  private static final int NUMA_SHARED = U32 | NUMA;

  private final Guest guest = new Guest();

  private long numaWake(long address, int flags) {
    return guest.call(NR_FUTEX_WAKE, address, ANY, 1, flags);
  }

  @ParameterizedTest
  @ValueSource(longs = {WORD + 1, WORD + 2, WORD + 3, KERNEL + 1, UNMAPPED + 2, 1})
  void alignmentIsCheckedFirst(long address) {
    assertThat(guest.wake(address, 1)).isEqualTo(EINVAL);
    assertThat(guest.sharedWake(address, 1)).isEqualTo(EINVAL);
    assertThat(guest.futex(address, WAIT, 0, 0, 0, 0)).isEqualTo(EINVAL);
  }

  @Test
  void kernelAddressesFaultEvenWhenPrivate() {
    assertThat(guest.wake(KERNEL, 1)).isEqualTo(EFAULT);
    assertThat(guest.wake(Long.MIN_VALUE, 1)).isEqualTo(EFAULT);
    assertThat(guest.wake(-4, 1)).isEqualTo(EFAULT);
    assertThat(guest.futex(WORD, REQUEUE | PRIVATE, 1, 1, KERNEL, 0)).isEqualTo(EFAULT);
  }

  @Test
  void aPrivateWakeLooksAtNoMapping() {
    guest.space.protect(WORD, PAGE, Protection.NONE);
    assertThat(guest.wake(WORD, 1)).isZero();
    assertThat(guest.wake(0, 1)).isZero();
    assertThat(guest.wake(UNMAPPED, 1)).isZero();
    guest.space.protect(WORD, PAGE, Protection.READ);
    assertThat(guest.wake(WORD, 1)).isZero();
  }

  @Test
  void aSharedWakeDemandsItsMapping() {
    assertThat(guest.sharedWake(0, 1)).isEqualTo(EFAULT);
    assertThat(guest.sharedWake(UNMAPPED, 1)).isEqualTo(EFAULT);
    guest.space.protect(WORD, PAGE, Protection.NONE);
    assertThat(guest.sharedWake(WORD, 1)).isEqualTo(EFAULT);
    guest.space.protect(WORD, PAGE, Protection.READ);
    assertThat(guest.sharedWake(WORD, 1)).isEqualTo(EFAULT);
  }

  @Test
  void aWaitReadsItsWord() {
    assertThat(guest.futex(0, WAIT | PRIVATE, 0, 0, 0, 0)).isEqualTo(EFAULT);
    guest.space.protect(WORD, PAGE, Protection.NONE);
    assertThat(guest.futex(WORD, WAIT | PRIVATE, 0, 0, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void readOnlyPrivateMemoryCanBeWaitedOnPrivatelyOnly() {
    guest.space.protect(WORD, PAGE, Protection.READ);
    assertThat(guest.futex(WORD, WAIT, 0, 0, 0, 0)).isEqualTo(EFAULT);
    GuestThread waiter = guest.waiter(WORD);
    assertThat(guest.wake(WORD, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void readOnlyFilePagesCanBeWaitedOnShared() {
    guest.space.share(WORD, PAGE, "file", 0);
    guest.space.protect(WORD, PAGE, Protection.READ);
    GuestThread waiter = guest.sharedWaiter(WORD);
    assertThat(guest.sharedWake(WORD, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void privateAndSharedNeverMeet() {
    GuestThread privately = guest.waiter(WORD);
    assertThat(guest.sharedWake(WORD, 1)).isZero();
    GuestThread shared = guest.sharedWaiter(OTHER);
    assertThat(guest.wake(OTHER, 1)).isZero();
    assertThat(privately.cancel()).isTrue();
    assertThat(shared.cancel()).isTrue();
  }

  @Test
  void twoMappingsOfOneFileMeetSharedOnly() {
    guest.space.share(BASE, PAGE, "file", PAGE);
    guest.space.share(BASE + PAGE, PAGE, "file", PAGE);
    GuestThread shared = guest.sharedWaiter(BASE + 8);
    GuestThread privately = guest.waiter(BASE + 8);
    assertThat(guest.wake(BASE + PAGE + 8, 1)).isZero();
    assertThat(guest.sharedWake(BASE + PAGE + 8, 1)).isOne();
    assertThat(shared.result()).isZero();
    assertThat(privately.cancel()).isTrue();
  }

  @Test
  void anotherPageOfTheFileIsAnotherFutex() {
    guest.space.share(BASE, PAGE, "file", 0);
    guest.space.share(BASE + PAGE, PAGE, "file", PAGE);
    GuestThread waiter = guest.sharedWaiter(BASE);
    assertThat(guest.sharedWake(BASE + PAGE, 1)).isZero();
    assertThat(waiter.cancel()).isTrue();
  }

  @Test
  void processesMeetInAFileAndNotInPrivateMemory() {
    JvmFutex engine = new JvmFutex();
    MemorySegment memory = MemorySegment.ofArray(new long[(int) (4 * PAGE / Long.BYTES)]);
    Guest parent = new Guest(64, engine, memory);
    Guest child = new Guest(64, engine, memory);
    GuestThread anonymous = parent.sharedWaiter(WORD);
    GuestThread privately = parent.waiter(WORD);
    assertThat(child.sharedWake(WORD, ALL)).isZero();
    assertThat(child.wake(WORD, ALL)).isZero();
    parent.space.share(BASE, PAGE, "file", 0);
    child.space.share(BASE + PAGE, PAGE, "file", 0);
    GuestThread shared = parent.sharedWaiter(WORD);
    assertThat(child.sharedWake(WORD + PAGE, ALL)).isOne();
    assertThat(shared.result()).isZero();
    assertThat(anonymous.cancel()).isTrue();
    assertThat(privately.cancel()).isTrue();
  }

  @Test
  void aNumaFutexIsAlignedToItsTwoWords() {
    assertThat(numaWake(WORD + 4, NUMA_PRIVATE)).isEqualTo(EINVAL);
    assertThat(numaWake(KERNEL + 4, NUMA_PRIVATE)).isEqualTo(EINVAL);
    assertThat(numaWake(KERNEL, NUMA_PRIVATE)).isEqualTo(EFAULT);
  }

  @Test
  void aNumaFutexReadsItsNodeEvenWhenPrivate() {
    assertThat(numaWake(UNMAPPED, NUMA_PRIVATE)).isEqualTo(EFAULT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 77, 5000, -2, Integer.MIN_VALUE})
  void aNodeThatCannotBeIsInvalid(int node) {
    guest.set(WORD + 4, node);
    assertThat(numaWake(WORD, NUMA_PRIVATE)).isEqualTo(EINVAL);
    assertThat(numaWake(WORD, NUMA_SHARED | MPOL)).isEqualTo(EINVAL);
    assertThat(guest.get(WORD + 4)).isEqualTo(node);
  }

  @ParameterizedTest
  @ValueSource(ints = {NUMA_PRIVATE, NUMA_SHARED, NUMA_PRIVATE | MPOL, NUMA_SHARED | MPOL})
  void noNodeIsReplacedByTheCallersEvenInAWake(int flags) {
    guest.set(WORD + 4, -1);
    assertThat(numaWake(WORD, flags)).isZero();
    assertThat(guest.get(WORD + 4)).isZero();
  }

  @Test
  void aWakeOfNobodyWritesTheNodeToo() {
    // probed on 6.18: futex_wake with nr 0 makes the key, and thereby the node
    guest.set(WORD + 4, -1);
    assertThat(guest.call(NR_FUTEX_WAKE, WORD, ANY, 0, NUMA_PRIVATE)).isZero();
    assertThat(guest.get(WORD + 4)).isZero();
  }

  @Test
  void aNodeInReadOnlyMemoryCanBeNamedAndNotFilledIn() {
    guest.set(WORD + 4, -1);
    guest.space.protect(WORD, PAGE, Protection.READ);
    assertThat(numaWake(WORD, NUMA_PRIVATE)).isEqualTo(EFAULT);
    guest.set(WORD + 4, 0);
    assertThat(numaWake(WORD, NUMA_PRIVATE)).isZero();
    assertThat(numaWake(WORD, NUMA_SHARED)).isEqualTo(EFAULT);
  }

  @Test
  void aPolicyWithoutNumaChangesNothing() {
    GuestThread waiter = guest.waiter(WORD);
    assertThat(numaWake(WORD, U32 | MPOL | PRIVATE)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void aPrivateNumaWaiterIsInvisibleToPlainWakes() {
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, NUMA_PRIVATE);
    assertThat(guest.wake(WORD, 1)).isZero();
    assertThat(numaWake(WORD, U32 | PRIVATE)).isZero();
    guest.set(WORD + 4, -1); // the wake fills in the same node
    assertThat(numaWake(WORD, NUMA_PRIVATE)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void aSharedNumaWaiterMeetsPlainWakesOnOneNode() {
    GuestThread waiter = guest.thread().sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, NUMA_SHARED);
    assertThat(guest.sharedWake(WORD, 1)).isOne();
    assertThat(waiter.result()).isZero();
  }

  @Test
  void onSeveralNodesTheNodeTellsFutexesApart() {
    AddressSpace twoNodes = new ForwardingSpace(guest.space, 2);
    GuestThread onFirst = new GuestThread(guest, twoNodes);
    GuestThread onSecond = new GuestThread(guest, twoNodes).node(1);
    guest.set(WORD + 4, -1);
    onSecond.sleeps(NR_FUTEX_WAIT, WORD, 0, ANY, NUMA_SHARED);
    assertThat(guest.get(WORD + 4)).isOne();
    guest.set(WORD + 4, 0);
    assertThat(onFirst.call(NR_FUTEX_WAKE, WORD, ANY, 1, NUMA_SHARED)).isZero();
    assertThat(onFirst.call(NR_FUTEX_WAKE, WORD, ANY, 1, U32)).isZero();
    guest.set(WORD + 4, 1);
    assertThat(onFirst.call(NR_FUTEX_WAKE, WORD, ANY, 1, NUMA_SHARED)).isOne();
    guest.set(WORD + 4, 2);
    assertThat(onFirst.call(NR_FUTEX_WAKE, WORD, ANY, 1, NUMA_SHARED)).isEqualTo(EINVAL);
  }
}
