package org.jfutex.bench.area;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jfutex.bench.frame.Commands;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;

/** {@code perf bench futex} as a peer: each measurement is a run of it. */
final class Perf {
  private static final double MILLI = 1e6;
  private static final double SECOND = 1e9;
  private static final int TRIES = 5;
  private static final int PATIENCE_SECONDS = 10;

  /** How often perf repeats an event unless it is told, of which it takes the mean. */
  private static final int MOST_REPEATS = 10;

  /** So long a slice is for each of them, which takes about 100 ms, most of it sleep. */
  private static final long REPEAT_NANOS = 20_000_000;

  private Perf() {}

  /** What a benchmark of it is asked and says. */
  enum Shape {
    HASH("hash -r 1 -s -t ", "Averaged (\\S+) operations/sec"),
    WAKE("wake -s -w 1 -t ", "Wokeup \\d+ of \\d+ threads in (\\S+) ms"),
    WAKE_PARALLEL(
        "wake-parallel -s -w 2 -t ", "Avg per-thread latency \\(waking .* threads\\) in (\\S+) ms"),
    REQUEUE("requeue -s -q 1 -t ", "Requeued \\d+ of \\d+ threads in (\\S+) ms"),
    LOCK_PI("lock-pi -r 1 -s -t ", "Averaged (\\S+) operations/sec");

    private final String arguments;
    private final String answer;

    Shape(String arguments, String answer) {
      this.arguments = arguments;
      this.answer = answer;
    }
  }

  /**
   * A contender whose figure is the nanoseconds for an operation of one thread.
   *
   * @throws SkippedException if perf is not installed, or does not say what is expected
   */
  static Contender perOperation(Shape shape, int threads) throws SkippedException {
    return open(shape, threads, figure -> SECOND / figure);
  }

  /**
   * A contender whose figure is the nanoseconds for each of so many waiters, of a time that perf
   * tells in milliseconds.
   *
   * @throws SkippedException as {@link #perOperation}
   */
  static Contender perWaiter(Shape shape, int threads, int waiters) throws SkippedException {
    return open(shape, threads, figure -> figure * MILLI / waiters);
  }

  /** What a figure of perf's is as one of ours. */
  @FunctionalInterface
  private interface Unit {
    double of(double figure);
  }

  private static Contender open(Shape shape, int threads, Unit unit) throws SkippedException {
    String perf = Commands.require("perf");
    String first = run(command(perf, 1, shape, threads));
    try {
      double _ = figure(shape, first);
    } catch (IllegalStateException e) {
      throw new SkippedException(String.valueOf(e.getMessage()));
    }
    return slice -> {
      long repeats = Math.clamp(slice / REPEAT_NANOS, 1, MOST_REPEATS);
      return unit.of(figure(shape, run(command(perf, repeats, shape, threads))));
    };
  }

  /** Those that run for a time do that once, however many repeats are asked for. */
  private static List<String> command(String perf, long repeats, Shape shape, int threads) {
    String[] arguments = (shape.arguments + threads).split(" ", -1);
    List<String> command = new ArrayList<>();
    command.addAll(List.of(perf, "bench", "-r", String.valueOf(repeats), "futex"));
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Finds the figure in what perf says.
   *
   * @throws IllegalStateException if it is not there
   */
  static double figure(Shape shape, String said) {
    Matcher matcher = Pattern.compile(shape.answer).matcher(said);
    if (!matcher.find()) {
      throw new IllegalStateException(
          "perf says '%s': expected %s".formatted(said.strip(), shape.answer));
    }
    double figure = Double.parseDouble(matcher.group(1));
    if (figure <= 0) {
      throw new IllegalStateException("perf says '%s': expected more".formatted(matcher.group()));
    }
    return figure;
  }

  /**
   * Runs perf until it has ended by itself: where a waiter falls asleep only after it was to be
   * woken, as on a busy machine, {@code wake-parallel} never does.
   */
  private static String run(List<String> command) {
    for (int i = 0; i < TRIES; i++) {
      Optional<String> said = runOnce(command);
      if (said.isPresent()) {
        return said.get();
      }
    }
    throw new IllegalStateException(
        "%s has not ended within %d s in %d tries"
            .formatted(String.join(" ", command), PATIENCE_SECONDS, TRIES));
  }

  /** What it says fits into a pipe, so it may be read afterwards. */
  private static Optional<String> runOnce(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try {
        return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)
            ? Optional.of(
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
            : Optional.empty();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }
}
