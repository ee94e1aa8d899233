package org.jfutex.time;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * An absolute point in time on one of two clocks, made once where a wait begins and carried
 * unchanged through every retry, requeue and restart: no remainder is ever computed twice.
 *
 * <p>Resolution is one nanosecond. Values that do not fit saturate to {@link #NEVER}. A deadline in
 * the past is legal: the wait then checks its word and reports {@code TIMED_OUT} without sleeping.
 * A value object: immutable, compared by content.
 *
 * @param clock the clock the deadline is on
 * @param nanos the value of that clock at which it is reached; {@link Long#MAX_VALUE} means never
 */
public record Deadline(ClockId clock, long nanos) {
  /** A deadline that is never reached. */
  public static final Deadline NEVER = new Deadline(ClockId.MONOTONIC, Long.MAX_VALUE);

  /**
   * A deadline some time from now on the monotonic clock.
   *
   * @param amount how long from now; zero or less is already reached
   * @param unit the unit of {@code amount}
   * @return the deadline
   */
  public static Deadline after(long amount, TimeUnit unit) {
    return afterNanos(unit.toNanos(amount), Ticker.system());
  }

  /**
   * A deadline some time from now on the monotonic clock.
   *
   * @param duration how long from now; zero or less is already reached
   * @return the deadline
   */
  public static Deadline after(Duration duration) {
    return afterNanos(TimeUnit.NANOSECONDS.convert(duration), Ticker.system());
  }

  /**
   * A deadline some time from now on the monotonic clock of a given time source.
   *
   * @param nanos how long from now, in nanoseconds; zero or less is already reached
   * @param ticker tells what now is
   * @return the deadline
   */
  public static Deadline afterNanos(long nanos, Ticker ticker) {
    if (nanos == Long.MAX_VALUE) {
      return NEVER;
    }
    return new Deadline(
        ClockId.MONOTONIC, saturatedAdd(ticker.nanos(ClockId.MONOTONIC), Math.max(nanos, 0)));
  }

  /**
   * A deadline on the wall clock, which follows every step of that clock.
   *
   * @param instant when
   * @return the deadline
   */
  public static Deadline at(Instant instant) {
    return new Deadline(ClockId.REALTIME, Ticker.epochNanos(instant));
  }

  /**
   * Whether this deadline can never be reached.
   *
   * @return true for {@link #NEVER} and everything that saturated to it
   */
  public boolean isNever() {
    return nanos == Long.MAX_VALUE;
  }

  /**
   * How long until this deadline is reached.
   *
   * @param ticker tells what now is
   * @return nanoseconds, zero or less if it has been reached; {@link Long#MAX_VALUE} for never
   */
  public long remainingNanos(Ticker ticker) {
    if (isNever()) {
      return Long.MAX_VALUE;
    }
    long now = ticker.nanos(clock);
    long left = nanos - now;
    // the difference overflows only when the signs differ and the result took the sign of now
    if (((nanos ^ now) & (nanos ^ left)) < 0) {
      return nanos < now ? Long.MIN_VALUE : Long.MAX_VALUE - 1;
    }
    return left;
  }

  /**
   * Whether this deadline has been reached.
   *
   * @param ticker tells what now is
   * @return true once the clock shows its value or a later one
   */
  public boolean isReached(Ticker ticker) {
    return !isNever() && remainingNanos(ticker) <= 0;
  }

  private static long saturatedAdd(long a, long b) {
    long sum = a + b;
    return ((a ^ sum) & (b ^ sum)) < 0 ? Long.MAX_VALUE : sum;
  }
}
