package org.jfutex.bench;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Numbers;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Verdict;

/** The report for a person: a head, a table that grows, and the totals. */
final class TextReport implements Report {
  private static final int VERDICT_WIDTH = 8;

  /** Of a number and the blank before its unit. */
  private static final int NUMBER_WIDTH = 8;

  private static final String COLOUR_OFF = "\u001b[0m";

  private final PrintStream out;
  private final List<Area> areas;
  private final boolean isTerminal;
  private final boolean isColoured;
  private String area = "";
  private String format = "";
  private int progressWidth;

  TextReport(
      PrintStream out,
      List<Area> areas,
      Environment environment,
      boolean isTerminal,
      boolean isColoured) {
    this.out = out;
    this.areas = List.copyOf(areas);
    this.isTerminal = isTerminal;
    this.isColoured = isColoured;
    environment.facts().forEach((name, fact) -> out.printf("%-10s %s%n", name, fact));
  }

  /** The columns of an area: as wide as what it has in them, so that none is shifted. */
  private String format(String name) {
    List<Case> cases =
        areas.stream()
            .filter(each -> each.name().equals(name))
            .flatMap(each -> each.cases().stream())
            .toList();
    Stream<String> peers =
        cases.stream().flatMap(each -> each.peers().stream()).map(Case.Peer::name);
    return "%%-%1$ds %%%2$ds  %%-%3$ds %%%2$ds %%9s %%8s  %%s %%s%%n"
        .formatted(
            longest(name.length(), cases.stream().map(Case::name)),
            NUMBER_WIDTH + longest(0, cases.stream().map(Case::unit)),
            longest(0, peers));
  }

  private static int longest(int least, Stream<String> texts) {
    return Math.max(least, texts.mapToInt(String::length).max().orElse(1));
  }

  @Override
  public void progress(String what) {
    if (isTerminal) {
      rewrite(what);
    }
  }

  /** Writes over the last progress; blanks wipe what was longer. */
  private void rewrite(String text) {
    out.print("\r" + text + " ".repeat(Math.max(0, progressWidth - text.length())));
    out.print(text.isEmpty() ? "\r" : "");
    out.flush();
    progressWidth = text.length();
  }

  private void wipe() {
    if (progressWidth > 0) {
      rewrite("");
    }
  }

  @Override
  public void row(Row row) {
    wipe();
    if (!row.area().equals(area)) {
      area = row.area();
      format = format(area);
      out.println();
      print(area, "ours", "peer", "", "ratio", "target", "verdict ", "spread");
    }
    boolean isMeasured = row.verdict() != Verdict.SKIPPED;
    String spread =
        Numbers.text(row.lower()) + ".." + row.peer().target().text(row.upper()) + note(row);
    print(
        row.measured().name(),
        figure(row.ours(), row.measured().unit()),
        row.peer().name(),
        figure(row.peers(), row.measured().unit()),
        isMeasured ? row.peer().target().text(row.ratio()) : "-",
        row.peer().target().toString(),
        verdict(row.verdict()),
        isMeasured ? spread : row.note());
  }

  private void print(Object... columns) {
    out.print(String.format(Locale.ROOT, format, columns).stripTrailing() + "\n");
    out.flush();
  }

  private static String figure(double value, String unit) {
    return Double.isNaN(value) ? "-" : Numbers.text(value) + " " + unit;
  }

  private static String note(Row row) {
    return row.note().isEmpty() ? "" : " (" + row.note() + ")";
  }

  private String verdict(Verdict verdict) {
    String padded = verdict + " ".repeat(VERDICT_WIDTH - verdict.toString().length());
    String colour =
        switch (verdict) {
          case HELD -> "\u001b[32m";
          case NOISE -> "\u001b[33m";
          case MISSED -> "\u001b[31m";
          case PRINTED, SKIPPED -> "";
        };
    return isColoured && !colour.isEmpty() ? colour + padded + COLOUR_OFF : padded;
  }

  @Override
  public void end(Totals totals) {
    wipe();
    out.println();
    if (totals.skipped() > 0) {
      out.println(totals.skipped() + " skipped, with the reasons above");
    }
    out.println(totals);
    out.flush();
  }

  /** Leaves no progress behind, however the run has ended. */
  @Override
  public void close() {
    wipe();
  }
}
