package org.jfutex.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What processes of every machine do: memory, forks, stops and kills. */
public abstract class ProcessContract extends MachineContract {
  private MachineThread thread;
  private MachineThread other;

  @BeforeEach
  void threads() {
    thread = thread("thread");
    other = thread("other");
  }

  @ParameterizedTest
  @EnumSource
  void freshMemoryIsZeroAndWritable(Backing backing) {
    long address = process.map(backing, PAGE + 1);
    assertThat(address % PAGE).isZero();
    assertThat(process.read(address, 2 * PAGE)).hasSize(2 * PAGE).containsOnly(0);
    byte[] bytes = new byte[2 * PAGE];
    bytes[0] = 1;
    bytes[2 * PAGE - 1] = 2;
    process.write(address, bytes);
    assertThat(process.read(address, 2 * PAGE)).isEqualTo(bytes);
    assertThat(store(thread, address + 4, 3)).isZero();
    assertThat(word(process, address + 4)).isEqualTo(3);
    assertThatThrownBy(() -> process.read(address + 2 * PAGE, 4))
        .as("behind it")
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void nothingIsMappedAtNull() {
    assertThatThrownBy(() -> process.read(0, 4)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> process.write(0, new byte[4]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = Backing.class,
      names = {"SHARED", "FILE"})
  void sharedFutexesMeetAtAnAlias(Backing backing) {
    long word = process.map(backing, PAGE) + 8;
    long alias = process.alias(word - 8) + 8;
    assertThat(alias).isNotEqualTo(word);
    set(process, word, 5);
    assertThat(word(process, alias)).isEqualTo(5);
    waitsShared(thread, word, 5);
    assertThat(wakeShared(other, alias, 1)).isEqualTo(1);
    assertThat(result(thread)).isZero();
    waits(thread, word, 5);
    assertThat(wake(other, alias, 1)).as("private ones do not").isZero();
    assertThat(wake(other, word, 1)).isEqualTo(1);
    assertThat(result(thread)).isZero();
  }

  @Test
  void anAliasOfPrivateMemoryIsTheSameAddress() {
    long address = process.map(Backing.PRIVATE, PAGE);
    assertThat(process.alias(address)).isEqualTo(address);
  }

  @Test
  void anAliasOfAPrivateFileHasItsOwnCopies() {
    long word = process.map(Backing.FILE_PRIVATE, PAGE);
    long alias = process.alias(word);
    assertThat(store(thread, word, 5)).isZero();
    assertThat(word(process, word)).isEqualTo(5);
    assertThat(word(process, alias)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void protectionIsForTheProcessAndNotForThePlayer(Backing backing) {
    long word = process.map(backing, PAGE);
    int wait = Linux.WAIT | Linux.PRIVATE;
    set(process, word, 5);
    process.protect(word, PAGE, Protection.READ);
    assertThat(store(thread, word, 6)).isEqualTo(-Linux.EFAULT);
    assertThat(compareAndSet(thread, word, 5, 6)).isEqualTo(-Linux.EFAULT);
    assertThat(result(thread, Linux.FUTEX, word, wait, 6)).isEqualTo(-Linux.EAGAIN);
    set(process, word, 7);
    assertThat(word(process, word)).isEqualTo(7);
    process.protect(word, PAGE, Protection.NONE);
    assertThat(result(thread, Linux.FUTEX, word, wait, 7)).isEqualTo(-Linux.EFAULT);
    assertThat(store(thread, word, 6)).isEqualTo(-Linux.EFAULT);
    set(process, word, 8);
    assertThat(word(process, word)).isEqualTo(8);
    process.protect(word, PAGE, Protection.READ_WRITE);
    assertThat(store(thread, word, 6)).isZero();
    assertThat(word(process, word)).isEqualTo(6);
  }

  @ParameterizedTest
  @EnumSource
  void unmappedPagesAreGone(Backing backing) {
    long address = process.map(backing, 2 * PAGE);
    process.unmap(address, PAGE);
    assertThat(store(thread, address, 6)).isEqualTo(-Linux.EFAULT);
    assertThat(store(thread, address + PAGE, 6)).isZero();
    assertThatThrownBy(() -> process.read(address, 4)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> process.write(address, new byte[4]))
        .isInstanceOf(IllegalArgumentException.class);
    process.unmap(address, 2 * PAGE);
    assertThat(store(thread, address + PAGE, 6)).isEqualTo(-Linux.EFAULT);
  }

  @ParameterizedTest
  @EnumSource
  void aRemappedRegionIsElsewhere(Backing backing) {
    long address = process.map(backing, 2 * PAGE);
    set(process, address + PAGE, 5);
    long moved = process.remap(address);
    assertThat(moved).isNotEqualTo(address);
    assertThat(word(process, moved + PAGE)).isEqualTo(5);
    assertThat(store(thread, moved, 6)).isZero();
    assertThat(store(thread, address, 6)).isEqualTo(-Linux.EFAULT);
    assertThatThrownBy(() -> process.read(address, 4)).isInstanceOf(IllegalArgumentException.class);
    assertThat(process.remap(moved)).isNotEqualTo(moved);
  }

  @Test
  void aSharedFutexMovesWithItsMemoryAndAPrivateOneDoesNot() {
    long word = process.map(Backing.SHARED, PAGE);
    waits(thread, word, 0);
    waitsShared(other, word, 0);
    long moved = process.remap(word);
    MachineThread waker = thread("waker");
    assertThat(wake(waker, moved, 1)).isZero();
    assertThat(wake(waker, word, 1)).isEqualTo(1);
    assertThat(wakeShared(waker, moved, 1)).isEqualTo(1);
    assertThat(result(thread)).isZero();
    assertThat(result(other)).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Backing.class,
      names = {"FILE", "FILE_PRIVATE"})
  void aTruncatedFileHasNoPagesBehindItsEnd(Backing backing) {
    long address = process.map(backing, 2 * PAGE);
    process.truncate(address, PAGE);
    int wait = Linux.WAIT | Linux.PRIVATE;
    assertThat(result(thread, Linux.FUTEX, address + PAGE, wait, 1)).isEqualTo(-Linux.EFAULT);
    assertThat(store(thread, address + PAGE, 1)).isEqualTo(-Linux.EFAULT);
    assertThat(store(thread, address, 1)).isZero();
    process.truncate(address, 2 * PAGE);
    assertThat(store(thread, address + PAGE, 1)).isZero();
  }

  @Test
  void onlyFilesAreTruncated() {
    long address = process.map(Backing.PRIVATE, PAGE);
    assertThatThrownBy(() -> process.truncate(address, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aForkSharesSharedMemoryAndCopiesTheRest() {
    needs(Capability.PROCESSES);
    long copied = process.map(Backing.PRIVATE, PAGE);
    long shared = process.map(Backing.SHARED, PAGE);
    long file = process.map(Backing.FILE, PAGE);
    set(process, copied, 1);
    set(process, shared, 2);
    set(process, file, 3);
    MachineProcess child = process.fork();
    set(process, copied, 11);
    set(process, shared, 12);
    set(process, file, 13);
    assertThat(word(child, copied)).isEqualTo(1);
    assertThat(word(child, shared)).isEqualTo(12);
    assertThat(word(child, file)).isEqualTo(13);
    MachineThread inChild = child.thread("child", 0);
    waitsShared(inChild, shared, 12);
    waits(thread, copied, 11);
    assertThat(wakeShared(other, shared, 1)).isEqualTo(1);
    assertThat(result(inChild)).isZero();
    assertThat(wake(inChild, copied, 1)).as("another process's").isZero();
    long later = child.map(Backing.PRIVATE, PAGE);
    assertThat(store(inChild, later, 1)).isZero();
    assertThat(store(other, later, 1)).isEqualTo(-Linux.EFAULT);
  }

  @Test
  void aForkOfAForkIsAProcessToo() {
    needs(Capability.PROCESSES);
    long shared = process.map(Backing.SHARED, PAGE);
    MachineProcess child = process.fork();
    MachineProcess grandchild = child.fork();
    MachineThread waiter = grandchild.thread("waiter", 0);
    waitsShared(waiter, shared, 0);
    child.kill();
    assertThat(wakeShared(thread, shared, 1)).isEqualTo(1);
    assertThat(result(waiter)).isZero();
  }

  @Test
  void aStoppedWaiterIsNotQueuedAndSleepsAgainWhenContinued() {
    needs(Capability.SIGNALS);
    needs(Capability.PROCESSES);
    long shared = process.map(Backing.SHARED, PAGE);
    MachineProcess child = process.fork();
    MachineThread waiter = child.thread("waiter", 0);
    waitsShared(waiter, shared, 0);
    for (int i = 0; i < 5; i++) {
      child.stop();
      assertThat(waiter.settle(20 * MILLI)).isEqualTo(ThreadState.RUNNING);
      assertThat(wakeShared(thread, shared, 1)).as("round %d", i).isZero();
      child.resume();
      sleeps(waiter);
    }
    assertThat(wakeShared(thread, shared, 1)).isEqualTo(1);
    assertThat(result(waiter)).isZero();
  }

  @Test
  void aStopDoesNotChangeADeadline() {
    needs(Capability.SIGNALS);
    needs(Capability.PROCESSES);
    long shared = process.map(Backing.SHARED, PAGE);
    MachineProcess child = process.fork();
    MachineThread waiter = child.thread("waiter", 0);
    long timeout = timespec(child, waiter, LIMIT);
    sleeps(waiter, Linux.FUTEX, shared, Linux.WAIT, 0, timeout);
    child.stop();
    child.resume();
    sleeps(waiter);
    assertThat(wakeShared(thread, shared, 1)).isEqualTo(1);
    assertThat(result(waiter)).isZero();
  }

  @Test
  void theThreadsOfAKilledProcessAreGone() {
    needs(Capability.PROCESSES);
    long shared = process.map(Backing.SHARED, PAGE);
    MachineProcess child = process.fork();
    MachineThread waiter = child.thread("waiter", 0);
    MachineThread idle = child.thread("idle", 0);
    waitsShared(waiter, shared, 0);
    child.kill();
    assertThat(waiter.state()).isEqualTo(ThreadState.GONE);
    assertThat(waiter.join(LIMIT)).isEqualTo(ThreadState.GONE);
    assertThat(idle.state()).isEqualTo(ThreadState.GONE);
    assertThat(wakeShared(thread, shared, 1)).isZero();
    child.kill();
  }

  @Test
  void aStoppedProcessCanBeKilled() {
    needs(Capability.SIGNALS);
    needs(Capability.PROCESSES);
    MachineProcess child = process.fork();
    MachineThread idle = child.thread("idle", 0);
    child.stop();
    child.kill();
    assertThat(idle.state()).isEqualTo(ThreadState.GONE);
    child.resume();
    assertThat(idle.state()).isEqualTo(ThreadState.GONE);
  }

  @Test
  void theRobustListsOfAKilledProcessAreServed() {
    needs(Capability.ROBUST);
    needs(Capability.PROCESSES);
    long entry = process.map(Backing.SHARED, PAGE);
    long lock = entry + 16;
    MachineProcess child = process.fork();
    MachineThread owner = child.thread("owner", 0);
    child.write(owner.scratch(), longs(entry, 16, 0));
    child.write(entry, longs(owner.scratch()));
    set(child, lock, owner.tid() | Linux.WAITERS);
    assertThat(result(owner, Linux.SET_ROBUST_LIST, owner.scratch(), 24)).isZero();
    waitsShared(thread, lock, owner.tid() | Linux.WAITERS);
    child.kill();
    assertThat(word(process, lock)).isEqualTo(Linux.OWNER_DIED | Linux.WAITERS);
    assertThat(result(thread)).isZero();
  }
}
