package org.jfutex.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jfutex.bench.area.Areas;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Commands;
import org.jfutex.bench.frame.Jvm;
import org.jfutex.bench.frame.Rounds;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Samples;

/** A run of benchmarks: what {@code jfutex bench} does. */
public final class Bench {
  private final List<Area> areas;
  private final CaseRunner runner;
  private final List<Report> reports;

  /**
   * What is asked for.
   *
   * @param areas the names of the areas; none for all
   * @param isMatrix whether the many figures beside those of area poll are wanted too
   * @param isQuick whether a first look will do
   * @param tsv a file that gets all rows with all their figures
   * @param html a file that gets a page with plots
   * @param isTerminal whether what is printed can be rewritten
   * @param isColoured whether verdicts are printed in colour
   */
  public record Request(
      List<String> areas,
      boolean isMatrix,
      boolean isQuick,
      Optional<Path> tsv,
      Optional<Path> html,
      boolean isTerminal,
      boolean isColoured) {
    /** Copies the list. */
    public Request {
      areas = List.copyOf(areas);
    }
  }

  Bench(List<Area> areas, CaseRunner runner, List<Report> reports) {
    this.areas = areas;
    this.runner = runner;
    this.reports = reports;
  }

  /**
   * The names of the areas.
   *
   * @return the names, in the order in which they run
   */
  public static List<String> areas() {
    return Areas.all().stream().map(Area::name).toList();
  }

  /**
   * Runs benchmarks and prints them.
   *
   * @param request what is asked for
   * @param out where to
   * @return how the rows ended
   * @throws IllegalArgumentException if there is no area of a name
   * @throws IOException if a file cannot be written or a case failed
   */
  public static Totals run(Request request, PrintStream out) throws IOException {
    List<Area> areas = new ArrayList<>();
    List<String> names = new ArrayList<>(request.areas.isEmpty() ? areas() : request.areas);
    if (request.isMatrix) {
      names.add(Areas.POLL_MATRIX);
    }
    for (String name : names) {
      areas.add(
          Areas.named(name)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "no area '" + name + "'; there are " + String.join(", ", areas()))));
    }
    Rounds rounds = request.isQuick ? Rounds.QUICK : Rounds.FULL;
    Path folder = Files.createTempDirectory("jfutex-bench");
    Thread atExit = new Thread(() -> delete(folder));
    Runtime.getRuntime().addShutdownHook(atExit);
    List<Report> reports = new ArrayList<>();
    try {
      CLibrary library = CLibrary.compile(folder, Commands.path());
      CaseProcess runner = new CaseProcess(rounds, library, folder);
      Environment environment = Environment.read(Path.of("/"), Jvm.flags(), library, rounds);
      if (request.tsv.isPresent()) {
        reports.add(new TsvReport(Files.newBufferedWriter(request.tsv.get()), environment));
      }
      if (request.html.isPresent()) {
        reports.add(new HtmlReport(request.html.get(), environment));
      }
      reports.add(new TextReport(out, areas, environment, request.isTerminal, request.isColoured));
      return new Bench(areas, runner, reports).run(rounds);
    } finally {
      for (Report report : reports) {
        report.close();
      }
      Runtime.getRuntime().removeShutdownHook(atExit);
      delete(folder);
    }
  }

  Totals run(Rounds rounds) throws IOException {
    Totals totals = Totals.NONE;
    Schedule schedule = new Schedule(areas, rounds, System::nanoTime);
    for (Area area : areas) {
      for (int i = 0; i < area.cases().size(); i++) {
        Case measured = area.cases().get(i);
        String what = area.name() + ": " + measured.name();
        int count = rounds.of(measured.terms().slice()).count();
        progress(what + " ... " + schedule.left(0));
        CaseRunner chosen = rounds.take(measured) ? runner : Bench::tooLong;
        Samples samples =
            chosen.run(
                area,
                i,
                round ->
                    progress(
                        "%s, round %d of %d, %s"
                            .formatted(what, round, count, schedule.left((double) round / count))));
        schedule.done();
        for (Row row : Row.of(area.name(), measured, samples)) {
          totals = totals.with(row.verdict());
          for (Report report : reports) {
            report.row(row);
          }
        }
      }
    }
    for (Report report : reports) {
      report.end(totals);
    }
    return totals;
  }

  private static Samples tooLong(Area area, int index, IntConsumer progress) {
    Case measured = area.cases().get(index);
    String reason =
        "an event takes about %.0f s, too long for so short rounds"
            .formatted(measured.terms().eventSeconds());
    Samples.Series none = new Samples.Series(List.of(), reason);
    return new Samples(true, Collections.nCopies(measured.peers().size() + 1, none));
  }

  private void progress(String what) {
    for (Report report : reports) {
      report.progress(what);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
