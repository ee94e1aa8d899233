package org.jfutex.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jfutex.bench.frame.Numbers;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Verdict;

/**
 * The report as one page: how the targets stand, what the words mean, a table with plots for each
 * area, and the environment. Needs no other file and no script, and is well-formed XML as well as
 * HTML. Written when the run ends, however.
 */
final class HtmlReport implements Report {
  /** More than what is lost in a division. */
  private static final double TINY = 1e-6;

  private static final List<String> MACHINE =
      List.of("date", "processor", "system", "JDK", "measured");

  private static final String WORDS =
      """
      <h2 id="words">What the words mean</h2>
      <dl>
      <dt>ratio</dt><dd>The median of the ratios of all rounds. 1.05 is ours divided by the peer's,
      105x is how many times faster ours is.</dd>
      <dt>middle half</dt><dd>The first and the third quartile of these ratios.</dd>
      <dt>of target</dt><dd>How much of its target the ratio reaches: 100 % and more is held.</dd>
      <dt>times better</dt><dd>How many times better ours is than the peer: right is better, and at
      1x both are even. The mark is the ratio, the bar its middle half, the stroke the target. Each
      area has a logarithmic axis of its own, and an arrow for a row without a target that is
      further off.</dd>
      <dt>B/op</dt><dd>Bytes of objects that an operation of ours makes, where that is counted.</dd>
      """;

  private final Path file;
  private final Environment environment;
  private final List<Row> rows = new ArrayList<>();

  HtmlReport(Path file, Environment environment) {
    this.file = file;
    this.environment = environment;
  }

  @Override
  public void progress(String what) {}

  @Override
  public void row(Row row) {
    rows.add(row);
  }

  @Override
  public void end(Totals totals) {}

  @Override
  public void close() throws IOException {
    Files.writeString(file, page());
  }

  private String page() throws IOException {
    StringBuilder out = new StringBuilder();
    String counts =
        Arrays.stream(Verdict.values())
            .map(each -> count(rows, each) + " " + each)
            .collect(Collectors.joining(", "));
    out.append("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n");
    out.append("<head><meta charset=\"utf-8\"/>");
    out.append("<meta name=\"viewport\" content=\"width=device-width\"/>");
    out.append("<title>jfutex bench: ").append(counts).append("</title>\n<style>\n");
    out.append(style()).append("</style></head>\n<body>\n<h1>jfutex bench</h1>\n");
    out.append("<p class=\"machine\">").append(machine()).append("</p>\n<p class=\"totals\">");
    for (Verdict verdict : Verdict.values()) {
      out.append(
          "<span class=\"%s\">%s<b>%d</b>%s</span>"
              .formatted(verdict, Plot.mark(verdict), count(rows, verdict), verdict));
    }
    out.append("</p>\n");
    SequencedMap<String, List<Row>> areas = grouped(rows, true);
    overview(out, areas);
    unmet(out);
    out.append(WORDS);
    for (Verdict verdict : Verdict.values()) {
      out.append("<dt class=\"%s\">%s</dt>".formatted(verdict, Plot.mark(verdict) + verdict));
      out.append("<dd>").append(meaning(verdict)).append("</dd>\n");
    }
    out.append("</dl>\n");
    areas.forEach((area, each) -> area(out, area, each));
    out.append("<h2 id=\"environment\">Environment</h2>\n<dl>");
    environment
        .facts()
        .forEach(
            (name, fact) ->
                out.append("<dt>%s</dt><dd>%s</dd>\n".formatted(escape(name), escape(fact))));
    return out.append("</dl>\n</body>\n</html>\n").toString();
  }

  private static String meaning(Verdict verdict) {
    return switch (verdict) {
      case HELD -> "The ratio meets the target.";
      case NOISE -> "It does not, but the middle half reaches it.";
      case MISSED ->
          "Not even the middle half reaches the target, or ours makes objects and may make none.";
      case PRINTED -> "There is no target.";
      case SKIPPED -> "One of the two could not be measured; the row says why.";
    };
  }

  private static String style() throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream("page.css")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String machine() {
    return environment.facts().entrySet().stream()
        .filter(fact -> MACHINE.contains(fact.getKey()))
        .map(fact -> escape(fact.getValue()))
        .collect(Collectors.joining("; "));
  }

  private static long count(List<Row> rows, Verdict verdict) {
    return rows.stream().filter(row -> row.verdict() == verdict).count();
  }

  /** The rows of each area, or of each case. */
  private static SequencedMap<String, List<Row>> grouped(List<Row> rows, boolean byArea) {
    return rows.stream()
        .collect(
            Collectors.groupingBy(
                row -> byArea ? row.area() : row.measured().name(),
                LinkedHashMap::new,
                Collectors.toList()));
  }

  /** A line for each area, which leads to it, and a picture of how its targets stand. */
  private void overview(StringBuilder out, SequencedMap<String, List<Row>> areas) {
    Plot plot = Plot.ofTargets(rows);
    out.append("<h2 id=\"areas\">Areas</h2>\n<div class=\"wide\"><table>\n<thead><tr>");
    head(out, "", "area");
    head(out, "plot", "of target" + plot.head());
    for (Verdict verdict : Verdict.values()) {
      head(out, "number", verdict.toString());
    }
    out.append("</tr></thead>\n<tbody>\n");
    areas.forEach(
        (area, each) -> {
          out.append("<tr><th scope=\"row\">").append(link(area)).append("</th>");
          plot(out, "", plot.targets(area, each));
          for (Verdict verdict : Verdict.values()) {
            long count = count(each, verdict);
            cell(out, "number " + (count == 0 ? "soft" : verdict), String.valueOf(count));
          }
          out.append("</tr>\n");
        });
    out.append("</tbody>\n</table></div>\n");
  }

  /** What is not met, furthest from its target first. */
  private void unmet(StringBuilder out) {
    List<Row> unmet =
        rows.stream()
            .filter(row -> row.verdict() == Verdict.NOISE || row.verdict() == Verdict.MISSED)
            .sorted(Comparator.comparingDouble(Plot::reached))
            .toList();
    if (unmet.isEmpty()) {
      return;
    }
    out.append(
        "<details><summary>%d targets are not met: which, and by how much</summary>\n"
            .formatted(unmet.size()));
    out.append("<div class=\"wide\"><table>\n<thead><tr>");
    head(out, "number", "of target");
    List.of("verdict", "area", "case", "peer").forEach(each -> head(out, "", each));
    List.of("ratio", "middle half", "target").forEach(each -> head(out, "number", each));
    out.append("</tr></thead>\n<tbody>\n");
    for (Row row : unmet) {
      out.append("<tr>");
      cell(out, "number", reached(row));
      cell(out, row.verdict().toString(), row.verdict().toString());
      out.append("<td>").append(link(row.area())).append("</td>");
      cell(out, "name", row.measured().name());
      name(out, row);
      ratio(out, row);
      out.append("</tr>\n");
    }
    out.append("</tbody>\n</table></div></details>\n");
  }

  private static String link(String area) {
    return "<a href=\"#%1$s\">%1$s</a>".formatted(escape(area));
  }

  private static void area(StringBuilder out, String area, List<Row> rows) {
    Plot plot = Plot.ofTimes(rows);
    out.append("<section class=\"area\" id=\"%1$s\"><h2>%1$s</h2>\n".formatted(escape(area)));
    out.append("<div class=\"wide\"><table>\n<thead><tr>");
    head(out, "", "verdict");
    head(out, "", "ours, and the peers");
    for (String each : List.of("figure", "ratio", "middle half", "target", "of target")) {
      head(out, "number", each);
    }
    head(out, "plot", "times better" + plot.head());
    out.append("</tr></thead>\n");
    grouped(rows, false)
        .values()
        .forEach(
            each -> {
              out.append("<tbody>\n");
              ours(out, plot, each.getFirst());
              each.forEach(row -> peer(out, plot, row));
              out.append("</tbody>\n");
            });
    out.append("</table></div></section>\n");
  }

  private static void ours(StringBuilder out, Plot plot, Row row) {
    out.append("<tr class=\"case\"><th scope=\"rowgroup\" colspan=\"2\">");
    out.append(escape(row.measured().name())).append("</th>");
    cell(out, "number", figure(row.ours(), row));
    boolean isCounted = !Double.isNaN(row.allocated());
    out.append("<td class=\"soft\" colspan=\"4\">").append(escape(row.measured().ours()));
    out.append(isCounted ? ", " + Math.round(row.allocated()) + " B/op" : "").append("</td>");
    plot(out, "", plot.empty());
    out.append("</tr>\n");
  }

  private static void peer(StringBuilder out, Plot plot, Row row) {
    boolean isPlain = row.peer().target().timesBound().isEmpty();
    out.append(isPlain ? "<tr class=\"printed\">" : "<tr>");
    cell(out, row.verdict().toString(), row.verdict().toString());
    name(out, row);
    cell(out, "number", figure(row.peers(), row));
    ratio(out, row);
    cell(out, "number " + row.verdict(), Plot.isJudged(row) ? reached(row) : "");
    plot(out, row.verdict().toString(), plot.row(row));
    out.append("</tr>\n");
  }

  private static void name(StringBuilder out, Row row) {
    String note = row.note().isEmpty() ? "" : "<small>" + escape(row.note()) + "</small>";
    out.append("<td class=\"name\">").append(escape(row.peer().name())).append(note);
    out.append("</td>");
  }

  private static void ratio(StringBuilder out, Row row) {
    boolean isMeasured = row.verdict() != Verdict.SKIPPED;
    cell(out, "number", isMeasured ? row.peer().target().text(row.ratio()) : "");
    cell(out, "number", isMeasured ? spread(row) : "");
    cell(out, "number", row.peer().target().toString());
  }

  /** Rounded down, so that what is missed by little does not read 100 %. */
  static String reached(Row row) {
    double tenths = Math.floor(Plot.reached(row) * 1_000 + TINY);
    return tenths < 1_000
        ? String.format(Locale.ROOT, "%.1f %%", tenths / 10)
        : (long) (tenths / 10) + " %";
  }

  private static void head(StringBuilder out, String kind, String text) {
    out.append("<th scope=\"col\" class=\"%s\">%s</th>".formatted(kind, text));
  }

  private static void cell(StringBuilder out, String kind, String text) {
    out.append("<td class=\"%s\">%s</td>".formatted(kind, escape(text)));
  }

  private static void plot(StringBuilder out, String kind, String svg) {
    out.append("<td class=\"plot %s\">%s</td>".formatted(kind, svg));
  }

  private static String figure(double value, Row row) {
    return Double.isNaN(value) ? "" : Numbers.text(value) + " " + row.measured().unit();
  }

  static String spread(Row row) {
    return Numbers.text(row.lower()) + ".." + row.peer().target().text(row.upper());
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
