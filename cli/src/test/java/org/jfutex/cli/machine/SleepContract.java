package org.jfutex.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** How sleeps end on every machine: by deadlines, signals, stops and kills. */
public abstract class SleepContract extends MachineContract {
  private static final int WAIT = Linux.WAIT | Linux.PRIVATE;
  private static final int WAKE = Linux.WAKE | Linux.PRIVATE;
  private static final int WAIT_BITSET = Linux.WAIT_BITSET | Linux.PRIVATE;
  private static final int U32_PRIVATE = Linux.U32 | Linux.PRIVATE;
  private static final long ANY = 0xffff_ffffL;
  private static final long EAGAIN = -Linux.EAGAIN;
  private static final long EINTR = -Linux.EINTR;
  private static final long ETIMEDOUT = -Linux.ETIMEDOUT;

  @Test
  void aVectorWaitSleepsOnceItIsQueuedEverywhere() {
    needs(Capability.WAITV);
    long words = process.map(Backing.PRIVATE, 4096);
    MachineThread a = thread("a");
    MachineThread b = thread("b");
    for (int round = 0; round < 100; round++) {
      process.write(
          a.scratch(),
          longs(0, words, U32_PRIVATE, 0, words, U32_PRIVATE, 0, words + 4, U32_PRIVATE));
      sleeps(a, Linux.FUTEX_WAITV, a.scratch(), 3, 0, 0, 1);
      assertThat(result(b, Linux.FUTEX, words, WAKE, 1)).isEqualTo(1);
      assertThat(result(a)).isZero();
      process.write(words + 4, ints(1));
      assertThat(result(a, Linux.FUTEX_WAITV, a.scratch(), 3, 0, 0, 1)).isEqualTo(EAGAIN);
      process.write(words + 4, ints(0));
    }
  }

  @Test
  void aTimeoutThatNeverComesIsASleep() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, 4096);
    MachineThread a = thread("a");
    process.write(a.scratch(), longs(Long.MAX_VALUE, 999_999_999));
    sleeps(a, Linux.FUTEX, word, WAIT, 0, a.scratch());
    a.signal(true);
    assertThat(a.takeResult()).isEqualTo(EINTR);
  }

  @Test
  void aPassedDeadlineIsNoSleep() {
    needs(Capability.FUTEX2);
    long word = process.map(Backing.PRIVATE, 4096);
    MachineThread a = thread("a");
    process.write(a.scratch(), longs(0, 1));
    for (int round = 0; round < 100; round++) {
      a.call(Linux.FUTEX, word, WAIT_BITSET, 0, a.scratch(), 0, ANY);
      assertThat(settled(a)).isEqualTo(ETIMEDOUT);
      a.call(Linux.FUTEX_WAIT2, word, 0, ANY, U32_PRIVATE, a.scratch(), 0);
      assertThat(settled(a)).isEqualTo(ETIMEDOUT);
      a.call(Linux.FUTEX, word, WAIT, 0, a.scratch());
      assertThat(result(a)).isEqualTo(ETIMEDOUT);
    }
  }

  @Test
  void signalsRestartTheCallsThatAllowIt() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, 4096);
    MachineThread a = thread("a");
    a.signal(false);
    assertThat(a.state()).isEqualTo(ThreadState.IDLE);

    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    a.signal(true);
    assertThat(a.state()).isEqualTo(ThreadState.SLEEPING);
    process.write(word, ints(1));
    a.signal(true);
    assertThat(a.state()).isEqualTo(ThreadState.RETURNED);
    assertThat(a.takeResult()).isEqualTo(EAGAIN);
    process.write(word, ints(0));
    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    a.signal(false);
    assertThat(a.takeResult()).isEqualTo(EINTR);
    a.signal(false); // the interrupt of the last one is used up

    process.write(a.scratch(), longs(1000, 0));
    sleeps(a, Linux.FUTEX, word, WAIT, 0, a.scratch());
    a.signal(true);
    assertThat(a.takeResult()).isEqualTo(EINTR);
    process.write(a.scratch(), longs(Long.MAX_VALUE, 0));
    sleeps(a, Linux.FUTEX, word, WAIT_BITSET, 0, a.scratch(), 0, ANY);
    a.signal(true);
    assertThat(a.takeResult()).isEqualTo(EINTR);
    sleeps(a, Linux.FUTEX_WAIT2, word, 0, ANY, U32_PRIVATE, a.scratch(), 1);
    a.signal(true);
    assertThat(a.state()).isEqualTo(ThreadState.SLEEPING);
    a.signal(false);
    assertThat(a.takeResult()).isEqualTo(EINTR);
  }

  @Test
  void aWokenWaiterThatIsSignalledReturnsItsWake() {
    needs(Capability.SIGNALS);
    long word = process.map(Backing.PRIVATE, 4096);
    MachineThread a = thread("a");
    MachineThread b = thread("b");
    for (int round = 0; round < 200; round++) {
      sleeps(a, Linux.FUTEX, word, WAIT, 0);
      b.call(Linux.FUTEX, word, WAKE, 1);
      assertThat(b.settle(LIMIT)).isEqualTo(ThreadState.RETURNED);
      a.signal(false);
      assertThat(b.takeResult()).isEqualTo(1);
      assertThat(result(a)).isZero();
    }
  }

  @Test
  void aStoppedWaiterLeavesItsQueueAndKeepsItsDeadline() {
    needs(Capability.SIGNALS);
    MachineProcess child = machine.process().fork();
    long word = child.map(Backing.PRIVATE, 4096);
    MachineThread a = child.thread("a", 0);
    MachineThread b = child.thread("b", 0);
    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    child.stop();
    assertThat(a.state()).isEqualTo(ThreadState.RUNNING);
    b.call(Linux.FUTEX, word, WAKE, 1);
    assertThat(b.settle(0)).isEqualTo(ThreadState.RUNNING);
    child.resume();
    assertThat(result(b)).isBetween(0L, 1L); // a may have been queued again before
    if (a.settle(LIMIT) == ThreadState.SLEEPING) {
      assertThat(result(b, Linux.FUTEX, word, WAKE, 1)).isEqualTo(1);
    }
    assertThat(result(a)).isZero();

    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    child.stop();
    a.signal(false); // pending until it is continued
    child.write(word, ints(1));
    child.resume();
    assertThat(result(a)).isEqualTo(EINTR);
    child.write(word, ints(0));
    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    child.stop();
    child.write(word, ints(1));
    child.resume();
    assertThat(result(a)).isEqualTo(EAGAIN);

    child.write(word, ints(0));
    child.write(a.scratch(), longs(0, 400_000_000));
    long start = System.nanoTime();
    sleeps(a, Linux.FUTEX, word, WAIT, 0, a.scratch());
    child.stop();
    child.write(a.scratch(), longs(3000, 0)); // read when the call began, and never again
    child.resume();
    assertThat(result(a)).isEqualTo(ETIMEDOUT);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(400_000_000);
  }

  @Test
  void killedAndExitedThreadsAreGone() {
    needs(Capability.SIGNALS);
    MachineProcess child = machine.process().fork();
    long word = child.map(Backing.PRIVATE, 4096);
    MachineThread a = child.thread("a", 0);
    MachineThread b = child.thread("b", 0);
    MachineThread c = child.thread("c", 0);
    c.exit();
    assertThat(c.state()).isEqualTo(ThreadState.GONE);
    assertThatThrownBy(() -> c.signal(true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has gone");
    assertThatThrownBy(() -> c.call(Linux.FUTEX, word, WAKE, 1))
        .isInstanceOf(IllegalStateException.class);
    sleeps(a, Linux.FUTEX, word, WAIT, 0);
    child.stop();
    assertThatThrownBy(() -> child.thread("late", 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is stopped");
    child.kill();
    child.kill();
    assertThatThrownBy(child::fork)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("was killed");
    assertThat(a.state()).isEqualTo(ThreadState.GONE);
    assertThat(b.settle(LIMIT)).isEqualTo(ThreadState.GONE);

    MachineProcess other = machine.process().fork();
    long there = other.map(Backing.PRIVATE, 4096);
    MachineThread d = other.thread("d", 0);
    sleeps(d, Linux.FUTEX, there, WAIT, 0);
    other.kill();
    assertThat(d.state()).isEqualTo(ThreadState.GONE);
  }

  @Test
  void realTimeThreadsAreWokenFirst() {
    needs(Capability.RT);
    long word = process.map(Backing.PRIVATE, 4096);
    MachineThread plain = thread("plain");
    MachineThread fifo = process.thread("fifo", 10);
    MachineThread waker = thread("waker");
    sleeps(plain, Linux.FUTEX, word, WAIT, 0);
    sleeps(fifo, Linux.FUTEX, word, WAIT, 0);
    assertThat(result(waker, Linux.FUTEX, word, WAKE, 1)).isEqualTo(1);
    assertThat(result(fifo)).isZero();
    assertThat(plain.state()).isEqualTo(ThreadState.SLEEPING);
  }

  /** The result of a call that does not sleep, not even for a moment. */
  private static long settled(MachineThread thread) {
    assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.RETURNED);
    return thread.takeResult();
  }
}
