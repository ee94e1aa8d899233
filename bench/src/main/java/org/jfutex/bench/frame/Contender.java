package org.jfutex.bench.frame;

/** One side of a comparison. */
@FunctionalInterface
public interface Contender {
  /**
   * Measures once.
   *
   * @param sliceNanos how long that should take, about, in nanoseconds
   * @return the figure, in the unit of the case
   * @throws IllegalStateException if an operation did not give the result it must give
   */
  double measure(long sliceNanos);

  /**
   * What else is to be known of the measurements since the last call.
   *
   * @return a few words, or an empty string
   */
  default String note() {
    return "";
  }

  /**
   * How many bytes of objects an operation has made since the last call, on average.
   *
   * @return the bytes, or NaN where that is not known
   */
  default double allocated() {
    return Double.NaN;
  }
}
