package org.jfutex.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jfutex.bench.frame.Numbers;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Verdict;

/**
 * The report as one page: the totals, a plot and a table for each area, and the environment. Needs
 * no other file, and is well-formed XML as well as HTML. Written when the run ends, however.
 */
final class HtmlReport implements Report {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0;
        --page: #ffffff; --held: #1a7f37; --noise: #9a6700; --missed: #cf222e;
        --printed: #0969da; --skipped: #818b98; }
      @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1;
        --line: #3d444d; --page: #0d1117; --held: #3fb950; --noise: #d29922; --missed: #f85149;
        --printed: #58a6ff; --skipped: #6e7681; } }
      body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
        max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.5rem; }
      p { max-width: 46rem; color: var(--soft); }
      .totals span { display: inline-block; margin: 0 1.5rem 0 0; }
      .totals b { font-size: 1.8rem; margin-right: 0.3rem; }
      .wide { overflow-x: auto; }
      table { border-collapse: collapse; font-size: 0.87rem; width: 100%; }
      th, td { text-align: left; padding: 0.2rem 0.8rem 0.2rem 0; vertical-align: baseline;
        border-bottom: 1px solid var(--line); }
      th { color: var(--soft); font-weight: normal; }
      td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
      td.note { color: var(--soft); font-size: 0.8rem; }
      svg { width: 100%; min-width: 40rem; height: auto; font-size: 12px; fill: var(--ink); }
      svg .axis { stroke: var(--line); } svg .even { stroke: var(--soft); }
      svg .scale { fill: var(--soft); }
      svg .target { stroke: var(--ink); stroke-width: 2; }
      .held { color: var(--held); } .noise { color: var(--noise); }
      .missed { color: var(--missed); } .printed { color: var(--printed); }
      .skipped { color: var(--skipped); }
      svg .spread { stroke: currentColor; stroke-width: 5; stroke-linecap: round; opacity: 0.45; }
      svg .median { fill: currentColor; }
      dl { display: grid; grid-template-columns: max-content auto; gap: 0.1rem 1rem; }
      dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
      """;

  private static final String HOW =
      "The plots show how many times better ours is than the peer: the dot is the median of the"
          + " ratios of all rounds, the bar their middle half, and the black stroke the target,"
          + " which is met to the right of it. On the line at 1 both are even. Rest the pointer on"
          + " a row for its figures.";

  private final Path file;
  private final Environment environment;
  private final SequencedMap<String, List<Row>> rows = new LinkedHashMap<>();
  private Totals totals = Totals.NONE;

  HtmlReport(Path file, Environment environment) {
    this.file = file;
    this.environment = environment;
  }

  @Override
  public void progress(String what) {}

  @Override
  public void row(Row row) {
    rows.computeIfAbsent(row.area(), _ -> new ArrayList<>()).add(row);
    totals = totals.with(row.verdict());
  }

  @Override
  public void end(Totals all) {}

  @Override
  public void close() throws IOException {
    Files.writeString(file, page());
  }

  private String page() {
    StringBuilder out = new StringBuilder();
    out.append(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>");
    out.append("<meta charset=\"utf-8\"/><title>jfutex bench</title>\n<style>\n");
    out.append(STYLE).append("</style></head>\n<body>\n<h1>jfutex bench</h1>\n");
    out.append("<p class=\"totals\">");
    total(out, Verdict.HELD, totals.held());
    total(out, Verdict.NOISE, totals.noise());
    total(out, Verdict.MISSED, totals.missed());
    total(out, Verdict.SKIPPED, totals.skipped());
    out.append("</p>\n<p>").append(HOW).append("</p>\n");
    rows.forEach((area, each) -> area(out, area, each));
    out.append("<h2>Environment</h2>\n<dl>");
    for (Map.Entry<String, String> fact : environment.facts().entrySet()) {
      out.append("<dt>").append(escape(fact.getKey())).append("</dt>");
      out.append("<dd>").append(escape(fact.getValue())).append("</dd>\n");
    }
    return out.append("</dl>\n</body>\n</html>\n").toString();
  }

  private static void total(StringBuilder out, Verdict verdict, int count) {
    out.append("<span class=\"%s\"><b>%d</b>%s</span>".formatted(verdict, count, verdict));
  }

  private static void area(StringBuilder out, String area, List<Row> rows) {
    out.append("<h2>").append(escape(area)).append("</h2>\n<div class=\"wide\">");
    out.append(new Plot(rows).svg()).append("<table>\n<tr>");
    for (String head :
        List.of(
            "case",
            "ours",
            "",
            "peer",
            "",
            "ratio",
            "target",
            "verdict",
            "middle half",
            "B/op",
            "note")) {
      out.append("<th>").append(head).append("</th>");
    }
    out.append("</tr>\n");
    rows.forEach(row -> row(out, row));
    out.append("</table></div>\n");
  }

  private static void row(StringBuilder out, Row row) {
    String unit = row.measured().unit();
    out.append("<tr>");
    cell(out, "", row.measured().name());
    cell(out, "", row.measured().ours());
    cell(out, "number", figure(row.ours(), " " + unit));
    cell(out, "", row.peer().name());
    cell(out, "number", figure(row.peers(), " " + unit));
    boolean isMeasured = row.verdict() != Verdict.SKIPPED;
    cell(out, "number", isMeasured ? row.peer().target().text(row.ratio()) : "");
    cell(out, "number", row.peer().target().toString());
    cell(out, row.verdict().toString(), row.verdict().toString());
    cell(out, "number", isMeasured ? spread(row) : "");
    cell(out, "number", figure(row.allocated(), ""));
    cell(out, "note", row.note());
    out.append("</tr>\n");
  }

  private static void cell(StringBuilder out, String kind, String text) {
    out.append(kind.isEmpty() ? "<td>" : "<td class=\"" + kind + "\">");
    out.append(escape(text)).append("</td>");
  }

  private static String figure(double value, String unit) {
    return Double.isNaN(value) ? "" : Numbers.text(value) + unit;
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
