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
   * @param allocated bytes of objects made by each operation; NaN if that is not known
   */
  public record Series(List<Double> values, String skipped, String note, double allocated) {
    /** Copies the list. */
    public Series {
      values = List.copyOf(values);
    }

    /**
     * Figures of whose objects nothing is known.
     *
     * @param values one for each round; none if it was skipped
     * @param skipped why it was skipped, or an empty string
     * @param note what else the contender says of them, or an empty string
     */
    public Series(List<Double> values, String skipped, String note) {
      this(values, skipped, note, Double.NaN);
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
