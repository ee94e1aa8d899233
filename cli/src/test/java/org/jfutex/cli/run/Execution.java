package org.jfutex.cli.run;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jfutex.cli.Tools;

/**
 * One run of a command with its output in files, a time limit, and nothing left running after it.
 * Values of this class are immutable; each method returns a changed copy.
 */
final class Execution {
  private static final Path RUNS = Tools.root().resolve("cli/target/runs");
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Duration LIMIT = Duration.ofSeconds(100);

  private final List<String> command;
  private final List<String> options;
  private final boolean supervised;
  private final Path input;
  private final Duration limit;

  private Execution(
      List<String> command, List<String> options, boolean supervised, Path input, Duration limit) {
    this.command = command;
    this.options = options;
    this.supervised = supervised;
    this.input = input;
    this.limit = limit;
  }

  /** Runs the command itself. */
  static Execution of(List<String> command) {
    return new Execution(command, List.of(), false, Path.of("/dev/null"), LIMIT);
  }

  /** Runs the command itself. */
  static Execution of(String... command) {
    return of(List.of(command));
  }

  /** The launcher with the arguments that make it run a program, to build command lines from. */
  static List<String> jfutexRun(String... options) {
    return Stream.of(Stream.of(launcher(), "run"), Arrays.stream(options), Stream.of("--"))
        .flatMap(parts -> parts)
        .toList();
  }

  /** The launcher of the checkout. */
  static String launcher() {
    return Tools.root().resolve("jfutex").toString();
  }

  /** The same command under {@code jfutex run}, the report in a file unless an option says more. */
  Execution underJfutex(String... options) {
    return new Execution(command, List.of(options), true, input, limit);
  }

  /** With standard input from a file. */
  Execution readingFrom(Path file) {
    return new Execution(command, options, supervised, file, limit);
  }

  /** With another time limit. */
  Execution within(Duration time) {
    return new Execution(command, options, supervised, input, time);
  }

  /** Runs the command to its end. */
  Outcome run() throws IOException, InterruptedException {
    try (Running running = start()) {
      return running.await();
    }
  }

  /** Starts the command; closing what is returned ends it with all its descendants. */
  Running start() throws IOException {
    Files.createDirectories(RUNS);
    Path prefix = RUNS.resolve(ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
    Path report = Path.of(prefix + ".report");
    List<String> whole = new ArrayList<>();
    if (supervised) {
      // made here, so that jfutex can write it also as a user who may not write to the folder
      Files.createFile(report);
      Files.setPosixFilePermissions(report, PosixFilePermissions.fromString("rw-rw-rw-"));
      whole.addAll(List.of(launcher(), "run"));
      whole.addAll(options);
      if (!options.contains("--quiet")) {
        whole.addAll(List.of("--report", report.toString()));
      }
      whole.add("--");
    }
    whole.addAll(command);
    File out = new File(prefix + ".out");
    File err = new File(prefix + ".err");
    Process process =
        new ProcessBuilder(whole)
            .redirectInput(input.toFile())
            .redirectOutput(out)
            .redirectError(err)
            .start();
    return new Running(whole, process, limit, out.toPath(), err.toPath(), report);
  }

  /** A started command. */
  static final class Running implements AutoCloseable {
    private final List<String> command;
    private final Process process;
    private final Duration limit;
    private final Path out;
    private final Path err;
    private final Path report;

    private Running(
        List<String> command, Process process, Duration limit, Path out, Path err, Path report) {
      this.command = command;
      this.process = process;
      this.limit = limit;
      this.out = out;
      this.err = err;
      this.report = report;
    }

    /** The process: of a command under jfutex, the supervisor, as the launcher gives way to it. */
    ProcessHandle handle() {
      return process.toHandle();
    }

    /** What was written to standard output so far. */
    String outSoFar() throws IOException {
      return Files.readString(out);
    }

    /** What was written to standard error so far. */
    String errSoFar() throws IOException {
      return Files.readString(err);
    }

    /** Waits for a line of standard output that starts with a word and returns the rest of it. */
    String awaitLine(String start) throws IOException, InterruptedException {
      long end = System.nanoTime() + limit.toNanos();
      while (System.nanoTime() < end && process.isAlive()) {
        String text = outSoFar();
        int at = text.indexOf(start);
        int newline = text.indexOf('\n', Math.max(at, 0));
        if (at >= 0 && newline > 0) {
          return text.substring(at + start.length(), newline).strip();
        }
        Thread.sleep(5);
      }
      throw new AssertionError("no line '" + start + "' in " + outcome(-1));
    }

    /**
     * Waits for the end; past the time limit all is killed and the test fails with what is known.
     */
    Outcome await() throws IOException, InterruptedException {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        String processes = listTree();
        close();
        throw new AssertionError(
            "not ended after %d s: %s%n%s".formatted(limit.toSeconds(), outcome(-1), processes));
      }
      return outcome(process.exitValue());
    }

    private Outcome outcome(int status) throws IOException {
      String reported = Files.exists(report) ? Files.readString(report) : "";
      return new Outcome(command, status, Files.readString(out), Files.readString(err), reported);
    }

    private String listTree() {
      StringBuilder text = new StringBuilder("processes:");
      Stream.concat(Stream.of(handle()), process.descendants())
          .forEach(p -> text.append('\n').append(p.pid()).append(' ').append(p.info()));
      return text.toString();
    }

    @Override
    public void close() {
      List<ProcessHandle> tree = Stream.concat(process.descendants(), Stream.of(handle())).toList();
      tree.forEach(ProcessHandle::destroyForcibly);
    }
  }
}
