package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two JVMs and one file. */
class TwoProcessesTest {
  private static final int ROUNDS = 2_000;
  private static final int SIZE = 4096;

  @TempDir Path folder;

  /** Each side waits for the other's turn; the child's waits are of the same kind of thread. */
  @ParameterizedTest
  @EnumSource
  void takeTurns(ThreadKind kind) throws Exception {
    Path path = Files.createFile(folder.resolve("turns"));
    Process child = java(Child.class, path.toString(), kind.name());
    try (MappedFile file = MappedFile.open(path, 0, SIZE)) {
      for (int turn = 0; turn < 2 * ROUNDS; turn += 2) {
        pass(Word.of(file, 64), turn);
      }
      assertThat(child.waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(child.exitValue()).isZero();
      assertThat(Word.of(file, 64).load()).isEqualTo(2 * ROUNDS);
    } finally {
      child.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TwoProcesses", "SurvivesKill"})
  void theExampleRuns(String name) throws Exception {
    Path example = Path.of(System.getProperty("jfutex.root"), "examples", "java", name + ".java");
    Process process =
        new ProcessBuilder(
                java(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                example.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    assertThat(out).endsWith("ok\n");
  }

  /** Waits for its turn, takes it, and wakes the other side. */
  static void pass(Word word, int turn) {
    Futex futex = Futex.kernel();
    Deadline giveUp = Deadline.after(Delays.GIVE_UP);
    for (int now = (int) word.load(); now != turn; now = (int) word.load()) {
      assertThat(futex.await(word, now, giveUp)).isNotEqualTo(WaitStatus.TIMED_OUT);
    }
    WordKind.store(word, turn + 1);
    futex.wake(word, 1);
  }

  private static Process java(Class<?> main, String... arguments) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            java(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName());
    builder.command().addAll(java.util.List.of(arguments));
    return builder.inheritIO().start();
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** The other process. */
  static final class Child {
    public static void main(String[] arguments) throws Exception {
      try (MappedFile file = MappedFile.open(Path.of(arguments[0]), 0, SIZE)) {
        Runnable turns =
            () -> {
              for (int turn = 1; turn < 2 * ROUNDS; turn += 2) {
                pass(Word.of(file, 64), turn);
              }
            };
        Thread thread =
            ThreadKind.valueOf(arguments[1]) == ThreadKind.VIRTUAL
                ? Thread.ofVirtual().start(turns)
                : Thread.ofPlatform().start(turns);
        thread.join();
      }
    }
  }
}
