package org.jfutex.bench;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** A logarithmic axis from left to right, with 1 somewhere on it. */
final class Axis {
  static final int WIDTH = 360;

  /** So that what is at an end, and its label, is not cut. */
  private static final int MARGIN = 18;

  /** Beyond the least and the greatest of what is shown. */
  private static final double AIR = 1.03;

  /** A scale over less than that has even steps, one over more goes 1, 2, 5, 10. */
  private static final double NARROW = 4;

  /** A scale over more than that goes 1, 10, 100. */
  private static final double FEW_DECADES = 100;

  private static final int MOST_TICKS = 6;
  private static final List<Double> STEPS = List.of(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);

  private final double least;
  private final double greatest;

  /**
   * An axis.
   *
   * @param shown what is to be on it; what no logarithm can show is left out
   */
  Axis(DoubleStream shown) {
    double[] places =
        DoubleStream.concat(DoubleStream.of(1), shown)
            .filter(each -> each > 0 && Double.isFinite(each))
            .toArray();
    this.least = DoubleStream.of(places).min().orElseThrow() / AIR;
    this.greatest = DoubleStream.of(places).max().orElseThrow() * AIR;
  }

  /** Where a value is: also outside of the picture, but not out of sight of a line to it. */
  double x(double value) {
    double place = Math.log(value / least) / Math.log(greatest / least);
    return MARGIN + Math.clamp(place, -1, 2) * (WIDTH - 2 * MARGIN);
  }

  /** The value itself, or the end of the axis that it is beyond. */
  double nearest(double value) {
    return Math.clamp(value, least, greatest);
  }

  /** Whether a value is on the axis or no further from it than the axis is long. */
  boolean isNear(double value) {
    double length = greatest / least;
    return value >= least / length && value <= greatest * length;
  }

  /** A tick without zeros that say nothing. */
  static String text(double tick) {
    return BigDecimal.valueOf(tick).stripTrailingZeros().toPlainString();
  }

  /** Round numbers inside, and 1. */
  List<Double> ticks() {
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
    int[] parts = greatest / least > FEW_DECADES ? new int[] {1} : new int[] {1, 2, 5};
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
