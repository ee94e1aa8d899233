package org.jfutex.bench;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.jfutex.bench.frame.Row;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Verdict;

/**
 * A column of a table, in which each line has its picture on the same axis, whose numbers are at
 * the head. Verdicts differ in shape, not only in colour.
 */
final class Plot {
  private static final int HEIGHT = 26;
  private static final int MIDDLE = HEIGHT / 2;

  private final Axis axis;
  private final DoubleFunction<String> label;

  private Plot(Axis axis, DoubleFunction<String> label) {
    this.axis = axis;
    this.label = label;
  }

  /**
   * How many times better ours is than the peer. Rows with a target make the axis, if there are
   * any: one that is only printed may be so far off that their targets could not be told apart.
   */
  static Plot ofTimes(List<Row> rows) {
    List<Row> judged = rows.stream().filter(Plot::hasTarget).toList();
    List<Row> makers = judged.isEmpty() ? rows : judged;
    Axis axis = new Axis(makers.stream().flatMapToDouble(Plot::times));
    DoubleStream shown = rows.stream().flatMapToDouble(Plot::times).filter(axis::isNear);
    return new Plot(new Axis(shown), each -> Axis.text(each) + "x");
  }

  /** How much of the targets is reached. */
  static Plot ofTargets(List<Row> rows) {
    return new Plot(
        new Axis(rows.stream().filter(Plot::isJudged).mapToDouble(Plot::reached)),
        each -> Axis.text(each * 100) + " %");
  }

  private static boolean hasTarget(Row row) {
    return row.peer().target().timesBound().isPresent();
  }

  private static boolean isMeasured(Row row) {
    return row.verdict() != Verdict.SKIPPED;
  }

  /** Whether there is something to say of a target. */
  static boolean isJudged(Row row) {
    return isMeasured(row) && hasTarget(row);
  }

  /** How much of its target a row reaches. */
  static double reached(Row row) {
    Target target = row.peer().target();
    return target.times(row.ratio()) / target.timesBound().orElseThrow();
  }

  private static DoubleStream times(Row row) {
    Target target = row.peer().target();
    DoubleStream measured =
        isMeasured(row)
            ? DoubleStream.of(row.lower(), row.ratio(), row.upper()).map(target::times)
            : DoubleStream.empty();
    return DoubleStream.concat(measured, target.timesBound().stream());
  }

  /** The numbers of the axis. */
  String head() {
    String numbers =
        axis.ticks().stream()
            .map(each -> format("<text x=\"%.1f\" y=\"18\">%s</text>", axis.x(each), tick(each)))
            .collect(Collectors.joining());
    return svg("aria-hidden=\"true\"", numbers);
  }

  private String tick(double value) {
    return HtmlReport.escape(label.apply(value));
  }

  /** The lines of the axis alone. */
  String empty() {
    return svg("aria-hidden=\"true\"", grid());
  }

  /** The median, the spread and the target of a row. */
  String row(Row row) {
    Target target = row.peer().target();
    StringBuilder out = new StringBuilder(grid());
    target.timesBound().ifPresent(bound -> out.append(stroke("target", axis.x(bound), 3)));
    if (isMeasured(row)) {
      double times = target.times(row.ratio());
      out.append(
          format(
              "<path class=\"spread\" d=\"M%.1f %dH%.1f\"/>",
              axis.x(target.times(row.lower())), MIDDLE, axis.x(target.times(row.upper()))));
      double shown = axis.nearest(times);
      out.append(
          shown == times
              ? mark(row.verdict(), axis.x(times))
              : beyond(axis.x(shown), times > shown ? 1 : -1));
    }
    return svg(named(row.verdict() + ", " + told(row)), out.toString());
  }

  private static String told(Row row) {
    Target target = row.peer().target();
    String bound = hasTarget(row) ? ", target " + target : "";
    return isMeasured(row)
        ? "ratio %s (%s)%s".formatted(target.text(row.ratio()), HtmlReport.spread(row), bound)
        : row.note();
  }

  /** Where the rows of an area are beside their targets. */
  String targets(String area, List<Row> rows) {
    List<Row> judged =
        rows.stream().filter(Plot::isJudged).sorted(Comparator.comparing(Row::verdict)).toList();
    String marks =
        judged.stream()
            .map(
                row ->
                    "<g><title>%s : %s, %s</title>%s</g>"
                        .formatted(
                            HtmlReport.escape(row.measured().name()),
                            HtmlReport.escape(row.peer().name()),
                            HtmlReport.escape(told(row)),
                            mark(row.verdict(), axis.x(reached(row)))))
            .collect(Collectors.joining());
    String name = area + ": " + judged.size() + " targets, and how much of each is reached";
    return svg(named(name), grid() + marks);
  }

  /** The shape of a verdict alone. */
  static String mark(Verdict verdict) {
    return "<svg class=\"mark\" width=\"16\" height=\"%d\" aria-hidden=\"true\">%s</svg>"
        .formatted(HEIGHT, mark(verdict, 8));
  }

  private static String mark(Verdict verdict, double x) {
    String shape =
        switch (verdict) {
          case HELD -> "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z";
          case NOISE -> "M-6 0L0 -6L6 0L0 6z";
          case MISSED -> "M-4.5 -4.5L4.5 4.5M4.5 -4.5L-4.5 4.5";
          case PRINTED -> "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";
          case SKIPPED -> "M-4 0H4";
        };
    return format(
        "<path class=\"at %s\" transform=\"translate(%.1f %d)\" d=\"%s\"/>",
        verdict, x, MIDDLE, shape);
  }

  /** An arrow to where the median is. */
  private static String beyond(double x, int side) {
    return format(
        "<path class=\"beyond\" transform=\"translate(%.1f %d) scale(%d 1)\" d=\"M-3 -5L6 0L-3"
            + " 5z\"/>",
        x, MIDDLE, side);
  }

  private String grid() {
    return axis.ticks().stream()
        .map(each -> stroke(each == 1 ? "even" : "axis", axis.x(each), -HEIGHT * 4))
        .collect(Collectors.joining());
  }

  /** Longer than the picture where it begins above: a line of the table may be higher than one. */
  private static String stroke(String kind, double x, int from) {
    return format("<path class=\"%s\" d=\"M%.1f %dV%d\"/>", kind, x, from, HEIGHT - from);
  }

  private static String named(String text) {
    return "role=\"img\" aria-label=\"" + HtmlReport.escape(text) + "\"";
  }

  private static String svg(String how, String inside) {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" %s>%s</svg>"
        .formatted(Axis.WIDTH, HEIGHT, how, inside);
  }

  @FormatMethod
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
