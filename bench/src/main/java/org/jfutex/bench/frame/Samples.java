package org.jfutex.bench.frame;

import java.util.List;

/**
 * What a case has measured.
 *
 * @param isSettled whether the figures stood still before the rounds that count
 * @param contenders ours, then the peers in order
 */
public record Samples(boolean isSettled, List<Series> contenders) {
  /**
   * The figures of one contender.
   *
   * @param values one for each round; none if it was skipped
   * @param skipped why it was skipped, or an empty string
   * @param note what else the contender says of them, or an empty string
   */
  public record Series(List<Double> values, String skipped, String note) {
    /** Copies the list. */
    public Series {
      values = List.copyOf(values);
    }

    /**
     * Figures without a note.
     *
     * @param values one for each round; none if it was skipped
     * @param skipped why it was skipped, or an empty string
     */
    public Series(List<Double> values, String skipped) {
      this(values, skipped, "");
    }
  }

  /** Copies the list. */
  public Samples {
    contenders = List.copyOf(contenders);
  }
}
