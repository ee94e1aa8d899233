package org.jfutex.cli.machine.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.cli.machine.jvm.Steps.FUTEX;
import static org.jfutex.cli.machine.jvm.Steps.WAIT;
import static org.jfutex.cli.machine.jvm.Steps.run;
import static org.jfutex.cli.machine.jvm.Steps.sleep;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.Errno;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.engine.JvmFutex;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the simulated machine does beside what every machine must; see JvmContractTest. */
class JvmMachineTest {
  @ParameterizedTest
  @EnumSource
  void callsThatAreNoFutexCallsAreAnsweredOrRefused(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineThread a = machine.process().thread("a", 0);
      assertThat(run(a, 273, a.scratch(), 24)).isZero();
      assertThat(run(a, 273, a.scratch(), 23)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(a, 237, machine.process().map(Backing.PRIVATE, 4096), 4096)).isZero();
      assertThat(run(a, 237, 1, 4096)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(a, 157, 78, 2)).as("no hash before there is a second thread").isZero();
      assertThat(run(a, 157, 77, 2)).isEqualTo(-Errno.ENOSYS.number());
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoIsStoppedOrKilledIsInNoQueue(JvmThreads threads) {
    try (JvmMachine machine = new JvmMachine(threads)) {
      MachineProcess child = machine.process().fork();
      long word = child.map(Backing.PRIVATE, 4096);
      MachineThread a = child.thread("a", 0);
      sleep(a, FUTEX, word, WAIT, 0);
      assertThat(machine.engine().waiters()).hasSize(1);
      child.stop();
      assertThat(machine.engine().waiters()).isEmpty();
      child.resume();
      assertThat(Steps.settle(a)).isEqualTo(ThreadState.SLEEPING);
      child.kill();
      assertThat(machine.engine().waiters()).isEmpty();
    }
  }

  @Test
  void whoIsQueuedWithAPassedDeadlineDoesNotSleep() throws InterruptedException {
    AtomicReference<JvmFutex> queues = new AtomicReference<>();
    CountDownLatch queued = new CountDownLatch(1);
    CountDownLatch seen = new CountDownLatch(1);
    AtomicBoolean looks = new AtomicBoolean(); // who looks at the waiters asks for the time too
    Ticker ticker =
        clock -> {
          if (looks.compareAndSet(false, true)) {
            if (!queues.get().waiters().isEmpty()) { // asked whether the deadline has passed
              queued.countDown();
              try {
                seen.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            }
            looks.set(false);
          }
          return Ticker.system().nanos(clock);
        };
    JvmFutex engine = new JvmFutex(1, ticker);
    queues.set(engine);
    try (JvmMachine machine = new JvmMachine(JvmThreads.PLATFORM, engine)) {
      MachineThread a = machine.process().thread("a", 0);
      machine.process().write(a.scratch(), Steps.timespec(0, 1));
      a.call(FUTEX, a.scratch(), 9, 0, a.scratch(), 0, Steps.ANY);
      queued.await();
      assertThat(engine.waiters()).hasSize(1);
      assertThat(a.state()).isEqualTo(ThreadState.RUNNING);
      seen.countDown();
      assertThat(Steps.end(a)).isEqualTo(-Errno.ETIMEDOUT.number());
    }
  }

  @Test
  void machinesMayShareAnEngine() {
    JvmFutex engine = new JvmFutex(1, Ticker.system());
    try (JvmMachine one = new JvmMachine(JvmThreads.PLATFORM, engine);
        JvmMachine other = new JvmMachine(JvmThreads.VIRTUAL, engine)) {
      long word = one.process().map(Backing.PRIVATE, 4096);
      long there = other.process().map(Backing.PRIVATE, 4096);
      MachineThread a = one.process().thread("t", 0);
      MachineThread b = other.process().thread("t", 0);
      assertThat(b.tid()).isEqualTo(a.tid());
      sleep(a, FUTEX, word, WAIT, 0);
      assertThat(run(b, FUTEX, there, Steps.WAKE, 1)).isZero();
      sleep(b, FUTEX, there, WAIT, 0);
      assertThat(a.state()).isEqualTo(ThreadState.SLEEPING);
      assertThat(engine.waiters()).hasSize(2);
    }
    assertThat(engine.waiters()).isEmpty();
  }

  @Test
  void wordsOfThreadsAreAligned() {
    try (JvmMachine machine = new JvmMachine(JvmThreads.PLATFORM)) {
      MachineThread a = machine.process().thread("a", 0);
      long odd = a.scratch() + 1;
      assertThatThrownBy(() -> a.store(odd, 0)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> a.compareAndSet(odd, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(a.state()).isEqualTo(ThreadState.IDLE);
    }
  }
}
