package org.jfutex.bench.frame;

import java.util.List;

/** Figures of a series of measurements. */
public final class Statistics {
  private Statistics() {}

  /**
   * The value in the middle.
   *
   * @param values at least one, in any order
   * @return the median
   */
  public static double median(List<Double> values) {
    return quantile(values, 0.5);
  }

  /**
   * A quantile, between the two nearest values in proportion (type 7 of Hyndman and Fan).
   *
   * @param values at least one, in any order
   * @param part 0 for the least, 1 for the greatest
   * @return the quantile
   */
  static double quantile(List<Double> values, double part) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no values; at least one is needed");
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double place = part * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
