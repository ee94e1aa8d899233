package org.jfutex.bench;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Locale;
import org.jfutex.bench.frame.Row;

/**
 * The report for programs: comment lines with the environment, a line of column names, and a line
 * for each row. Figures are not rounded to what they are worth; what was not measured is empty.
 */
final class TsvReport implements Report {
  private static final List<String> COLUMNS =
      List.of(
          "area",
          "case",
          "ours",
          "peer",
          "unit",
          "ours_median",
          "peer_median",
          "ratio",
          "target",
          "verdict",
          "ratio_q1",
          "ratio_q3",
          "ours_bytes",
          "note");

  private final Writer out;

  TsvReport(Writer out, Environment environment) throws IOException {
    this.out = out;
    for (var fact : environment.facts().entrySet()) {
      out.write("# " + fact.getKey() + ": " + clean(fact.getValue()) + "\n");
    }
    line(COLUMNS);
  }

  @Override
  public void progress(String what) {}

  @Override
  public void row(Row row) throws IOException {
    line(
        List.of(
            row.area(),
            row.measured().name(),
            row.measured().ours(),
            row.peer().name(),
            row.measured().unit(),
            number(row.ours()),
            number(row.peers()),
            number(row.ratio()),
            row.peer().target().toString(),
            row.verdict().toString(),
            number(row.lower()),
            number(row.upper()),
            number(row.allocated()),
            row.note()));
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
  }

  private void line(List<String> columns) throws IOException {
    out.write(String.join("\t", columns.stream().map(TsvReport::clean).toList()) + "\n");
    out.flush(); // a run that is interrupted keeps its rows
  }

  private static String clean(String text) {
    return text.replaceAll("[\\t\\r\\n]", " ");
  }

  @Override
  public void end(Totals totals) {}

  @Override
  public void close() throws IOException {
    out.close();
  }
}
