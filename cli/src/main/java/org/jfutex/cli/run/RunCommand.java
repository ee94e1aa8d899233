package org.jfutex.cli.run;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.run.stack.StackScan;
import org.jfutex.linux.Operation;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code jfutex run}: runs a program and serves its futex calls. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs a program, unchanged, with its futex calls served by the Java engine, and reports what "
          + "it waited for.",
      "SIGUSR1 to jfutex prints the report so far. SIGTERM and SIGHUP are handed on to the program."
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "n:the program ended with status n",
      "128+n:the program was ended by signal n",
      "2:the command line is wrong",
      "70:an error in jfutex; the program was killed",
      "78:this system cannot do it; the program was not started",
      "126:the program cannot be executed",
      "127:the program was not found",
    })
public final class RunCommand implements Callable<Integer> {
  @Option(names = "--report", paramLabel = "FILE", description = "Write the report to FILE.")
  private @Nullable Path reportFile;

  @Option(names = "--json", description = "Write the report as JSON.")
  private boolean json;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      arity = "0..1",
      fallbackValue = "",
      description = "Print every call as a line, to FILE or to standard error.")
  private @Nullable String trace;

  @Option(names = "--quiet", description = "Print no report.")
  private boolean quiet;

  @Option(
      names = "--without",
      paramLabel = "OP",
      split = ",",
      converter = OperationName.class,
      description =
          "Answer ENOSYS for an operation, as a kernel that lacks it: ${COMPLETION-CANDIDATES}.")
  private List<Operation> without = List.of();

  @Parameters(arity = "1..*", paramLabel = "PROGRAM ARGS", description = "What to run.")
  private List<String> command = List.of();

  private final PrintStream err =
      new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);

  /** Made by picocli. */
  public RunCommand() {}

  /** Names operations as {@link Operation} does, in any case, with dashes or underscores. */
  static final class OperationName implements ITypeConverter<Operation> {
    @Override
    public Operation convert(String name) {
      try {
        return Operation.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("'" + name + "' is not a futex operation");
      }
    }
  }

  /** Runs the program and returns what is to be the exit status of jfutex. */
  @Override
  public Integer call() {
    try {
      Requirements.check();
      List<byte[]> arguments = ownTail(command.size());
      byte[] path = find(arguments.getFirst());
      String warning = Requirements.warning(System.getProperty("os.version"));
      if (!warning.isEmpty()) {
        say(warning);
      }
      return run(new Launch.Program(path, arguments));
    } catch (CannotRun e) {
      say(String.valueOf(e.getMessage()));
      return e.status();
    } catch (IOException e) {
      say("cannot write: " + e.getMessage());
      return ExitStatus.USAGE;
    }
  }

  /** The last arguments of this process, as bytes: Java may have no way to say them as strings. */
  private static List<byte[]> ownTail(int count) {
    List<byte[]> all = ProcFs.ownArguments();
    return all.subList(all.size() - count, all.size());
  }

  private static byte[] find(byte[] name) throws CannotRun {
    PathSearch.Result result = PathSearch.find(name, System.getenv("PATH"));
    String text = new String(name, StandardCharsets.UTF_8);
    return switch (result) {
      case PathSearch.Result.Found found -> found.path();
      case PathSearch.Result.NotExecutable _ ->
          throw new CannotRun(ExitStatus.NOT_EXECUTABLE, text + ": permission denied");
      case PathSearch.Result.NotFound _ ->
          throw new CannotRun(ExitStatus.NOT_FOUND, text + ": not found");
    };
  }

  private int run(Launch.Program program) throws CannotRun, IOException {
    RunReport report = new RunReport();
    List<CallSink> sinks = new ArrayList<>();
    sinks.add(report);
    try (@Nullable Trace tracer = openTrace()) {
      if (tracer != null) {
        sinks.add(tracer);
      }
      HostSignals.Inherited signals = HostSignals.inherited();
      HostSignals.ignoreTerminal();
      Launch launch = Launch.start(program, signals);
      Supervisor supervisor =
          new Supervisor(
              launch.listener(),
              launch.handshake(),
              sinks.size() == 1 ? report : new TeeSink(sinks),
              new StackScan(ProcessMemory::readUpTo)::stackOf,
              asSet(without));
      HostSignals.onReportRequest(
          () -> print(summary(report).withAsleep(supervisor.asleep(ReportText.MAX_ASLEEP))));
      int status = new Run(launch, supervisor).await(signals);
      return finish(program, launch, supervisor, report, status);
    }
  }

  private static Set<Operation> asSet(List<Operation> operations) {
    return operations.isEmpty() ? Set.of() : EnumSet.copyOf(operations);
  }

  private int finish(
      Launch.Program program, Launch launch, Supervisor supervisor, RunReport report, int status) {
    Throwable failure = supervisor.failure();
    if (failure != null) {
      say("internal error, the program was killed: " + failure);
      failure.printStackTrace(err);
      return ExitStatus.INTERNAL;
    }
    if (launch.handshake().errno() != 0) {
      say(program.name() + ": " + ErrorText.of(launch.handshake().errno()));
      return status;
    }
    if (!quiet) {
      print(summary(report));
    }
    return status;
  }

  private @Nullable Trace openTrace() throws IOException {
    String name = trace;
    if (name == null) {
      return null;
    }
    OutputStream out =
        name.isEmpty()
            ? new FileOutputStream(FileDescriptor.err)
            : Files.newOutputStream(Path.of(name));
    return new Trace(out, Ticker.system().nanos(ClockId.MONOTONIC), this::say);
  }

  private RunSummary summary(RunReport report) {
    return report.summary(json ? ReportJson.TOP_WORDS : ReportText.TOP_WORDS);
  }

  private void print(RunSummary summary) {
    Path file = reportFile;
    try {
      if (file == null) {
        write(summary, err);
        return;
      }
      try (OutputStream out = Files.newOutputStream(file)) {
        write(summary, out);
      }
    } catch (IOException e) {
      say("the report could not be written: " + e.getMessage());
    }
  }

  private void write(RunSummary summary, OutputStream out) throws IOException {
    if (json) {
      ReportJson.write(summary, out);
    } else {
      out.write(ReportText.render(summary).getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  private void say(String message) {
    err.println("jfutex: " + message);
  }
}
