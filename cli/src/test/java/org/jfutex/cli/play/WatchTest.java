package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** What becomes of machines that do not come back, or refuse to open and to close. */
class WatchTest {
  private static final Path FILE = Path.of("a.ftx");
  private static final String TEXT = "word a\nt: wake a 1 = 0\nt: wake a 2 = 0\n";

  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicReference<@Nullable Thread> blocked = new AtomicReference<>();

  @AfterEach
  void nothingIsLeftRunning() throws InterruptedException {
    released.countDown();
    Thread thread = blocked.get();
    if (thread != null) {
      thread.join();
    }
  }

  private void block() {
    blocked.set(Thread.currentThread());
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> play(Duration limit, Supplier<Machine> opener) {
    List<String> lines = new ArrayList<>();
    Session session =
        new Session(
            List.of(new Backend("jvm", "jvm", opener)),
            limit,
            Duration.ofMillis(200),
            new KnownDifferences(),
            (_, outcome) -> lines.add(outcome.step() + " -> " + outcome.got().raw()));
    Verdict verdict = session.play(FILE, ScenarioParser.parse("", TEXT));
    lines.addAll(PlayText.lines(verdict, Ansi.OFF));
    return lines;
  }

  private List<String> play(Supplier<Machine> opener) {
    return play(Duration.ofMillis(50), opener);
  }

  @Test
  void aStepInWhichTheMachineBlocksFailsAndIsNamed() {
    FakeMachine machine = new FakeMachine("jvm").returns("t", 0).returns("t", 0, this::block);
    assertThat(play(() -> machine))
        .containsExactly(
            "t: wake a 1 = 0 -> 0",
            "FAIL jvm a.ftx:3: t: wake a 2 = 0: expected it to be possible, got nothing within"
                + " 50ms: the machine has not come back");
    assertThat(machine.isClosed()).as("it is in use").isFalse();
  }

  @Test
  void theNextScenarioGetsAMachineOfItsOwn() {
    FakeMachine machine = new FakeMachine("jvm").returns("t", 0, this::block);
    assertThat(play(() -> machine)).hasSize(1);
    assertThat(play(Duration.ofSeconds(20), () -> new FakeMachine("jvm")))
        .endsWith("PASS jvm a.ftx");
  }

  @Test
  void whatAMachineLetsGoOfLateIsToldToNobody() throws InterruptedException {
    FakeMachine machine = new FakeMachine("jvm").returns("t", 0, this::block);
    List<String> lines = play(() -> machine);
    nothingIsLeftRunning();
    assertThat(lines).singleElement().asString().startsWith("FAIL jvm a.ftx:2: ");
    assertThat(machine.isClosed()).isTrue();
  }

  @Test
  void aMachineThatDoesNotOpenFailsTheDeclarations() {
    String expected = "FAIL jvm a.ftx: the declarations: expected them to be set up, got ";
    assertThat(
            play(
                () -> {
                  block();
                  return new FakeMachine("jvm");
                }))
        .containsExactly(expected + "nothing within 50ms: the machine has not come back");
    assertThat(
            play(
                () -> {
                  throw new IllegalStateException("too many open files");
                }))
        .containsExactly(expected + "a machine that refused: too many open files");
  }

  @Test
  void aMachineThatDoesNotCloseFailsTheEnd() {
    String expected = "FAIL jvm a.ftx: the end: expected the machine to close, got ";
    assertThat(play(() -> new Closing(new FakeMachine("jvm"), this::block)))
        .endsWith(expected + "nothing within 50ms: the machine has not come back");
    Runnable refuses =
        () -> {
          throw new IllegalStateException("a thread is stuck");
        };
    assertThat(play(() -> new Closing(new FakeMachine("jvm"), refuses)))
        .endsWith(expected + "a machine that refused: a thread is stuck");
    assertThat(play(() -> new Closing(new FakeMachine("jvm").returns("t", 7), refuses)))
        .as("what came first")
        .endsWith("FAIL jvm a.ftx:2: t: wake a 1 = 0: expected no sleep, and 0, got 7");
  }

  /** A machine that closes in a way of its own. */
  private record Closing(FakeMachine machine, Runnable closing) implements Machine {
    @Override
    public String name() {
      return machine.name();
    }

    @Override
    public @Nullable String lacks(Capability capability) {
      return machine.lacks(capability);
    }

    @Override
    public MachineProcess process() {
      return machine.process();
    }

    @Override
    public void close() {
      closing.run();
    }
  }
}
