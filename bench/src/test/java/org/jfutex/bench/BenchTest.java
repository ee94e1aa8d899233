package org.jfutex.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jfutex.bench.area.Areas;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Rounds;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Samples;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run from its areas to its reports, with an area whose figures are known beforehand. */
class BenchTest {
  @TempDir private Path temp;

  private record Fake(String name, List<Case> cases) implements Area {}

  private static final Case.Opener NONE =
      bench -> {
        throw new SkippedException("not opened here");
      };

  private static final Area AREA =
      new Fake(
          "fake",
          List.of(
              Case.nanos("first", "ours", NONE)
                  .against("held", Target.timesFaster(2), NONE)
                  .against("noisy", Target.atMost(0.9), NONE)
                  .against("missed", Target.atMost(0.5), NONE),
              Case.nanos("second", "ours", NONE)
                  .against("printed", Target.none(), NONE)
                  .against("gone", Target.atMost(1), NONE)));

  private static Samples figures(int index) {
    Samples.Series ours = series(10, 10, 10, 10, 10);
    return index == 0
        ? new Samples(
            true,
            List.of(
                ours,
                series(30, 30, 30, 30, 30),
                series(10, 10, 10, 20, 20),
                series(10, 10, 10, 10, 10)))
        : new Samples(
            false,
            List.of(
                ours,
                new Samples.Series(List.of(20.0, 20.0, 20.0, 20.0, 20.0), "", "x"),
                new Samples.Series(List.of(), "no\tC")));
  }

  private static Samples.Series series(double... values) {
    return new Samples.Series(Arrays.stream(values).boxed().toList(), "");
  }

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final StringWriter tsv = new StringWriter();

  private Totals run(boolean isTerminal, boolean isColoured) throws IOException {
    Environment environment =
        Environment.read(temp, List.of("-Xflag"), CLibrary.missing("no C"), Rounds.QUICK);
    PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8);
    List<Report> reports =
        List.of(
            new TsvReport(tsv, environment),
            new TextReport(out, List.of(AREA), environment, isTerminal, isColoured));
    List<Integer> asked = new ArrayList<>();
    CaseRunner runner =
        (area, index, progress) -> {
          assertThat(area).isSameAs(AREA);
          asked.add(index);
          progress.accept(1);
          return figures(index);
        };
    Totals totals = new Bench(List.of(AREA), runner, reports).run(Rounds.QUICK);
    for (Report report : reports) {
      report.close();
    }
    assertThat(asked).containsExactly(0, 1);
    return totals;
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void rowsAreCountedByVerdictAndTheLastLineSaysSo() throws Exception {
    Totals totals = run(false, false);
    assertThat(totals).isEqualTo(new Totals(1, 1, 1, 1));
    assertThat(text().lines().toList())
        .endsWith("1 skipped, with the reasons above", "1 held, 1 noise, 1 missed");
  }

  @Test
  void aRowShowsBothMediansTheRatioItsTargetAndItsSpread() throws Exception {
    run(false, false);
    List<String> lines = text().lines().map(line -> line.replaceAll(" +", " ")).toList();
    assertThat(lines)
        .containsSequence(
            "fake ours peer ratio target verdict spread",
            "first 10.0 ns held 30.0 ns 3.000x >= 2x held 3.000..3.000x",
            "first 10.0 ns noisy 10.0 ns 1.000 <= 0.90 noise 0.500..1.000",
            "first 10.0 ns missed 10.0 ns 1.000 <= 0.50 missed 1.000..1.000",
            "second 10.0 ns printed 20.0 ns 0.500 printed 0.500..0.500 (the warm-up did not"
                + " settle; peer x)",
            "second 10.0 ns gone - - <= 1.00 skipped no\tC");
    assertThat(lines).contains("flags -Xflag", "C no C", "governor not readable");
    assertThat(text()).doesNotContain("\r").doesNotContain("\u001b");
  }

  @Test
  void aLongUnitOrPeerShiftsNoColumn() {
    String peer = "a peer whose name is longer than what names have been so far";
    Case wide = Case.of("case", "ns/waiter", "ours", NONE).against(peer, Target.atMost(1), NONE);
    Area narrow = new Fake("narrow", List.of(AREA.cases().getFirst()));
    Area broad = new Fake("broad", List.of(wide, AREA.cases().getLast()));
    PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8);
    Environment none = new Environment(new LinkedHashMap<>());
    TextReport report = new TextReport(out, List.of(narrow, broad), none, false, false);
    Samples samples =
        new Samples(true, List.of(series(1_161_716, 1_161_716), series(51_791, 51_791)));
    Row.of("narrow", narrow.cases().getFirst(), figures(0)).forEach(report::row);
    Row.of("broad", wide, samples).forEach(report::row);
    Row.of("broad", broad.cases().getLast(), figures(1)).forEach(report::row);
    String[] areas = text().strip().split("\n\n", -1);
    assertThat(areas).hasSize(2);
    for (String area : areas) {
      List<String> lines = area.lines().toList();
      int verdict = lines.getFirst().indexOf("verdict");
      int left = lines.getFirst().indexOf("peer");
      assertThat(lines.subList(1, lines.size()))
          .allSatisfy(
              line -> {
                assertThat(line.substring(verdict - 1))
                    .matches(" (held|noise|missed|printed|skipped) .*");
                assertThat(line.substring(left - 1))
                    .matches(" (held|noisy|missed|printed|gone|a peer) .*");
              });
    }
    assertThat(areas[0].lines().findFirst().orElseThrow())
        .as("no wider than its own rows need")
        .isEqualTo("narrow       ours  peer                  ratio   target  verdict  spread");
    assertThat(text()).contains(" 1161716 ns/waiter  " + peer + "   51791 ns/waiter ");
  }

  @Test
  void onATerminalOneLineOfProgressIsRewrittenAndVerdictsHaveColour() throws Exception {
    run(true, true);
    assertThat(text())
        .contains(
            "\rfake: first ... about ",
            "\rfake: first, round 1 of 5, about ",
            "\u001b[31mmissed  \u001b[0m");
    // a row begins where the progress has been wiped
    assertThat(text()).containsPattern("\r {20,}\rsecond .*printed");
    bytes.reset();
    run(true, false);
    assertThat(text()).contains("\rfake").doesNotContain("\u001b");
  }

  @Test
  void theTsvHasTheEnvironmentAllRowsAndUnroundedMedians() throws Exception {
    run(false, false);
    List<String> lines = tsv.toString().lines().toList();
    List<String> head = lines.stream().takeWhile(line -> line.startsWith("# ")).toList();
    assertThat(head).contains("# flags: -Xflag", "# C: no C").anyMatch(l -> l.contains("# JDK: "));
    List<String[]> rows =
        lines.stream().skip(head.size()).map(line -> line.split("\t", -1)).toList();
    assertThat(rows).hasSize(6).allMatch(columns -> columns.length == 14);
    assertThat(rows.getFirst()).startsWith("area", "case", "ours", "peer", "unit", "ours_median");
    assertThat(rows.get(1))
        .containsExactly(
            "fake", "first", "ours", "held", "ns", "10.0000", "30.0000", "3.00000", ">= 2x", "held",
            "3.00000", "3.00000", "", "");
    assertThat(rows.get(5))
        .containsExactly(
            "fake", "second", "ours", "gone", "ns", "10.0000", "", "", "<= 1.00", "skipped", "", "",
            "", "no C");
  }

  @Test
  void timeLeftIsScaledByWhatHasPassed() {
    long[] clock = {0};
    Schedule schedule = new Schedule(List.of(AREA), Rounds.FULL, () -> clock[0]);
    double each = Rounds.FULL.seconds(AREA.cases().getFirst());
    double all = each + Rounds.FULL.seconds(AREA.cases().getLast());
    assertThat(schedule.left(0)).isEqualTo("about %.0f s left".formatted(all));
    clock[0] = (long) (each * 10 * 1e9); // ten times as slow as expected
    assertThat(schedule.left(1)).isEqualTo("about %.0f min left".formatted((all - each) / 6));
    schedule.done();
    schedule.done();
    assertThat(schedule.left(0)).isEqualTo("about 0 s left");
  }

  @Test
  void anEventThatOutlastsAQuickRunIsSkippedWithTheReason() throws Exception {
    Area slow = new Fake("fake", List.of(AREA.cases().getLast().inEvents(4)));
    PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8);
    Environment environment =
        Environment.read(temp, List.of(), CLibrary.missing("no C"), Rounds.QUICK);
    List<Report> reports = List.of(new TextReport(out, List.of(slow), environment, false, false));
    CaseRunner none =
        (_, _, _) -> {
          throw new IOException("not to be run");
        };
    Totals totals = new Bench(List.of(slow), none, reports).run(Rounds.QUICK);
    assertThat(totals).isEqualTo(new Totals(0, 0, 0, 2));
    assertThat(text()).contains("skipped  an event takes about 4 s, too long");
    assertThat(Rounds.FULL.take(slow.cases().getFirst())).isTrue();
  }

  @Test
  void theEnvironmentIsReadWhereItCanBe() throws Exception {
    Path cpu = temp.resolve("sys/devices/system/cpu");
    Files.createDirectories(cpu.resolve("cpu0/cpufreq"));
    Files.createDirectories(cpu.resolve("vulnerabilities"));
    Files.createDirectories(temp.resolve("proc"));
    Files.writeString(cpu.resolve("cpu0/cpufreq/scaling_governor"), "performance\n");
    Files.writeString(cpu.resolve("vulnerabilities/meltdown"), "Mitigation: PTI\n");
    Files.writeString(temp.resolve("proc/cpuinfo"), "processor: 0\nmodel name\t: Some CPU\n");
    Files.writeString(temp.resolve("proc/loadavg"), "0.1 0.2 0.3 1/2 3\n");
    assertThat(Environment.read(temp, List.of(), CLibrary.missing("no C"), Rounds.FULL).facts())
        .containsEntry("governor", "performance")
        .containsEntry("meltdown", "Mitigation: PTI")
        .containsEntry("load", "0.1 0.2 0.3 1/2 3")
        .containsEntry("measured", "25 rounds of 40 ms, each case in a JVM of its own")
        .hasEntrySatisfying("processor", text -> assertThat(text).startsWith("Some CPU, "));
  }

  @Test
  void samplesSurviveTheWireAndOtherLinesAreNotTaken() {
    for (Samples samples : List.of(figures(0), figures(1))) {
      Wire.Reader reader = new Wire.Reader();
      assertThat(reader.take("OpenJDK 64-Bit Server VM warning: something")).isFalse();
      for (String line : Wire.write(samples)) {
        assertThat(reader.samples()).isEmpty();
        assertThat(reader.take(line)).isTrue();
      }
      assertThat(reader.samples()).contains(samples);
    }
  }

  @Test
  void areasHaveDistinctNamesAndCasesWithPeers() {
    assertThat(Bench.areas())
        .doesNotHaveDuplicates()
        .contains("kernel-call", "lock", "cross-process");
    for (Area area : Areas.all()) {
      assertThat(area.name()).matches("[a-z]+(-[a-z]+)*");
      assertThat(Areas.named(area.name())).containsSame(area);
      List<String> names = area.cases().stream().map(Case::name).toList();
      assertThat(new HashSet<>(names)).hasSameSizeAs(names);
      assertThat(area.cases()).allMatch(each -> !each.peers().isEmpty());
    }
  }

  @Test
  void theDocumentationDescribesTheShapeOfTheRowsOfEachArea() throws Exception {
    Path docs = Path.of(System.getProperty("jfutex.root"), "docs", "performance.md");
    List<String> shapes =
        Files.readAllLines(docs).stream()
            .filter(line -> line.startsWith("## The shape of the row"))
            .toList();
    List<String> names = new ArrayList<>(Bench.areas());
    names.add(Areas.POLL_MATRIX);
    assertThat(names)
        .allSatisfy(name -> assertThat(shapes).anyMatch(line -> line.contains("`" + name + "`")));
  }

  @Test
  void anUnknownAreaIsRefusedWithTheNames() throws Exception {
    Bench.Request request =
        new Bench.Request(
            List.of("nope"), false, true, Optional.empty(), Optional.empty(), false, false);
    assertThatThrownBy(() -> Bench.run(request, System.out))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no area 'nope'")
        .hasMessageContaining("fast-path");
  }

  @Test
  void aCaseThatFailsInItsJvmIsNamedWithTheStatus() throws Exception {
    CaseProcess process = new CaseProcess(Rounds.QUICK, CLibrary.missing("no C"), temp);
    assertThatThrownBy(() -> process.run(AREA, 0, round -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("fake, first: its JVM ended with status 1");
  }
}
