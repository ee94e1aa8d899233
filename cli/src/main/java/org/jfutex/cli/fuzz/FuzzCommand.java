package org.jfutex.cli.fuzz;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.FileProblem;
import org.jfutex.cli.TimeConverter;
import org.jfutex.cli.machine.jvm.JvmMachine;
import org.jfutex.cli.machine.jvm.JvmThreads;
import org.jfutex.cli.machine.kernel.KernelMachine;
import org.jfutex.engine.JvmFutex;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code jfutex fuzz}: runs random programs on engine and kernel and shrinks what differs. */
@Command(
    name = "fuzz",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs random programs of raw futex calls on the Java engine and on the real kernel, and "
          + "compares results, memory, and who sleeps and who was woken.",
      "The first difference is shrunk to a small scenario, printed, and written to a file that "
          + "'jfutex play' takes. Without one the figures of the run are printed.",
      "Two programs in three go step by step: one call at a time, the next when it has returned or "
          + "sleeps. In the third two threads act at the same moment; that is repeated on the "
          + "engine, and must always give what one order of the two gives."
    },
    footer = {
      "",
      "Where the kernel leaves open which of several waiters is served, only their number counts.",
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "0:no difference was found",
      "1:a difference was found",
      "2:the command line is wrong",
      "70:an error in jfutex",
      "78:this system cannot run programs on its kernel",
    })
public final class FuzzCommand implements Callable<Integer> {
  private static final int LEAST_THREADS = 2;
  private static final int MOST_THREADS = 16;
  private static final int BUCKETS = 16;
  private static final long PROGRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  @Spec private CommandSpec spec;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Makes the programs; the same seed makes the same ones. Default: a fresh one.")
  private @Nullable Long seed;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      defaultValue = "60s",
      description = "How long, such as 60s or 10m. Default: ${DEFAULT-VALUE}.")
  private Duration time;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many threads a program has at most, 2 to 16. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--about",
      paramLabel = "SUBJECT",
      converter = About.class,
      defaultValue = "all",
      description =
          "waits, locks (priority inheritance and robust lists) or all of it, by turns. Default: "
              + "${DEFAULT-VALUE}.")
  private Session.Subject about;

  @Option(
      names = "--program",
      paramLabel = "NUMBER",
      description = "Run only the program with this number.")
  private @Nullable Long program;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Where to write the scenario of a difference. Default: the current folder.")
  private Path out;

  /** Made by picocli. */
  // picocli sets the fields before anything can read them
  @SuppressWarnings("NullAway.Init")
  public FuzzCommand() {}

  /** Reads what programs are to be about. */
  static final class About implements ITypeConverter<Session.Subject> {
    @Override
    public Session.Subject convert(String text) {
      return switch (text) {
        case "waits" -> Session.Subject.WAITS;
        case "locks" -> Session.Subject.LOCKS;
        case "all" -> Session.Subject.ALL;
        default ->
            throw new TypeConversionException("'" + text + "': expected waits, locks or all");
      };
    }
  }

  @Override
  public Integer call() {
    if (threads < LEAST_THREADS || threads > MOST_THREADS) {
      throw new ParameterException(
          spec.commandLine(),
          "--threads %d: expected %d to %d".formatted(threads, LEAST_THREADS, MOST_THREADS));
    }
    if (!Files.isDirectory(out) || !Files.isWritable(out)) {
      throw new ParameterException(
          spec.commandLine(), "--out " + out + ": expected a folder that can be written to");
    }
    PrintWriter text = spec.commandLine().getOut();
    long chosen = seed != null ? seed : System.nanoTime() & Integer.MAX_VALUE;
    text.println("seed " + chosen);
    text.flush();
    try (Session session =
        new Session(
            KernelMachine::open,
            kernel -> new Bench(engine(), Session.LIMIT_NANOS, kernel),
            about,
            chosen,
            threads)) {
      return run(session, chosen, text);
    } catch (UnsupportedOperationException e) {
      spec.commandLine().getErr().println("jfutex: " + e.getMessage());
      return ExitStatus.UNSUPPORTED;
    }
  }

  /** An engine with as many buckets as the private hash of a small process: words do meet there. */
  private static JvmMachine engine() {
    return new JvmMachine(JvmThreads.PLATFORM, new JvmFutex(BUCKETS, Ticker.system()));
  }

  private int run(Session session, long chosen, PrintWriter text) {
    long start = System.nanoTime();
    Progress progress = new Progress(start);
    Long only = program;
    Found found =
        only == null
            ? session.run(0, Long.MAX_VALUE, time.toNanos(), progress)
            : session.run(only, 1, Long.MAX_VALUE / 2, progress);
    progress.end();
    double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
    text.print(session.tally().report(seconds, session.raced()));
    if (found == null) {
      text.println("no difference in %.0f s".formatted(seconds));
      text.flush();
      return ExitStatus.OK;
    }
    text.println(
        "difference in program %d of seed %d, shrunk to %d steps, after %.0f s:"
            .formatted(found.number(), chosen, found.steps(), seconds));
    text.println(found);
    Path file = out.resolve("fuzz-" + chosen + "-" + found.number() + ".ftx");
    try {
      Files.writeString(file, found.toString());
      text.println("written to " + file);
    } catch (IOException e) {
      String problem = FileProblem.of(file, e);
      spec.commandLine().getErr().println("jfutex: the scenario cannot be written: " + problem);
    }
    text.flush();
    return ExitStatus.PROBLEM;
  }

  /** A line on the terminal that is written again and again. */
  private static final class Progress implements Consumer<Tally> {
    private final long start;
    private final @Nullable PrintWriter terminal;
    private long last;

    @SuppressWarnings("SystemConsoleNull") // without a terminal it is null in some JDKs
    Progress(long start) {
      this.start = start;
      this.last = start;
      Console console = System.console();
      this.terminal = console != null && console.isTerminal() ? console.writer() : null;
    }

    @Override
    public void accept(Tally tally) {
      long now = System.nanoTime();
      if (terminal != null && now - last > PROGRESS_NANOS) {
        last = now;
        double seconds = (now - start) / (double) TimeUnit.SECONDS.toNanos(1);
        terminal.print("\r%.0f s: %s ".formatted(seconds, tally.progress(seconds)));
        terminal.flush();
      }
    }

    void end() {
      if (terminal != null && last != start) {
        terminal.println();
        terminal.flush();
      }
    }
  }
}
