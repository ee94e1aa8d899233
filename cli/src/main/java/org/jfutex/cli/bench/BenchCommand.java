package org.jfutex.cli.bench;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jfutex.bench.Bench;
import org.jfutex.bench.Totals;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.FileProblem;
import org.jfutex.cli.Main;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jfutex bench}: measures jfutex beside its peers. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures jfutex beside its peers, in turn in one run, and judges each target.",
      "",
      "A row is a case, our median, a peer and its median, the median of the ratios of each round, "
          + "the target, the verdict, and the middle half of the ratios. A ratio of 1.05 is ours "
          + "divided by the peer's, 105x is how many times faster ours is.",
      "Verdicts: held, the median meets the target; noise, it does not and the middle half reaches "
          + "it; missed; printed, there is no target; skipped, with the reason.",
      "",
    },
    footer = {
      "",
      "The peers in C are compiled where gcc or cc is on PATH. JFUTEX_OPTS reaches the JVMs that "
          + "measure, too.",
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "0:no target was missed",
      "1:a target was missed",
      "2:the command line is wrong",
      "70:an error in jfutex, or a contender gave a wrong result",
    })
public final class BenchCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "AREA",
      completionCandidates = AreaNames.class,
      description = "What to measure: ${COMPLETION-CANDIDATES}. All when none is named.")
  private List<String> areas = List.of();

  @Option(
      names = "--matrix",
      description =
          "Also area poll-matrix: looks and waits by number, readiness, rate of change and "
              + "writers; figures without targets.")
  private boolean matrix;

  @Option(names = "--quick", description = "Fewer and shorter rounds, for a first look.")
  private boolean quick;

  @Option(
      names = "--tsv",
      paramLabel = "FILE",
      description = "Also write all rows, with their figures, to FILE.")
  private @Nullable Path tsv;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Also write a page with all rows and plots to FILE.")
  private @Nullable Path html;

  @Spec private CommandSpec spec;

  // picocli sets the field before anything can read it
  @SuppressWarnings("NullAway.Init")
  public BenchCommand() {}

  /** The names of the areas, for help, completion and checks. */
  static final class AreaNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Bench.areas().iterator();
    }
  }

  /** Makes a file, so that a long run does not end with nowhere to go. */
  private void checkWritable(@Nullable Path file) {
    if (file != null) {
      try {
        Files.write(file, new byte[0]);
      } catch (IOException e) {
        throw new ParameterException(
            spec.commandLine(), file + " cannot be written: " + FileProblem.reason(e), e);
      }
    }
  }

  /** Runs the benchmarks and returns what is to be the exit status. */
  @Override
  public Integer call() {
    for (String area : areas) {
      if (!Bench.areas().contains(area)) {
        throw new ParameterException(
            spec.commandLine(),
            "'" + area + "' is not an area; there are " + String.join(", ", Bench.areas()));
      }
    }
    checkWritable(tsv);
    checkWritable(html);
    boolean isColoured = spec.commandLine().getColorScheme().ansi().enabled();
    Bench.Request request =
        new Bench.Request(
            areas,
            matrix,
            quick,
            Optional.ofNullable(tsv),
            Optional.ofNullable(html),
            Main.isTerminal(),
            isColoured);
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    try {
      Totals totals = Bench.run(request, out);
      return totals.missed() == 0 ? ExitStatus.OK : ExitStatus.PROBLEM;
    } catch (IOException e) {
      spec.commandLine().getErr().println("jfutex: " + FileProblem.of(e));
      return ExitStatus.INTERNAL;
    } finally {
      out.flush();
    }
  }
}
