package org.jfutex.cli.machine.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.cli.machine.jvm.Steps.ANY;
import static org.jfutex.cli.machine.jvm.Steps.FUTEX;
import static org.jfutex.cli.machine.jvm.Steps.U32_PRIVATE;
import static org.jfutex.cli.machine.jvm.Steps.WAIT;
import static org.jfutex.cli.machine.jvm.Steps.WAKE;
import static org.jfutex.cli.machine.jvm.Steps.run;
import static org.jfutex.cli.machine.jvm.Steps.settle;
import static org.jfutex.cli.machine.jvm.Steps.timespec;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.jfutex.Errno;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.linux.Operation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Wakes, signals, stops, kills and deadlines at random, some of them at the same time. */
class JvmMachineFuzzTest {
  private static final int ROUNDS = 600;
  private static final int SLEEPERS = 3;
  private static final long EINTR = -Errno.EINTR.number();
  private static final long ETIMEDOUT = -Errno.ETIMEDOUT.number();

  private Random random;
  private MachineProcess process;
  private long word;
  private List<MachineThread> sleepers;
  private long wakes;
  private long woken;

  @ParameterizedTest
  @EnumSource
  void everyWakeHasItsWaiterAndNobodyIsLeftBehind(JvmThreads threads) {
    long seed = ThreadLocalRandom.current().nextLong();
    random = new Random(seed);
    try (JvmMachine machine = new JvmMachine(threads)) {
      word = machine.process().map(Backing.SHARED, 4096);
      MachineThread waker = machine.process().thread("waker", 0);
      fork(machine);
      for (int round = 0; round < ROUNDS; round++) {
        sleepers.forEach(this::goToSleep);
        step(machine, waker);
        sleepers.forEach(this::take);
      }
      process.kill();
      assertThat(woken).as("wakes that arrived").isEqualTo(wakes);
      assertThat(machine.engine().waiters()).isEmpty();
      assertThat(run(waker, FUTEX, word, WAKE, 100)).isZero();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void fork(JvmMachine machine) {
    process = machine.process().fork();
    sleepers = new ArrayList<>();
    for (int i = 0; i < SLEEPERS; i++) {
      sleepers.add(process.thread("sleeper " + i, i));
    }
  }

  private void goToSleep(MachineThread thread) {
    if (thread.state() != ThreadState.IDLE) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> thread.call(FUTEX, word, WAIT & ~Operation.PRIVATE_FLAG, 0);
      case 1 -> {
        process.write(thread.scratch(), timespec(0, random.nextInt(300_000)));
        thread.call(FUTEX, word, WAIT & ~Operation.PRIVATE_FLAG, 0, thread.scratch());
      }
      default ->
          thread.call(Operation.NR_FUTEX_WAIT, word, 0, ANY, U32_PRIVATE & ~Operation.PRIVATE_FLAG);
    }
    if (random.nextBoolean()) {
      settle(thread);
    }
  }

  private void step(JvmMachine machine, MachineThread waker) {
    MachineThread one = sleepers.get(random.nextInt(SLEEPERS));
    int count = random.nextInt(1, SLEEPERS + 1);
    int kind = random.nextInt(5);
    if (kind != 0) {
      waker.call(FUTEX, word, WAKE & ~Operation.PRIVATE_FLAG, count);
    }
    switch (kind) {
      case 1, 2 -> one.signal(random.nextBoolean());
      case 3 -> {
        process.stop();
        assertThat(one.state()).isNotEqualTo(ThreadState.SLEEPING);
        if (random.nextBoolean()) {
          one.signal(random.nextBoolean());
        }
        process.resume();
      }
      default -> {}
    }
    if (kind != 0) {
      wakes += Steps.end(waker);
    }
    if (random.nextInt(50) == 0) {
      process.stop();
      process.resume();
      settleAll();
      process.kill();
      fork(machine);
    }
  }

  /**
   * A thread that was woken and is killed takes the wake with it, as on Linux: so first all rest.
   */
  private void settleAll() {
    sleepers.forEach(Steps::settle);
    sleepers.forEach(this::take);
  }

  private void take(MachineThread thread) {
    if (settle(thread) == ThreadState.RETURNED) {
      long result = thread.takeResult();
      assertThat(result).isIn(0L, EINTR, ETIMEDOUT);
      woken += result == 0 ? 1 : 0;
    }
  }
}
