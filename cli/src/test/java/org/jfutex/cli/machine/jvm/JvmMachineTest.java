package org.jfutex.cli.machine.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.cli.machine.jvm.Steps.ANY;
import static org.jfutex.cli.machine.jvm.Steps.FUTEX;
import static org.jfutex.cli.machine.jvm.Steps.U32_PRIVATE;
import static org.jfutex.cli.machine.jvm.Steps.WAIT;
import static org.jfutex.cli.machine.jvm.Steps.WAIT_BITSET;
import static org.jfutex.cli.machine.jvm.Steps.WAKE;
import static org.jfutex.cli.machine.jvm.Steps.buffer;
import static org.jfutex.cli.machine.jvm.Steps.end;
import static org.jfutex.cli.machine.jvm.Steps.run;
import static org.jfutex.cli.machine.jvm.Steps.settle;
import static org.jfutex.cli.machine.jvm.Steps.settled;
import static org.jfutex.cli.machine.jvm.Steps.sleep;
import static org.jfutex.cli.machine.jvm.Steps.timespec;
import static org.jfutex.cli.machine.jvm.Steps.word;

import java.nio.ByteBuffer;
import org.jfutex.Errno;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.linux.Operation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What threads and processes of the simulated machine do that a JVM's do not. */
class JvmMachineTest {
  private static final long EAGAIN = -Errno.EAGAIN.number();
  private static final long EINTR = -Errno.EINTR.number();
  private static final long ETIMEDOUT = -Errno.ETIMEDOUT.number();
  private static final long EFAULT = -Errno.EFAULT.number();

  @ParameterizedTest
  @EnumSource
  void aWaiterSleepsUntilItIsWoken(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      MachineThread b = process.thread("b", 0);
      assertThat(a.state()).isEqualTo(ThreadState.IDLE);
      assertThat(run(a, FUTEX, word, WAIT, 1)).isEqualTo(EAGAIN);
      sleep(a, FUTEX, word, WAIT, 0);
      assertThatThrownBy(() -> a.call(FUTEX, word, WAKE, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("SLEEPING");
      assertThatThrownBy(a::takeResult).isInstanceOf(IllegalStateException.class);
      assertThat(run(b, FUTEX, word, WAKE, 1)).isEqualTo(1);
      assertThat(end(a)).isZero();
      assertThat(a.state()).isEqualTo(ThreadState.IDLE);
      assertThat(a.tid()).isNotEqualTo(b.tid()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aVectorWaitSleepsOnceItIsQueuedEverywhere(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long words = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      MachineThread b = process.thread("b", 0);
      for (int round = 0; round < 100; round++) {
        ByteBuffer vector = buffer(3 * 24);
        for (int i = 0; i < 3; i++) {
          vector.putLong(0).putLong(words + 4L * (i / 2)).putInt(U32_PRIVATE).putInt(0);
        }
        process.write(a.scratch(), vector.array());
        sleep(a, Operation.NR_FUTEX_WAITV, a.scratch(), 3, 0, 0, 1);
        assertThat(run(b, FUTEX, words, WAKE, 1)).isEqualTo(1);
        assertThat(end(a)).isZero();
        process.write(words + 4, word(1));
        assertThat(run(a, Operation.NR_FUTEX_WAITV, a.scratch(), 3, 0, 0, 1)).isEqualTo(EAGAIN);
        process.write(words + 4, word(0));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPassedDeadlineIsNoSleep(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      process.write(a.scratch(), timespec(0, 1));
      for (int round = 0; round < 100; round++) {
        a.call(FUTEX, word, WAIT_BITSET, 0, a.scratch(), 0, ANY);
        assertThat(settled(a)).isEqualTo(ETIMEDOUT);
        a.call(Operation.NR_FUTEX_WAIT, word, 0, ANY, U32_PRIVATE, a.scratch(), 0);
        assertThat(settled(a)).isEqualTo(ETIMEDOUT);
        a.call(FUTEX, word, WAIT, 0, a.scratch());
        assertThat(end(a)).isEqualTo(ETIMEDOUT);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void signalsRestartTheCallsThatAllowIt(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      a.signal(false);
      assertThat(a.state()).isEqualTo(ThreadState.IDLE);

      sleep(a, FUTEX, word, WAIT, 0);
      a.signal(true);
      assertThat(a.state()).isEqualTo(ThreadState.SLEEPING);
      process.write(word, word(1));
      a.signal(true);
      assertThat(a.state()).isEqualTo(ThreadState.RETURNED);
      assertThat(a.takeResult()).isEqualTo(EAGAIN);
      process.write(word, word(0));
      sleep(a, FUTEX, word, WAIT, 0);
      a.signal(false);
      assertThat(a.takeResult()).isEqualTo(EINTR);
      a.signal(false); // the interrupt of the last one is used up

      process.write(a.scratch(), timespec(1000, 0));
      sleep(a, FUTEX, word, WAIT, 0, a.scratch());
      a.signal(true);
      assertThat(a.takeResult()).isEqualTo(EINTR);
      process.write(a.scratch(), timespec(Long.MAX_VALUE, 0));
      sleep(a, FUTEX, word, WAIT_BITSET, 0, a.scratch(), 0, ANY);
      a.signal(true);
      assertThat(a.takeResult()).isEqualTo(EINTR);
      sleep(a, Operation.NR_FUTEX_WAIT, word, 0, ANY, U32_PRIVATE, a.scratch(), 1);
      a.signal(true);
      assertThat(a.state()).isEqualTo(ThreadState.SLEEPING);
      a.signal(false);
      assertThat(a.takeResult()).isEqualTo(EINTR);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWokenWaiterThatIsSignalledReturnsItsWake(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      MachineThread b = process.thread("b", 0);
      for (int round = 0; round < 200; round++) {
        sleep(a, FUTEX, word, WAIT, 0);
        b.call(FUTEX, word, WAKE, 1);
        assertThat(settle(b)).isEqualTo(ThreadState.RETURNED);
        a.signal(false);
        assertThat(b.takeResult()).isEqualTo(1);
        assertThat(end(a)).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStoppedWaiterLeavesItsQueueAndKeepsItsDeadline(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess child = machine.process().fork();
      long word = child.map(Backing.PRIVATE, 4096);
      MachineThread a = child.thread("a", 0);
      MachineThread b = child.thread("b", 0);
      sleep(a, FUTEX, word, WAIT, 0);
      child.stop();
      assertThat(machine.engine().waiters()).isEmpty();
      assertThat(a.state()).isEqualTo(ThreadState.RUNNING);
      b.call(FUTEX, word, WAKE, 1);
      assertThat(b.settle(0)).isEqualTo(ThreadState.RUNNING);
      child.resume();
      assertThat(end(b)).isBetween(0L, 1L); // a may have been queued again before
      if (settle(a) == ThreadState.SLEEPING) {
        assertThat(run(b, FUTEX, word, WAKE, 1)).isEqualTo(1);
      }
      assertThat(end(a)).isZero();

      sleep(a, FUTEX, word, WAIT, 0);
      child.stop();
      a.signal(false); // pending until it is continued
      child.write(word, word(1));
      child.resume();
      assertThat(end(a)).isEqualTo(EINTR);
      child.write(word, word(0));
      sleep(a, FUTEX, word, WAIT, 0);
      child.stop();
      child.write(word, word(1));
      child.resume();
      assertThat(end(a)).isEqualTo(EAGAIN);

      child.write(word, word(0));
      child.write(a.scratch(), timespec(0, 150_000_000));
      long start = System.nanoTime();
      sleep(a, FUTEX, word, WAIT, 0, a.scratch());
      child.stop();
      child.write(a.scratch(), timespec(3000, 0)); // read when the call began, and never again
      child.resume();
      assertThat(end(a)).isEqualTo(ETIMEDOUT);
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(150_000_000);
    }
  }

  @ParameterizedTest
  @EnumSource
  void killedAndExitedThreadsAreGone(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
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
      assertThatThrownBy(() -> c.call(FUTEX, word, WAKE, 1))
          .isInstanceOf(IllegalStateException.class);
      sleep(a, FUTEX, word, WAIT, 0);
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
      assertThat(settle(b)).isEqualTo(ThreadState.GONE);
      assertThat(machine.engine().waiters()).isEmpty();

      MachineProcess other = machine.process().fork();
      long there = other.map(Backing.PRIVATE, 4096);
      MachineThread d = other.thread("d", 0);
      sleep(d, FUTEX, there, WAIT, 0);
      other.kill();
      assertThat(d.state()).isEqualTo(ThreadState.GONE);
      assertThat(machine.engine().waiters()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void realTimeThreadsAreWokenFirst(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread plain = process.thread("plain", 0);
      MachineThread fifo = process.thread("fifo", 10);
      MachineThread waker = process.thread("waker", 0);
      sleep(plain, FUTEX, word, WAIT, 0);
      sleep(fifo, FUTEX, word, WAIT, 0);
      assertThat(run(waker, FUTEX, word, WAKE, 1)).isEqualTo(1);
      assertThat(end(fifo)).isZero();
      assertThat(plain.state()).isEqualTo(ThreadState.SLEEPING);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsStoreAndCompareAndSet(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4096);
      MachineThread a = process.thread("a", 0);
      a.store(word, 7);
      assertThat(end(a)).isZero();
      a.compareAndSet(word, 6, 8);
      assertThat(end(a)).isZero();
      a.compareAndSet(word, 7, 8);
      assertThat(end(a)).isEqualTo(1);
      assertThat(process.read(word, 4)).isEqualTo(word(8));
      process.protect(word, 4096, Protection.READ);
      a.store(word, 7);
      assertThat(end(a)).isEqualTo(EFAULT);
      a.compareAndSet(word, 8, 7);
      assertThat(end(a)).isEqualTo(EFAULT);
      assertThatThrownBy(() -> a.store(word + 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void callsThatAreNoFutexCallsAreAnsweredOrRefused(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineThread a = machine.process().thread("a", 0);
      assertThat(run(a, 273, a.scratch(), 24)).isZero();
      assertThat(run(a, 273, a.scratch(), 23)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(a, 157, 78, 2)).isEqualTo(-Errno.ENOSYS.number());
    }
  }
}
