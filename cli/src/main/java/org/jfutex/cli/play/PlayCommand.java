package org.jfutex.cli.play;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.FileProblem;
import org.jfutex.cli.TimeConverter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jfutex play}: plays scenarios and compares. */
@Command(
    name = "play",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Plays scenarios (*.ftx) on the Java engine, on the real kernel, or on both and compares.",
      "The language is described in docs/scenario.md."
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "0:every statement held, and nothing differed that is not listed",
      "1:a statement did not hold, or something differed",
      "2:the command line is wrong, a file cannot be read or is no scenario, or the report cannot "
          + "be written",
      "70:an error in jfutex",
      "141:nobody reads the lines any more, and there is no report to write",
    })
public final class PlayCommand implements Callable<Integer> {
  private static final String SUFFIX = ".ftx";

  /** As of a program that SIGPIPE ends, which a JVM ignores. */
  private static final int NOBODY_READS = ExitStatus.SIGNAL_BASE + 13;

  /** What to play on. */
  enum On {
    jvm,
    kernel,
    both
  }

  /** What the Java engine's threads are. */
  enum Threads {
    platform,
    virtual,
    both
  }

  @Option(
      names = "--on",
      paramLabel = "BACKEND",
      description = "Where: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
      defaultValue = "both")
  private On on = On.both;

  @Option(
      names = "--threads",
      paramLabel = "KIND",
      description =
          "Threads of the Java engine: ${COMPLETION-CANDIDATES}." + " Default: ${DEFAULT-VALUE}.",
      defaultValue = "platform")
  private Threads threads = Threads.platform;

  @Option(
      names = "--limit",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description = "How long a scenario may take, such as 500ms. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10s")
  private Duration limit = Duration.ofSeconds(10);

  @Option(names = "--trace", description = "Print what every step gave.")
  private boolean trace;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write the results to FILE, as JSON.")
  private @Nullable Path report;

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description = "Scenarios, and folders of scenarios.")
  private List<Path> paths = List.of();

  @Spec private CommandSpec spec;

  /** Made by picocli, which sets the fields before anything can read them. */
  @SuppressWarnings("NullAway.Init")
  public PlayCommand() {}

  /** Plays everything and returns the exit status. */
  @Override
  public Integer call() throws IOException {
    KnownDifferences known = new KnownDifferences();
    Map<Path, Scenario> scenarios = read(known);
    if (scenarios == null) {
      return ExitStatus.USAGE;
    }
    Path file = report;
    if (file == null) {
      List<Verdict> verdicts = play(scenarios, known);
      return verdicts.size() < scenarios.size() ? NOBODY_READS : status(verdicts);
    }
    try (OutputStream out = Files.newOutputStream(file)) {
      List<Verdict> verdicts = play(scenarios, known);
      PlayJson.write(verdicts, out);
      return status(verdicts);
    } catch (IOException e) {
      complain("the report cannot be written: " + FileProblem.of(file, e));
      return ExitStatus.USAGE;
    }
  }

  private static int status(List<Verdict> verdicts) {
    return PlayText.failed(verdicts) == 0 ? ExitStatus.OK : ExitStatus.PROBLEM;
  }

  /** Plays all scenarios, or fewer if nobody is told any more what comes of them. */
  private List<Verdict> play(Map<Path, Scenario> scenarios, KnownDifferences known) {
    PrintWriter out = spec.commandLine().getOut();
    Ansi ansi = spec.commandLine().getColorScheme().ansi();
    Progress progress = new Progress(out, ansi.enabled(), scenarios.size());
    Session session =
        new Session(
            backends(),
            limit,
            known,
            (backend, outcome) -> {
              if (trace) {
                progress.line(PlayText.trace(backend, outcome));
              }
            });
    List<Verdict> verdicts = new ArrayList<>();
    for (Map.Entry<Path, Scenario> each : scenarios.entrySet()) {
      Path path = each.getKey();
      progress.next(path.toString());
      Verdict verdict = session.play(path, each.getValue());
      PlayText.lines(verdict, ansi).forEach(progress::line);
      verdicts.add(verdict);
      if (report == null && out.checkError()) {
        return verdicts;
      }
    }
    progress.line(PlayText.summary(verdicts));
    return verdicts;
  }

  private List<Backend> backends() {
    List<Backend> backends = new ArrayList<>();
    if (on != On.kernel && threads != Threads.virtual) {
      backends.add(Backend.JVM);
    }
    if (on != On.kernel && threads != Threads.platform) {
      backends.add(Backend.JVM_VIRTUAL);
    }
    if (on != On.jvm) {
      backends.add(Backend.KERNEL);
    }
    return backends;
  }

  /** All scenarios; null if one cannot be read, after all complaints have been made. */
  private @Nullable Map<Path, Scenario> read(KnownDifferences known) {
    Map<Path, Scenario> scenarios = new LinkedHashMap<>();
    boolean good = true;
    for (Path path : paths) {
      try {
        known.readFor(path);
        for (Path file : files(path)) {
          good &= read(file, scenarios);
        }
      } catch (IOException e) {
        complain(FileProblem.of(path, e));
        good = false;
      } catch (ScenarioSyntaxException e) {
        complain(String.valueOf(e.getMessage()));
        good = false;
      }
    }
    return good ? scenarios : null;
  }

  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> tree = Files.walk(path)) {
      List<Path> files =
          tree.filter(file -> file.toString().endsWith(SUFFIX) && Files.isRegularFile(file))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new IOException("expected a scenario (*" + SUFFIX + ") in this folder");
      }
      return files;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private boolean read(Path file, Map<Path, Scenario> scenarios) {
    try {
      scenarios.put(file, ScenarioParser.parse(file.toString(), text(file)));
      return true;
    } catch (IOException e) {
      complain(FileProblem.of(file, e));
    } catch (ScenarioSyntaxException e) {
      complain(String.valueOf(e.getMessage()));
    }
    return false;
  }

  /** The text of a file, which may be a pipe or a device that never ends. */
  private static String text(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(Grammar.MAX_TEXT + 1);
      if (bytes.length > Grammar.MAX_TEXT) {
        throw new IOException("expected a scenario of at most " + Grammar.MAX_TEXT + " bytes");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  }

  private void complain(String problem) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("jfutex: " + problem);
    err.flush();
  }
}
