package org.jfutex.cli.machine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jfutex.cli.Tools;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is special about workers: where they come from, and that nothing of them stays. */
class KernelMachineTest {
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(30);
  private static final int FUTEX = 202;
  private static final int WAIT_PRIVATE = 128;
  private static final int WAKE_PRIVATE = 129;
  private static final int GETPID = 39;
  private static final int EXIT_GROUP = 231;

  @Test
  void nothingIsLeftOfTwoHundredMachines() throws IOException {
    List<Integer> pids = new ArrayList<>();
    openAndClose(pids); // what is made once stays open
    long open = openFiles();
    for (int i = 0; i < 200; i++) {
      openAndClose(pids);
    }
    assertThat(openFiles()).isEqualTo(open);
    assertThat(pids).noneMatch(KernelMachineTest::exists);
  }

  @Test
  void aKernelWithoutWhatTellsSleepersIsRefused(@TempDir Path process) throws IOException {
    Files.createFile(process.resolve("stat"));
    Files.createFile(process.resolve("syscall"));
    Path schedstat = process.resolve("schedstat");
    assertThat(KernelMachine.missing(process))
        .isEqualTo(schedstat + " cannot be read: it tells whether threads sleep");
    Files.createFile(schedstat);
    assertThat(KernelMachine.missing(process)).isNull();
  }

  private static void openAndClose(List<Integer> pids) {
    try (KernelMachine machine = KernelMachine.open()) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4);
      process.map(Backing.FILE, 4);
      MachineProcess child = process.fork();
      for (MachineProcess each : List.of(process, child)) {
        MachineThread thread = each.thread("t", 0);
        pids.add(pidOf(thread));
        thread.call(FUTEX, word, WAIT_PRIVATE, 0);
        assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.SLEEPING);
      }
    }
  }

  @Test
  void nothingIsLeftOfKilledProcesses() throws IOException {
    try (KernelMachine machine = KernelMachine.open()) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.SHARED, 4);
      MachineThread thread = process.thread("t", 0);
      long open = openFiles();
      int mailboxes = machine.mailboxes().inUse();
      for (int i = 0; i < 100; i++) {
        MachineProcess child = process.fork();
        child.map(Backing.FILE, 4);
        for (int k = 0; k < 3; k++) {
          MachineThread sleeper = child.thread("s" + k, 0);
          sleeper.call(FUTEX, word, WAIT_PRIVATE, 0);
          assertThat(sleeper.settle(LIMIT)).isEqualTo(ThreadState.SLEEPING);
        }
        child.kill();
        MachineThread exits = process.thread("e" + i, 0);
        exits.exit();
        assertThat(exists(exits.tid())).as("thread %d", exits.tid()).isFalse();
      }
      assertThat(machine.mailboxes().inUse()).isEqualTo(mailboxes);
      assertThat(openFiles()).isEqualTo(open);
      assertThat(thread.state()).isEqualTo(ThreadState.IDLE);
    }
  }

  /** How many descriptors are of the kinds a machine has; the JVM opens files of its own. */
  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files
          .map(KernelMachineTest::target)
          .filter(name -> name.matches("pipe:.*|/proc/\\d+/.*|/memfd:jfutex.*|.* \\(deleted\\)"))
          .count();
    }
  }

  private static boolean exists(int pid) {
    return Files.exists(Path.of("/proc/" + pid));
  }

  private static int pidOf(MachineThread thread) {
    thread.call(GETPID);
    assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
    return (int) thread.takeResult();
  }

  /** A stopped one makes the kernel end the others too: an orphaned process group gets SIGHUP. */
  @ParameterizedTest
  @ValueSource(strings = {"running", "stopped"})
  void workersEndWithTheirJvm(String third) throws IOException, InterruptedException {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Opener.class.getName(),
                third)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = jvm.inputReader(StandardCharsets.US_ASCII)) {
      List<Integer> pids = Stream.of(output.readLine().split(" ")).map(Integer::valueOf).toList();
      assertThat(pids).hasSize(3).allMatch(KernelMachineTest::exists);
      jvm.destroyForcibly().waitFor();
      for (int pid : pids) {
        awaitEnd(pid);
      }
    }
  }

  /** A process that has no parent any more is reaped by another one, at its leisure. */
  private static void awaitEnd(int pid) {
    long end = System.nanoTime() + LIMIT;
    while (exists(pid) && !isZombie(pid)) {
      assertThat(System.nanoTime()).as("worker %d still runs", pid).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static boolean isZombie(int pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
    } catch (IOException e) {
      return true; // reaped since
    }
  }

  /** A JVM that is killed while its workers wait for commands. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] arguments) throws InterruptedException {
      Thread[] opener = new Thread[1];
      StringBuilder pids = new StringBuilder();
      opener[0] =
          new Thread(
              () -> {
                KernelMachine machine = KernelMachine.open();
                MachineProcess first = machine.process();
                MachineProcess second = first.fork();
                MachineProcess third = second.fork();
                for (MachineProcess each : List.of(first, second, third)) {
                  pids.append(pidOf(each.thread("t", 0))).append(' ');
                }
                if (arguments[0].equals("stopped")) {
                  third.stop();
                }
              });
      opener[0].start();
      opener[0].join();
      System.out.println(pids);
      Thread.currentThread().join();
    }
  }

  @Test
  void aWorkerOutlivesTheThreadThatStartedIt() throws InterruptedException {
    KernelMachine[] machine = new KernelMachine[1];
    Thread opener = new Thread(() -> machine[0] = KernelMachine.open());
    opener.start();
    opener.join();
    try (KernelMachine opened = machine[0]) {
      MachineProcess child = opened.process().fork();
      assertThat(pidOf(child.thread("t", 0))).isPositive();
      assertThat(pidOf(opened.process().thread("t", 0))).isPositive();
    }
  }

  @Test
  void aThreadCanBeSignalledBeforeItHasRun() {
    try (KernelMachine machine = KernelMachine.open()) {
      for (int i = 0; i < 300; i++) {
        MachineThread thread = machine.process().thread("t" + i, 0);
        thread.signal(i % 2 == 0);
        assertThat(thread.state()).as("round %d", i).isEqualTo(ThreadState.IDLE);
      }
    }
  }

  @Test
  void aWorkerHasNothingOpenButItsLifeline() throws IOException {
    try (KernelMachine machine = KernelMachine.open()) {
      int pid = pidOf(machine.process().thread("t", 0));
      machine.process().map(Backing.FILE, 4);
      try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
        assertThat(files.map(KernelMachineTest::target))
            .singleElement()
            .asString()
            .startsWith("pipe:");
      }
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (NoSuchFileException e) {
      return "the folder itself, closed since";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aWorkerThatEndsByItselfIsNoticed() {
    try (KernelMachine machine = KernelMachine.open()) {
      MachineProcess child = machine.process().fork();
      MachineThread thread = child.thread("t", 0);
      MachineThread other = child.thread("other", 0);
      long word = child.map(Backing.PRIVATE, 4);
      other.call(FUTEX, word, WAIT_PRIVATE, 0);
      assertThat(other.settle(LIMIT)).isEqualTo(ThreadState.SLEEPING);
      thread.call(EXIT_GROUP, 3);
      assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.GONE);
      assertThat(other.join(LIMIT)).isEqualTo(ThreadState.GONE);
      assertThatThrownBy(child::fork)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("has died");
      child.kill();
    }
  }

  /**
   * A waker changes the state of whom it wakes before its own call returns; a look that came just
   * before it does not count.
   */
  @Test
  void whoWasWokenIsNeverSeenToSleep() {
    try (KernelMachine machine = KernelMachine.open()) {
      MachineProcess process = machine.process();
      long word = process.map(Backing.PRIVATE, 4);
      MachineThread waiter = process.thread("waiter", 0);
      MachineThread waker = process.thread("waker", 0);
      for (int i = 0; i < 5000; i++) {
        waiter.call(FUTEX, word, WAIT_PRIVATE, 0);
        assertThat(waiter.settle(LIMIT)).isEqualTo(ThreadState.SLEEPING);
        waker.call(FUTEX, word, WAKE_PRIVATE, 1);
        assertThat(waker.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
        assertThat(waiter.state()).as("round %d", i).isNotEqualTo(ThreadState.SLEEPING);
        assertThat(waker.takeResult()).as("round %d: was queued", i).isEqualTo(1);
        assertThat(waiter.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
        assertThat(waiter.takeResult()).isZero();
      }
    }
  }

  @Test
  void theHashOfAProcessIsItsOwn() {
    try (KernelMachine machine = KernelMachine.open()) {
      if (machine.lacks(Capability.HASH) != null) {
        Tools.missing(machine.lacks(Capability.HASH));
      }
      MachineThread first = machine.process().thread("t", 0);
      MachineThread second = machine.process().fork().thread("t", 0);
      first.call(157, 78, 1, 64);
      assertThat(first.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
      assertThat(first.takeResult()).isZero();
      first.call(157, 78, 2);
      second.call(157, 78, 2);
      assertThat(first.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
      assertThat(second.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
      assertThat(first.takeResult()).isEqualTo(64);
      assertThat(second.takeResult()).isNotEqualTo(64);
    }
  }

  @Test
  void realTimeThreadsAreRealTime() {
    try (KernelMachine machine = KernelMachine.open()) {
      String reason = machine.lacks(Capability.RT);
      if (reason != null) {
        Tools.missing(reason);
      }
      MachineThread thread = machine.process().thread("t", 7);
      thread.call(145, 0); // sched_getscheduler
      assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
      assertThat(thread.takeResult()).isEqualTo(1);
    }
  }
}
