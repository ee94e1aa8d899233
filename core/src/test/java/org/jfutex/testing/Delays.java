package org.jfutex.testing;

import java.time.Duration;

/**
 * The only lengths of time tests know. {@code -Djfutex.test.scale=3} stretches them on a slow
 * machine. None of them puts events in order.
 */
public final class Delays {
  private static final double SCALE =
      Double.parseDouble(System.getProperty("jfutex.test.scale", "1"));

  /** Long enough to be seen to pass. */
  public static final Duration SHORT = scaled(20);

  /** A deadline that is reached within a test, after the waiter has surely been queued. */
  public static final Duration MEDIUM = scaled(150);

  /** How long a round of a soak in the everyday build takes. */
  public static final Duration SOAK = scaled(3_000);

  /** What never happens by then never happens: the test is wedged. */
  public static final Duration GIVE_UP = scaled(30_000);

  /** The same for a thread of a test tagged "long". */
  public static final Duration GIVE_UP_LONG = scaled(900_000);

  private Delays() {}

  private static Duration scaled(long millis) {
    return Duration.ofMillis((long) (millis * SCALE));
  }
}
