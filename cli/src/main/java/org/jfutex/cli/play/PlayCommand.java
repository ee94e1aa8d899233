package org.jfutex.cli.play;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jfutex.cli.ExitStatus;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

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
      "2:the command line is wrong, or a file cannot be read or is no scenario",
      "70:an error in jfutex",
    })
public final class PlayCommand implements Callable<Integer> {
  private static final String SUFFIX = ".ftx";

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
      converter = Time.class,
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

  /** Reads a duration as scenarios write it. */
  static final class Time implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      Duration duration = Literals.duration(text);
      if (duration == null || duration.isZero()) {
        throw new TypeConversionException(
            "'" + text + "' is no time: expected one such as 10s or 500ms");
      }
      return duration;
    }
  }

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
      return status(play(scenarios, known));
    }
    try (OutputStream out = Files.newOutputStream(file)) {
      List<Verdict> verdicts = play(scenarios, known);
      PlayJson.write(verdicts, out);
      return status(verdicts);
    } catch (IOException e) {
      complain("the report cannot be written: " + why(file, e));
      return ExitStatus.USAGE;
    }
  }

  private static int status(List<Verdict> verdicts) {
    return PlayText.failed(verdicts) == 0 ? ExitStatus.OK : ExitStatus.PROBLEM;
  }

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
    scenarios.forEach(
        (path, scenario) -> {
          progress.next(path.toString());
          Verdict verdict = session.play(path, scenario);
          PlayText.lines(verdict, ansi).forEach(progress::line);
          verdicts.add(verdict);
        });
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
        complain(why(path, e));
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
      if (Files.isRegularFile(file) && Files.size(file) > Grammar.MAX_TEXT) {
        throw new IOException("expected a scenario of at most " + Grammar.MAX_TEXT + " bytes");
      }
      scenarios.put(file, ScenarioParser.parse(file.toString(), Files.readString(file)));
      return true;
    } catch (IOException e) {
      complain(why(file, e));
    } catch (ScenarioSyntaxException e) {
      complain(String.valueOf(e.getMessage()));
    }
    return false;
  }

  private static String why(Path path, IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> path + ": no such file or folder";
      case CharacterCodingException _ -> path + ": expected text in UTF-8";
      case AccessDeniedException _ -> path + ": permission denied";
      default -> path + ": " + e.getMessage();
    };
  }

  private void complain(String problem) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("jfutex: " + problem);
    err.flush();
  }
}
