package org.jfutex.bench.frame;

/**
 * How long a case is measured. All contenders take part in every round, one after the other.
 *
 * @param count how many rounds count
 * @param sliceNanos how long a contender measures in a round
 * @param warmUpNanos how long the rounds before take at least
 * @param patienceNanos when these end although the figures still move
 */
public record Rounds(int count, long sliceNanos, long warmUpNanos, long patienceNanos) {
  private static final long MILLISECOND = 1_000_000;

  /** So few still have quartiles. */
  private static final int LEAST = 5;

  /** For figures to publish. */
  public static final Rounds FULL =
      new Rounds(25, 40 * MILLISECOND, 1_500 * MILLISECOND, 5_000 * MILLISECOND);

  /** For a first look. */
  public static final Rounds QUICK =
      new Rounds(7, 10 * MILLISECOND, 200 * MILLISECOND, 1_000 * MILLISECOND);

  /** Checks the numbers. */
  public Rounds {
    if (count < LEAST || sliceNanos < 1 || warmUpNanos < 0 || patienceNanos < warmUpNanos) {
      throw new IllegalArgumentException(
          "%d rounds of %d ns after %d to %d ns; at least %d rounds of 1 ns are needed"
              .formatted(count, sliceNanos, warmUpNanos, patienceNanos, LEAST));
    }
  }

  /**
   * These rounds, or fewer and longer ones.
   *
   * @param slice how long a contender of the case measures
   * @return for LONG, the least number of rounds, each as long as all of these together
   */
  public Rounds of(Case.Slice slice) {
    return slice == Case.Slice.SHORT
        ? this
        : new Rounds(LEAST, count * sliceNanos, warmUpNanos, patienceNanos);
  }

  /** As in {@code 25 rounds of 40 ms}. */
  @Override
  public String toString() {
    return count + " rounds of " + sliceNanos / MILLISECOND + " ms";
  }
}
