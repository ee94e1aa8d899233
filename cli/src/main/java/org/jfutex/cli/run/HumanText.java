package org.jfutex.cli.run;

import java.util.Locale;

/** Numbers and names as a person reads them in a terminal. */
final class HumanText {
  private static final String[] UNITS = {"ns", "us", "ms", "s"};
  private static final int STEP = 1_000;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int SECONDS_PER_MINUTE = 60;
  private static final int MINUTES_PER_HOUR = 60;

  private HumanText() {}

  /**
   * A duration in three significant digits: {@code 850 ns}, {@code 1.20 ms}, {@code 12.0 s}, {@code
   * 3 min 20 s}.
   *
   * @param nanos nanoseconds; a negative duration counts as none
   * @return the text
   */
  static String duration(long nanos) {
    long positive = Math.max(0, nanos);
    if (positive < STEP) {
      return positive + " ns";
    }
    if (positive >= 100 * SECOND_NANOS) {
      return minutes(positive / SECOND_NANOS);
    }
    double value = positive;
    int unit = 0;
    // 999.5 would be printed as 1000, so it belongs to the next unit
    while (value >= STEP - 0.5 && unit < UNITS.length - 1) {
      value /= STEP;
      unit++;
    }
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f %s", value, UNITS[unit]);
  }

  private static String minutes(long seconds) {
    long minutes = seconds / SECONDS_PER_MINUTE;
    return minutes < MINUTES_PER_HOUR
        ? minutes + " min " + seconds % SECONDS_PER_MINUTE + " s"
        : minutes / MINUTES_PER_HOUR + " h " + minutes % MINUTES_PER_HOUR + " min";
  }

  /**
   * A count with its thousands set off.
   *
   * @param count the count
   * @return the text
   */
  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /**
   * A count with its noun.
   *
   * @param count the count
   * @param noun the noun for one
   * @param plural the noun for any other number
   * @return the text, such as {@code 1 thread}
   */
  static String count(long count, String noun, String plural) {
    return count(count) + " " + (count == 1 ? noun : plural);
  }

  /**
   * Text of the supervised program made harmless: a process may call itself anything (prctl
   * PR_SET_NAME), escape sequences of the terminal included.
   *
   * @param text the text
   * @return the same with every control character replaced
   */
  static String printable(String text) {
    return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
  }
}
