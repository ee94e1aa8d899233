package org.jfutex.time;

import java.time.Instant;

/** A source of the current time. {@link #system()} everywhere but in tests. */
@FunctionalInterface
public interface Ticker {
  /**
   * The current value of a clock.
   *
   * @param clock which clock
   * @return its value in nanoseconds
   */
  long nanos(ClockId clock);

  /**
   * The system's own clocks.
   *
   * @return a ticker that reads {@link System#nanoTime} and the wall clock
   */
  static Ticker system() {
    return SystemTicker.INSTANCE;
  }

  /** Reads the clocks of the machine. */
  enum SystemTicker implements Ticker {
    /** The only one. */
    INSTANCE;

    @Override
    public long nanos(ClockId clock) {
      return switch (clock) {
        case MONOTONIC -> System.nanoTime();
        case REALTIME -> epochNanos(Instant.now());
      };
    }
  }

  /**
   * Nanoseconds since the epoch, saturated to the range of a long (years 1677 to 2262).
   *
   * @param instant the point in time
   * @return its distance from 1970-01-01T00:00Z in nanoseconds
   */
  static long epochNanos(Instant instant) {
    long seconds = instant.getEpochSecond();
    if (seconds > 9_223_372_035L) {
      return Long.MAX_VALUE;
    }
    if (seconds < -9_223_372_035L) {
      return Long.MIN_VALUE;
    }
    return seconds * 1_000_000_000L + instant.getNano();
  }
}
