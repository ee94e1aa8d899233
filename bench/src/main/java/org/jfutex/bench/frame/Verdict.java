package org.jfutex.bench.frame;

import java.util.Locale;

/** What a row says of its target. */
public enum Verdict {
  /** The median ratio meets the target. */
  HELD,
  /** The median ratio misses the target, and the middle half of the ratios reaches it. */
  NOISE,
  /** Even the middle half of the ratios misses the target. */
  MISSED,
  /** There is no target. */
  PRINTED,
  /** One of the two could not be measured. */
  SKIPPED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
