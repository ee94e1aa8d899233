package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jfutex.kernel.KernelCalls;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.word.MappedFile;

/** Another process that maps the same file and obeys one command a line. */
final class Peer implements AutoCloseable {
  static final int BYTES = 4096;

  private static final int NR_FUTEX = 202;
  private static final int FUTEX_REQUEUE = 3;

  private final Process process;
  private final BufferedReader answers;

  private Peer(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    answers = process.inputReader();
  }

  /** The program of {@code posix.c}. */
  static Peer c(Path file) throws Exception {
    return c("posix", file);
  }

  /** A program in C that obeys, compiled into the folder of the file. */
  static Peer c(String name, Path file) throws Exception {
    Path program = file.resolveSibling(name);
    compile("core/src/test/native/" + name + ".c", program);
    return new Peer(List.of(program.toString(), file.toString()));
  }

  /** Compiles a program in C, unless it has been. */
  static void compile(String from, Path program, String... options) throws Exception {
    String compiler = tool("gcc", "cc");
    if (!Files.exists(program)) {
      String root = System.getProperty("jfutex.root");
      Path source = Path.of(root, from);
      List<String> command =
          new ArrayList<>(List.of(compiler, "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"));
      command.addAll(List.of(options));
      command.addAll(
          List.of("-I" + Path.of(root, "include"), "-o", program.toString(), source.toString()));
      Process compilation = new ProcessBuilder(command).inheritIO().start();
      assertThat(compilation.waitFor()).as("%s on %s", compiler, source).isZero();
    }
  }

  /** A JVM, which knows how to lock only. */
  static Peer java(Path file) throws IOException {
    return new Peer(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Locker.class.getName(),
            file.toString()));
  }

  /**
   * The first of these tools that is on PATH. Skips the test where none is, or fails it with
   * CI=true, as those of cli do.
   */
  static String tool(String... names) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      for (String name : names) {
        if (Files.isExecutable(Path.of(folder, name))) {
          return name;
        }
      }
    }
    String reason = "none of " + List.of(names) + " is on PATH";
    if ("true".equals(System.getenv("CI"))) {
      fail(reason + ", and CI=true allows no skipped test");
    }
    return abort(reason);
  }

  long id() {
    return process.pid();
  }

  /** Gives a command whose answer is read later. */
  void send(String command) {
    try {
      process.outputWriter().write(command + "\n");
      process.outputWriter().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(command, e);
    }
  }

  long answer() {
    Crew.until("an answer", this::hasAnswered); // as nothing would end a read
    try {
      String line = answers.readLine();
      assertThat(line).as("an answer").isNotNull();
      return Long.parseLong(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean hasAnswered() {
    try {
      return answers.ready() || !process.isAlive();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long call(String command) {
    send(command);
    return answer();
  }

  /** By SIGKILL; its locks are marked when this returns. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    assertThat(process.waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(137);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** How many threads of all processes sleep on a shared futex: moves them to where they are. */
  static long sleepers(MappedFile file, long offset) {
    long address = file.segment().address() + offset;
    return KernelCalls.call(NR_FUTEX, address, FUTEX_REQUEUE, 0, Integer.MAX_VALUE, address, 0);
  }

  /** The other JVM. */
  static final class Locker {
    public static void main(String[] arguments) throws Exception {
      try (MappedFile file = MappedFile.open(Path.of(arguments[0]), 0, BYTES);
          BufferedReader commands = new BufferedReader(new java.io.InputStreamReader(System.in))) {
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
          long offset = Long.parseLong(line.replaceFirst("lock ", ""));
          System.out.println(PosixMutex.at(file, offset).lock().ordinal());
        }
      }
    }
  }
}
