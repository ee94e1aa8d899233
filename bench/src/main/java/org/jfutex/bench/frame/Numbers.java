package org.jfutex.bench.frame;

import java.util.Locale;

/** How measured numbers are written. */
public final class Numbers {
  private Numbers() {}

  /**
   * A number with as many digits as a measurement is worth.
   *
   * @param value the number, not negative
   * @return {@code 1.043}, {@code 21.3} or {@code 271}
   */
  public static String text(double value) {
    String format = value < 10 ? "%.3f" : value < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, value);
  }
}
