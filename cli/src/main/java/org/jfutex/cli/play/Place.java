package org.jfutex.cli.play;

import org.jspecify.annotations.Nullable;

/**
 * An address in a scenario.
 *
 * @param base a word's or a region's name; null for the address {@code offset} itself, which is 0
 *     for {@code null}
 * @param offset bytes behind it
 */
public record Place(@Nullable String base, long offset) {
  /** The address that nothing is ever mapped at, other than null. */
  public static final String UNMAPPED = "unmapped";

  @Override
  public String toString() {
    if (base == null) {
      return offset == 0 ? "null" : "0x" + Long.toHexString(offset);
    }
    return offset == 0 ? base : base + (offset > 0 ? "+" : "") + offset;
  }
}
