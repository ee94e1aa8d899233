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
  private static final double SECOND = 1e9;

  /** Of a JVM. */
  private static final double START_SECONDS = 0.5;

  /** So few still have quartiles. */
  private static final int LEAST = 5;

  /** For figures to publish. */
  public static final Rounds FULL =
      new Rounds(25, 40 * MILLISECOND, 1_500 * MILLISECOND, 5_000 * MILLISECOND);

  /** For a first look. */
  public static final Rounds QUICK =
      new Rounds(LEAST, 5 * MILLISECOND, 100 * MILLISECOND, 350 * MILLISECOND);

  /** An event that lasts as long as so many slices would be most of a run. */
  private static final int MOST_SLICES = 200;

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
   * @return for LONG, the least number of rounds, each as long as all of these together; for EVENT,
   *     the least number of rounds, all together as long as these
   */
  public Rounds of(Case.Slice slice) {
    return switch (slice) {
      case SHORT -> this;
      case LONG -> new Rounds(LEAST, count * sliceNanos, warmUpNanos, patienceNanos);
      case EVENT -> new Rounds(LEAST, count * sliceNanos / LEAST, warmUpNanos, patienceNanos);
    };
  }

  /**
   * Whether the events of a case are short enough.
   *
   * @param measured the case
   * @return false if it is not to be measured
   */
  public boolean take(Case measured) {
    return measured.terms().eventSeconds() * SECOND <= (double) MOST_SLICES * sliceNanos;
  }

  /**
   * How long a case takes, about: the start of its JVM, the warm-up, and the rounds.
   *
   * @param measured the case
   * @return the seconds
   */
  public double seconds(Case measured) {
    Case.Terms terms = measured.terms();
    if (!take(measured)) {
      return 0;
    }
    Rounds counted = of(terms.slice());
    double slice = Math.max(counted.sliceNanos / SECOND, terms.eventSeconds());
    double rounds = counted.count * slice * (measured.peers().size() + 1);
    double warmUp =
        terms.slice() == Case.Slice.EVENT
            ? Math.max(warmUpNanos / SECOND, terms.eventSeconds()) * (measured.peers().size() + 1)
            : (warmUpNanos + patienceNanos) / (2 * SECOND);
    return START_SECONDS + warmUp + rounds;
  }

  /** As in {@code 25 rounds of 40 ms}. */
  @Override
  public String toString() {
    return count + " rounds of " + sliceNanos / MILLISECOND + " ms";
  }
}
