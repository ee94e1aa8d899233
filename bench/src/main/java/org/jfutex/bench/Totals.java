package org.jfutex.bench;

import org.jfutex.bench.frame.Verdict;

/**
 * How many rows ended how.
 *
 * @param held targets that were met
 * @param noise targets that were missed by less than the spread
 * @param missed targets that were missed
 * @param skipped rows that could not be measured
 */
public record Totals(int held, int noise, int missed, int skipped) {
  /** No rows. */
  static final Totals NONE = new Totals(0, 0, 0, 0);

  Totals with(Verdict verdict) {
    return switch (verdict) {
      case HELD -> new Totals(held + 1, noise, missed, skipped);
      case NOISE -> new Totals(held, noise + 1, missed, skipped);
      case MISSED -> new Totals(held, noise, missed + 1, skipped);
      case SKIPPED -> new Totals(held, noise, missed, skipped + 1);
      case PRINTED -> this;
    };
  }

  /** The last line of a run. */
  @Override
  public String toString() {
    return "%d held, %d noise, %d missed".formatted(held, noise, missed);
  }
}
