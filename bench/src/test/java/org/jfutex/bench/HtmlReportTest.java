package org.jfutex.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Samples;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** The page: what it says, and where its plots put it. */
class HtmlReportTest {
  private static final Case.Opener NONE =
      bench -> {
        throw new SkippedException("not opened here");
      };

  private static final Case FIRST =
      Case.nanos("first", "ours", NONE)
          .against("held", Target.timesFaster(2), NONE)
          .against("noisy", Target.atMost(0.9), NONE)
          .against("missed", Target.atMost(0.5), NONE);
  private static final Case SECOND =
      Case.nanos("second <&> \"last\"", "ours", NONE)
          .against("printed", Target.none(), NONE)
          .against("gone", Target.atMost(1), NONE);

  @TempDir private Path temp;

  /** The figures are the peer's: ours takes 10 in each round. */
  private static Samples.Series series(double... values) {
    return new Samples.Series(Arrays.stream(values).boxed().toList(), "");
  }

  private static List<Row> first() {
    return Row.of(
        "one",
        FIRST,
        new Samples(
            true,
            List.of(
                new Samples.Series(List.of(10.0, 10.0, 10.0, 10.0, 10.0), "", "", 24.2),
                series(30, 30, 30, 30, 30),
                series(10, 10, 10, 20, 20),
                series(10, 10, 10, 10, 10))));
  }

  private static List<Row> second() {
    return Row.of(
        "two",
        SECOND,
        new Samples(
            false,
            List.of(
                series(10, 10, 10, 10, 10),
                new Samples.Series(List.of(20.0, 20.0, 20.0, 20.0, 20.0), "", "<x>"),
                new Samples.Series(List.of(), "no\tC"))));
  }

  private Path page() throws Exception {
    List<Row> rows = new ArrayList<>(first());
    rows.addAll(second());
    return page(rows);
  }

  private Path page(List<Row> rows) throws Exception {
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    facts.put("date", "today");
    facts.put("processor", "R&D <fast>");
    facts.put("flags", "-Xflag");
    Path file = temp.resolve("report.html");
    try (HtmlReport report = new HtmlReport(file, new Environment(facts))) {
      rows.forEach(report::row);
      report.end(Totals.NONE);
    }
    return file;
  }

  private Document document() throws Exception {
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(page().toFile());
  }

  private static List<Element> all(Document document, String name) {
    return elements(document.getDocumentElement(), name);
  }

  private static List<Element> elements(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    var nodes = parent.getElementsByTagName(name);
    IntStream.range(0, nodes.getLength()).forEach(i -> found.add((Element) nodes.item(i)));
    return found;
  }

  private static List<String> lines(Element table) {
    return elements(table, "tr").stream().map(Node::getTextContent).toList();
  }

  @Test
  void itNeedsNoOtherFileAndNoScript() throws Exception {
    String text = Files.readString(page());
    assertThat(text).startsWith("<!DOCTYPE html>").endsWith("</html>\n");
    assertThat(text.replaceAll("xmlns=\"[^\"]*\"", ""))
        .doesNotContain("://")
        .doesNotContain("src=")
        .doesNotContain("url(")
        .doesNotContain("@import")
        .doesNotContain("<link")
        .doesNotContain("<script");
    assertThat(text).as("its own style").contains("prefers-color-scheme: dark");
  }

  @Test
  void itsHeadHasTheCountsAndTheMachine() throws Exception {
    Document document = document();
    assertThat(all(document, "title").getFirst().getTextContent())
        .isEqualTo("jfutex bench: 1 held, 1 noise, 1 missed, 1 printed, 1 skipped");
    assertThat(all(document, "p").stream().map(Node::getTextContent))
        .containsExactly("today; R&D <fast>", "1held1noise1missed1printed1skipped");
    assertThat(all(document, "dd").stream().map(Node::getTextContent))
        .as("the environment is last")
        .endsWith("today", "R&D <fast>", "-Xflag");
    assertThat(all(document, "dt").stream().map(Node::getTextContent))
        .contains("ratio", "middle half", "of target", "held", "noise", "missed", "printed");
  }

  @Test
  void eachAreaHasALineThatLeadsToItsSection() throws Exception {
    Document document = document();
    assertThat(lines(all(document, "table").getFirst()).getFirst())
        .startsWith("areaof target")
        .endsWith("heldnoisemissedprintedskipped");
    assertThat(elements(all(document, "table").getFirst(), "tr"))
        .extracting(line -> line.getLastChild().getPreviousSibling().getTextContent())
        .as("printed")
        .containsExactly("printed", "0", "1");
    assertThat(all(document, "section"))
        .extracting(section -> section.getAttribute("id"))
        .containsExactly("one", "two");
    assertThat(all(document, "a"))
        .extracting(link -> link.getAttribute("href"))
        .containsOnly("#one", "#two");
  }

  @Test
  void whatIsNotMetIsListedFurthestFromItsTargetFirst() throws Exception {
    Element list = all(document(), "details").getFirst();
    assertThat(elements(list, "summary").getFirst().getTextContent())
        .startsWith("2 targets are not met");
    String note = "ours makes 24.2 bytes";
    assertThat(lines(list))
        .containsExactly(
            "of targetverdictareacasepeerratiomiddle halftarget",
            "50.0 %missedonefirstmissed" + note + "1.0001.000..1.000<= 0.50",
            "90.0 %noiseonefirstnoisy" + note + "1.0000.500..1.000<= 0.90");
  }

  @Test
  void whereAllIsMetThereIsNoSuchList() throws Exception {
    assertThat(page(first().subList(0, 1))).content().doesNotContain("<details", "not met");
  }

  @Test
  void aSectionHasACaseWithOursAndARowForEachPeer() throws Exception {
    List<Element> sections = all(document(), "section");
    assertThat(lines(sections.getFirst()).subList(1, 4))
        .containsExactly(
            "first10.0 nsours, 24 B/op",
            "heldheldours makes 24.2 bytes30.0 ns3.000x3.000..3.000x>= 2x150 %",
            "noisenoisyours makes 24.2 bytes10.0 ns1.0000.500..1.000<= 0.9090.0 %");
    assertThat(lines(sections.getLast()).subList(1, 4))
        .containsExactly(
            "second <&> \"last\"10.0 nsours",
            "printedprintedthe warm-up did not settle; peer <x>20.0 ns0.5000.500..0.500",
            "skippedgoneno\tC<= 1.00");
    Element printed = elements(sections.getLast(), "tr").get(2);
    assertThat(printed.getAttribute("class")).as("is grey").isEqualTo("printed");
  }

  @Test
  void aPictureHasANameOrIsHidden() throws Exception {
    List<Element> pictures = all(document(), "svg");
    assertThat(pictures)
        .allMatch(
            each ->
                each.getAttribute("aria-hidden").equals("true")
                    || (each.getAttribute("role").equals("img")
                        && !each.getAttribute("aria-label").isEmpty()));
    assertThat(pictures)
        .extracting(each -> each.getAttribute("aria-label"))
        .contains(
            "one: 3 targets, and how much of each is reached",
            "noise, ratio 1.000 (0.500..1.000), target <= 0.90",
            "printed, ratio 0.500 (0.500..0.500)",
            "skipped, no C");
  }

  @Test
  void verdictsDifferInShape() {
    assertThat(Arrays.stream(Verdict.values()).map(each -> found(Plot.mark(each), " d=\"(.+?)\"")))
        .hasSize(5)
        .doesNotHaveDuplicates();
  }

  private static String found(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().findFirst().orElseThrow().group(1);
  }

  private static double median(String svg) {
    return Double.parseDouble(found(svg, "\"at \\w+\" transform=\"translate\\(([0-9.]+) "));
  }

  private static double target(String svg) {
    return Double.parseDouble(found(svg, "\"target\" d=\"M([0-9.]+) "));
  }

  @Test
  void aPlotPutsWhatIsBetterFurtherRightAndTheTargetAtItsPlace() {
    Plot plot = Plot.ofTimes(first());
    List<String> pictures = first().stream().map(plot::row).toList();
    assertThat(median(pictures.get(0))).as("3x").isGreaterThan(target(pictures.get(0)));
    assertThat(median(pictures.get(1))).as("1.0 of 0.9").isLessThan(target(pictures.get(1)));
    assertThat(median(pictures.get(1)))
        .isEqualTo(median(pictures.get(2)))
        .isLessThan(median(pictures.get(0)));
    assertThat(target(pictures.get(0)))
        .as("twice as fast is at most 0.5")
        .isEqualTo(target(pictures.get(2)));
    assertThat(found(pictures.get(1), "\"spread\" d=\"M([0-9.]+) "))
        .as("the spread of what is noise begins at twice as good, as the target of the others")
        .isEqualTo(found(pictures.get(0), "\"target\" d=\"M([0-9.]+) "));
    assertThat(found(pictures.get(1), "\"spread\" d=\"M.*?H([0-9.]+)\""))
        .as("and ends where both are even")
        .isEqualTo(found(pictures.get(2), "\"spread\" d=\"M([0-9.]+) "));
  }

  private static Row row(Target target, double ratio) {
    Case measured = Case.nanos("case", "ours", NONE).against("peer", target, NONE);
    Verdict verdict = target.timesBound().isEmpty() ? Verdict.PRINTED : Verdict.MISSED;
    double none = Double.NaN;
    return new Row(
        "one", measured, measured.peers().getFirst(), 1, 1, ratio, ratio, ratio, none, verdict, "");
  }

  @Test
  void aPrintedRowThatIsFarOffIsAnArrowAndLeavesTheAxisToTheTargets() {
    Row judged = row(Target.atMost(1.05), 1.08);
    Row near = row(Target.none(), 0.94);
    Row far = row(Target.none(), 2.9);
    Plot plot = Plot.ofTimes(List.of(judged, near, far));
    assertThat(target(plot.row(judged)) - median(plot.row(judged))).isGreaterThan(30);
    assertThat(plot.row(near)).contains("at printed").doesNotContain("beyond");
    assertThat(plot.row(far)).contains("beyond", "scale(-1 1)").doesNotContain("at printed");
    assertThat(plot.row(far)).contains("ratio 2.900");
    assertThat(Plot.ofTimes(List.of(near, far)).row(far))
        .as("without targets all are on the axis")
        .contains("at printed");
  }

  @Test
  void theNumbersOfAnAxisKeepTheirZerosAndDoNotOverlap() {
    assertThat(new Axis(DoubleStream.of(1_500)).ticks().stream().map(Axis::text))
        .containsExactly("1", "10", "100", "1000");
    assertThat(new Axis(DoubleStream.of(0.0003)).ticks().stream().map(Axis::text))
        .containsExactly("0.001", "0.01", "0.1", "1");
    assertThat(new Axis(DoubleStream.of(0.9, 1.02)).ticks().stream().map(Axis::text))
        .containsExactly("0.9", "0.95", "1", "1.05");
    for (double end = 1; end < 1e9; end *= 1.07) {
      for (Axis axis :
          List.of(new Axis(DoubleStream.of(end)), new Axis(DoubleStream.of(1 / end)))) {
        List<Double> ticks = axis.ticks();
        assertThat(ticks).as("to " + end).contains(1.0).hasSizeLessThan(12);
        for (int i = 1; i < ticks.size(); i++) {
          assertThat(axis.x(ticks.get(i)) - axis.x(ticks.get(i - 1))).isGreaterThan(25);
        }
        assertThat(axis.x(ticks.getFirst())).isGreaterThan(15);
        assertThat(axis.x(ticks.getLast())).isLessThan(Axis.WIDTH - 15);
      }
    }
  }

  @Test
  void whatIsMissedByLittleDoesNotReadAsReached() {
    assertThat(HtmlReport.reached(row(Target.atMost(1.05), 1.0501))).isEqualTo("99.9 %");
    assertThat(HtmlReport.reached(row(Target.atMost(1.05), 1.05))).isEqualTo("100 %");
    assertThat(HtmlReport.reached(row(Target.timesFaster(130), 1_508.9))).isEqualTo("1160 %");
    assertThat(HtmlReport.reached(row(Target.atLeast(0.3), 0.0765))).isEqualTo("25.5 %");
  }
}
