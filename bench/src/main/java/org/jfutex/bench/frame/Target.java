package org.jfutex.bench.frame;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** What a comparison should give, and which way round its ratio is taken. */
public final class Target {
  private enum Kind {
    AT_MOST,
    AT_LEAST,
    TIMES_FASTER,
    NONE
  }

  private final Kind kind;
  private final double bound;

  private Target(Kind kind, double bound) {
    this.kind = kind;
    this.bound = bound;
  }

  /**
   * Ours, divided by the peer's, is at most this.
   *
   * @param ratio the bound
   * @return the target
   */
  public static Target atMost(double ratio) {
    return new Target(Kind.AT_MOST, ratio);
  }

  /**
   * Ours, divided by the peer's, is at least this: for figures of which more is better.
   *
   * @param ratio the bound
   * @return the target
   */
  public static Target atLeast(double ratio) {
    return new Target(Kind.AT_LEAST, ratio);
  }

  /**
   * The peer's, divided by ours, is at least this.
   *
   * @param times the bound
   * @return the target
   */
  public static Target timesFaster(double times) {
    return new Target(Kind.TIMES_FASTER, times);
  }

  /**
   * No target: ours, divided by the peer's, is only printed.
   *
   * @return the target that is always missing
   */
  public static Target none() {
    return new Target(Kind.NONE, 0);
  }

  /** The ratios of a series, each of the two figures of one round. */
  List<Double> ratios(List<Double> ours, List<Double> peer) {
    if (ours.size() != peer.size()) {
      throw new IllegalArgumentException(
          "%d rounds of ours and %d of the peer; as many are needed"
              .formatted(ours.size(), peer.size()));
    }
    boolean faster = kind == Kind.TIMES_FASTER;
    return IntStream.range(0, ours.size())
        .mapToObj(i -> faster ? peer.get(i) / ours.get(i) : ours.get(i) / peer.get(i))
        .toList();
  }

  /**
   * How many times better ours is than the peer, as a ratio of this target says.
   *
   * @param ratio the ratio
   * @return more is better
   */
  public double times(double ratio) {
    return switch (kind) {
      case AT_MOST, NONE -> 1 / ratio;
      case AT_LEAST, TIMES_FASTER -> ratio;
    };
  }

  /**
   * How many times better ours is to be.
   *
   * @return the least, or empty if there is no target
   */
  public OptionalDouble timesBound() {
    return kind == Kind.NONE ? OptionalDouble.empty() : OptionalDouble.of(times(bound));
  }

  Verdict verdict(double lower, double median, double upper) {
    return switch (kind) {
      case AT_MOST -> verdict(median <= bound, lower <= bound);
      case AT_LEAST, TIMES_FASTER -> verdict(median >= bound, upper >= bound);
      case NONE -> Verdict.PRINTED;
    };
  }

  private static Verdict verdict(boolean isMet, boolean isReached) {
    if (isMet) {
      return Verdict.HELD;
    }
    return isReached ? Verdict.NOISE : Verdict.MISSED;
  }

  /**
   * A ratio as it is written: {@code 1.043} of the peer's, or {@code 112x} faster.
   *
   * @param ratio the ratio
   * @return its text
   */
  public String text(double ratio) {
    return kind == Kind.TIMES_FASTER ? Numbers.text(ratio) + "x" : Numbers.text(ratio);
  }

  /** {@code <= 1.10}, {@code >= 0.30}, {@code >= 1.25x}, {@code >= 100x}, or nothing. */
  @Override
  public String toString() {
    return switch (kind) {
      case AT_MOST -> String.format(Locale.ROOT, "<= %.2f", bound);
      case AT_LEAST -> String.format(Locale.ROOT, ">= %.2f", bound);
      case TIMES_FASTER -> String.format(Locale.ROOT, bound < 2 ? ">= %.2fx" : ">= %.0fx", bound);
      case NONE -> "";
    };
  }
}
