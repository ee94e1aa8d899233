package org.jfutex.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Verdict;

/** The rows of an area on one logarithmic axis: how many times better ours is than the peer. */
final class Plot {
  private static final int WIDTH = 1_000;
  private static final int LABELS = 500;
  private static final int MARGIN = 24;
  private static final int LINE = 22;
  private static final int TOP = 8;
  private static final int SCALE = 24;

  /** Beyond the least and the greatest of what is shown. */
  private static final double AIR = 1.06;

  /** A scale over less than that has even steps, one over more goes 1, 2, 5, 10. */
  private static final double NARROW = 4;

  private static final int MOST_TICKS = 9;
  private static final List<Double> STEPS = List.of(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);

  private final List<Row> rows;
  private final double least;
  private final double greatest;

  Plot(List<Row> rows) {
    this.rows = rows;
    double[] shown =
        DoubleStream.concat(
                DoubleStream.of(1), rows.stream().flatMap(Plot::places).mapToDouble(each -> each))
            .filter(each -> each > 0 && Double.isFinite(each))
            .toArray();
    this.least = DoubleStream.of(shown).min().orElseThrow() / AIR;
    this.greatest = DoubleStream.of(shown).max().orElseThrow() * AIR;
  }

  private static Stream<Double> places(Row row) {
    Target target = row.peer().target();
    List<Double> places = new ArrayList<>();
    if (row.verdict() != Verdict.SKIPPED) {
      places.add(target.times(row.lower()));
      places.add(target.times(row.upper()));
    }
    target.timesBound().ifPresent(places::add);
    return places.stream();
  }

  String svg() {
    int bottom = TOP + rows.size() * LINE;
    StringBuilder out = new StringBuilder();
    out.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n"
            .formatted(WIDTH, bottom + SCALE));
    for (double tick : ticks()) {
      vertical(out, tick == 1 ? "even" : "axis", tick, TOP, bottom);
      text(out, "class=\"scale\" text-anchor=\"middle\"", x(tick), bottom + 16, number(tick) + "x");
    }
    int middle = TOP + LINE / 2;
    for (Row row : rows) {
      row(out, row, middle);
      middle += LINE;
    }
    return out.append("</svg>\n").toString();
  }

  private void row(StringBuilder out, Row row, int middle) {
    Target target = row.peer().target();
    String what = row.measured().name() + " : " + row.peer().name();
    boolean isMeasured = row.verdict() != Verdict.SKIPPED;
    String told =
        isMeasured
            ? "%s, ratio %s %s (%s)"
                .formatted(row.verdict(), target.text(row.ratio()), target, HtmlReport.spread(row))
            : "skipped, " + row.note();
    out.append("<g class=\"").append(row.verdict()).append("\"><title>");
    out.append(HtmlReport.escape(what + ": " + told)).append("</title>\n");
    text(out, "text-anchor=\"end\"", LABELS, middle + 4, what);
    OptionalDouble bound = target.timesBound();
    if (bound.isPresent()) {
      vertical(out, "target", bound.getAsDouble(), middle - 8, middle + 8);
    }
    if (isMeasured) {
      out.append(
          String.format(
              Locale.ROOT,
              "<line class=\"spread\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                  + "<circle class=\"median\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>",
              x(target.times(row.lower())),
              x(target.times(row.upper())),
              middle,
              middle,
              x(target.times(row.ratio())),
              middle));
    } else {
      text(out, "text-anchor=\"middle\"", x(1), middle + 4, "skipped");
    }
    out.append("</g>\n");
  }

  private double x(double times) {
    double place = Math.log(times / least) / Math.log(greatest / least);
    double inside = Math.clamp(place, 0, 1); // nothing measured is 0 or infinite, but who knows
    return LABELS + MARGIN + inside * (WIDTH - LABELS - 2 * MARGIN);
  }

  private void vertical(StringBuilder out, String kind, double times, int from, int to) {
    out.append(
        String.format(
            Locale.ROOT,
            "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>%n",
            kind,
            x(times),
            x(times),
            from,
            to));
  }

  private static void text(StringBuilder out, String how, double x, int y, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text %s x=\"%.1f\" y=\"%d\">%s</text>%n",
            how,
            x,
            y,
            HtmlReport.escape(text)));
  }

  private static String number(double tick) {
    return tick >= 1_000
        ? "%.0f".formatted(tick)
        : "%.3g".formatted(tick).replaceAll("\\.?0+$", "");
  }

  /** Round numbers inside, and 1. */
  private List<Double> ticks() {
    return greatest / least < NARROW ? evenTicks() : decadeTicks();
  }

  private List<Double> evenTicks() {
    double step = STEPS.getLast();
    for (double each : STEPS.reversed()) {
      if ((greatest - least) / each <= MOST_TICKS) {
        step = each;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(least / step); i * step <= greatest; i++) {
      ticks.add(Math.round(i * step * 100) / 100.0);
    }
    return ticks;
  }

  private List<Double> decadeTicks() {
    List<Double> ticks = new ArrayList<>();
    int first = (int) Math.floor(Math.log10(least));
    int last = (int) Math.ceil(Math.log10(greatest));
    int[] parts = last - first > 2 ? new int[] {1} : new int[] {1, 2, 5};
    for (int exponent = first; exponent <= last; exponent++) {
      for (int part : parts) {
        double tick = exponent < 0 ? part / Math.pow(10, -exponent) : part * Math.pow(10, exponent);
        if (tick >= least && tick <= greatest) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
