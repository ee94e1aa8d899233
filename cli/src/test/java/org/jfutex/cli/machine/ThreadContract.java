package org.jfutex.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What threads of every machine do: calls, sleeping, signals, exit. */
public abstract class ThreadContract extends MachineContract {
  @Test
  void aThreadIsIdleWithAnIdOfItsOwn() {
    Set<Integer> tids = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      MachineThread thread = thread("t" + i);
      assertThat(thread.state()).isEqualTo(ThreadState.IDLE);
      assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.IDLE);
      assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.IDLE);
      assertThat(thread.tid()).isBetween(1, (1 << 30) - 1);
      assertThat(tids.add(thread.tid())).isTrue();
    }
  }

  @Test
  void scratchIsMemoryOfTheThreadsOwn() {
    MachineThread one = thread("one");
    MachineThread other = thread("other");
    assertThat(process.read(one.scratch(), Machine.SCRATCH_BYTES)).containsOnly(0);
    set(process, one.scratch(), 7);
    set(process, one.scratch() + Machine.SCRATCH_BYTES - 4, 8);
    assertThat(word(process, other.scratch())).isZero();
    assertThat(store(one, one.scratch(), 9)).isZero();
    assertThat(word(process, one.scratch())).isEqualTo(9);
    assertThat(word(process, one.scratch() + Machine.SCRATCH_BYTES - 4)).isEqualTo(8);
  }

  @Test
  void aCallReturnsAndItsResultIsTakenOnce() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread thread = thread("t");
    thread.call(Linux.FUTEX, word, Linux.WAKE | Linux.PRIVATE, 1);
    assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.RETURNED);
    assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
    assertThatThrownBy(() -> thread.call(Linux.FUTEX)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> thread.store(word, 1)).isInstanceOf(IllegalStateException.class);
    assertThat(thread.takeResult()).isZero();
    assertThat(thread.state()).isEqualTo(ThreadState.IDLE);
    assertThatThrownBy(thread::takeResult).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> thread.call(Linux.FUTEX, 1, 2, 3, 4, 5, 6, 7))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void errorsAreNegativeNumbers() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread thread = thread("t");
    int wait = Linux.WAIT | Linux.PRIVATE;
    assertThat(result(thread, Linux.FUTEX, word, wait, 1)).isEqualTo(-Linux.EAGAIN);
    assertThat(result(thread, Linux.FUTEX, word + 1, wait, 0)).isEqualTo(-Linux.EINVAL);
    assertThat(result(thread, Linux.FUTEX, 0, wait, 0)).isEqualTo(-Linux.EFAULT);
  }

  @Test
  void aWaiterSleepsUntilItIsWoken() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread waiter = thread("waiter");
    MachineThread waker = thread("waker");
    waits(waiter, word, 0);
    assertThat(waiter.state()).isEqualTo(ThreadState.SLEEPING);
    assertThat(waiter.join(20 * MILLI)).isEqualTo(ThreadState.SLEEPING);
    assertThat(waiter.join(0)).isEqualTo(ThreadState.SLEEPING);
    assertThatThrownBy(waiter::takeResult).isInstanceOf(IllegalStateException.class);
    assertThat(wake(waker, word, 9)).isEqualTo(1);
    assertThat(result(waiter)).isZero();
    assertThat(wake(waker, word, 9)).isZero();
  }

  @Test
  void whoSleepsIsQueuedAndWhoWasWokenDoesNotSleep() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread first = thread("first");
    MachineThread second = thread("second");
    MachineThread waker = thread("waker");
    for (int i = 0; i < 300; i++) {
      waits(first, word, 0);
      waits(second, word, 0);
      assertThat(wake(waker, word, 1)).isEqualTo(1);
      assertThat(first.settle(0)).as("round %d", i).isNotEqualTo(ThreadState.SLEEPING);
      assertThat(second.settle(0)).as("round %d", i).isEqualTo(ThreadState.SLEEPING);
      assertThat(wake(waker, word, 1)).isEqualTo(1);
      assertThat(second.settle(0)).as("round %d", i).isNotEqualTo(ThreadState.SLEEPING);
      assertThat(result(first)).isZero();
      assertThat(result(second)).isZero();
    }
  }

  @Test
  void aTimeoutEndsASleep() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread thread = thread("t");
    long timeout = timespec(process, thread, 30 * MILLI);
    long start = System.nanoTime();
    long result = result(thread, Linux.FUTEX, word, Linux.WAIT | Linux.PRIVATE, 0, timeout);
    assertThat(result).isEqualTo(-Linux.ETIMEDOUT);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(30 * MILLI);
  }

  @Test
  void aVectorWaitSleepsOnAllItsWords() {
    needs(Capability.WAITV);
    long words = process.map(Backing.PRIVATE, PAGE);
    MachineThread waiter = thread("waiter");
    MachineThread waker = thread("waker");
    long flags = Linux.U32 | Linux.PRIVATE;
    process.write(waiter.scratch(), longs(0, words, flags, 0, words + 8, flags));
    for (int i = 0; i < 50; i++) {
      sleeps(waiter, Linux.FUTEX_WAITV, waiter.scratch(), 2, 0, 0, Linux.CLOCK_MONOTONIC);
      assertThat(wake(waker, words + 8, 1)).as("round %d", i).isEqualTo(1);
      assertThat(waiter.state()).as("round %d", i).isNotEqualTo(ThreadState.SLEEPING);
      assertThat(result(waiter)).isEqualTo(1);
    }
  }

  @Test
  void aCallThatNamesNoEntriesNeverSleeps() {
    needs(Capability.WAITV);
    MachineThread thread = thread("t");
    for (int i = 0; i < 200; i++) {
      thread.call(Linux.FUTEX_WAITV, thread.scratch(), 0, 0, 0, Linux.CLOCK_MONOTONIC);
      assertThat(thread.state()).as("round %d", i).isNotEqualTo(ThreadState.SLEEPING);
      assertThat(result(thread)).isEqualTo(-Linux.EINVAL);
    }
  }

  @Test
  void aLockWithInheritanceIsHandedOver() {
    needs(Capability.PI);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread owner = thread("owner");
    MachineThread next = thread("next");
    int lock = Linux.LOCK_PI | Linux.PRIVATE;
    assertThat(result(owner, Linux.FUTEX, word, lock, 0)).isZero();
    assertThat(word(process, word)).isEqualTo(owner.tid());
    sleeps(next, Linux.FUTEX, word, lock, 0);
    assertThat(word(process, word)).isEqualTo(owner.tid() | Linux.WAITERS);
    assertThat(result(owner, Linux.FUTEX, word, Linux.UNLOCK_PI | Linux.PRIVATE)).isZero();
    assertThat(result(next)).isZero();
    assertThat(word(process, word)).isEqualTo(next.tid() | Linux.WAITERS);
  }

  @Test
  void anOwnerRunsAtThePriorityOfWhoWaits() {
    needs(Capability.PI);
    needs(Capability.RT);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread owner = thread("owner");
    MachineThread low = process.thread("low", 3);
    MachineThread high = process.thread("high", 98);
    int lock = Linux.LOCK_PI | Linux.PRIVATE;
    assertThat(result(owner, Linux.FUTEX, word, lock, 0)).isZero();
    assertThat(owner.priority()).isZero();
    assertThat(low.priority()).isEqualTo(3);
    sleeps(low, Linux.FUTEX, word, lock, 0);
    assertThat(owner.priority()).isEqualTo(3);
    sleeps(high, Linux.FUTEX, word, lock, 0);
    assertThat(owner.priority()).isEqualTo(98);
    assertThat(result(owner, Linux.FUTEX, word, Linux.UNLOCK_PI | Linux.PRIVATE)).isZero();
    assertThat(owner.priority()).isZero();
    assertThat(result(high)).isZero();
    assertThat(high.priority()).isEqualTo(98);
  }

  @Test
  void storesAndComparesAndSets() {
    long word = process.map(Backing.SHARED, PAGE);
    MachineThread thread = thread("t");
    assertThat(store(thread, word, -2)).isZero();
    assertThat(word(process, word)).isEqualTo(-2);
    assertThat(compareAndSet(thread, word, -1, 5)).isZero();
    assertThat(word(process, word)).isEqualTo(-2);
    assertThat(compareAndSet(thread, word, -2, 5)).isEqualTo(1);
    assertThat(word(process, word)).isEqualTo(5);
    assertThat(store(thread, 0, 1)).isEqualTo(-Linux.EFAULT);
    assertThat(compareAndSet(thread, 0, 1, 1)).isEqualTo(-Linux.EFAULT);
    assertThat(store(thread, word, 6)).as("after a fault").isZero();
  }

  @Test
  void aSignalInterruptsOrRestartsASleep() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread waiter = thread("waiter");
    MachineThread waker = thread("waker");
    for (int i = 0; i < 50; i++) {
      waits(waiter, word, 0);
      waiter.signal(true);
      assertThat(waiter.state()).as("round %d", i).isEqualTo(ThreadState.SLEEPING);
      assertThat(wake(waker, word, 1)).as("round %d", i).isEqualTo(1);
      assertThat(result(waiter)).isZero();
      waits(waiter, word, 0);
      waiter.signal(false);
      assertThat(result(waiter)).as("round %d", i).isEqualTo(-Linux.EINTR);
      assertThat(wake(waker, word, 1)).as("round %d", i).isZero();
    }
  }

  @Test
  void aRestartedWaitLooksAtItsWordAgain() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread waiter = thread("waiter");
    waits(waiter, word, 0);
    set(process, word, 1);
    waiter.signal(true);
    assertThat(result(waiter)).isEqualTo(-Linux.EAGAIN);
  }

  @Test
  void aWaitWithATimeoutIsNotRestartedByHandlers() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread waiter = thread("waiter");
    long timeout = timespec(process, waiter, LIMIT);
    sleeps(waiter, Linux.FUTEX, word, Linux.WAIT | Linux.PRIVATE, 0, timeout);
    waiter.signal(true);
    assertThat(result(waiter)).isEqualTo(-Linux.EINTR);
  }

  @Test
  void aSignalBetweenCallsDoesNothing() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread thread = thread("t");
    thread.signal(false);
    thread.signal(true);
    assertThat(thread.state()).isEqualTo(ThreadState.IDLE);
    thread.call(Linux.FUTEX, word, Linux.WAIT | Linux.PRIVATE, 1);
    assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
    thread.signal(false);
    assertThat(thread.takeResult()).isEqualTo(-Linux.EAGAIN);
  }

  @Test
  void anExitedThreadIsGone() {
    MachineThread thread = thread("t");
    thread.exit();
    assertThat(thread.state()).isEqualTo(ThreadState.GONE);
    assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.GONE);
    assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.GONE);
    assertThatThrownBy(() -> thread.call(Linux.FUTEX)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(thread::exit).isInstanceOf(IllegalStateException.class);
    assertThat(thread("next").state()).isEqualTo(ThreadState.IDLE);
  }

  @Test
  void onlyAnIdleThreadExits() {
    long word = process.map(Backing.PRIVATE, PAGE);
    MachineThread thread = thread("t");
    waits(thread, word, 0);
    assertThatThrownBy(thread::exit).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theRobustListOfAnExitedThreadIsServed() {
    needs(Capability.ROBUST);
    long entry = process.map(Backing.PRIVATE, PAGE);
    long lock = entry + 16;
    MachineThread owner = thread("owner");
    MachineThread waiter = thread("waiter");
    process.write(owner.scratch(), longs(entry, 16, 0));
    process.write(entry, longs(owner.scratch()));
    set(process, lock, owner.tid() | Linux.WAITERS);
    assertThat(result(owner, Linux.SET_ROBUST_LIST, owner.scratch(), 24)).isZero();
    waitsShared(waiter, lock, owner.tid() | Linux.WAITERS);
    owner.exit();
    assertThat(word(process, lock)).isEqualTo(Linux.OWNER_DIED | Linux.WAITERS);
    assertThat(result(waiter)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsLackingHasAReason(Capability capability) {
    String reason = machine.lacks(capability);
    if (reason != null) {
      assertThat(reason).isNotBlank().doesNotContain("\n");
    }
    assertThat(machine.lacks(capability)).isEqualTo(reason);
  }
}
