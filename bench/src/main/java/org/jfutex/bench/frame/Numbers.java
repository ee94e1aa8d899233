package org.jfutex.bench.frame;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** How measured numbers are written. */
public final class Numbers {
  /** Below, three decimals would show a digit or none. */
  private static final double SMALL = 0.01;

  private static final MathContext TWO_DIGITS = new MathContext(2);

  private Numbers() {}

  /**
   * A number with as many digits as a measurement is worth.
   *
   * @param value the number, not negative
   * @return {@code 0.0067}, {@code 1.043}, {@code 21.3} or {@code 271}
   */
  public static String text(double value) {
    if (value > 0 && value < SMALL) {
      return BigDecimal.valueOf(value).round(TWO_DIGITS).toPlainString();
    }
    String format = value < 10 ? "%.3f" : value < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, value);
  }
}
