package org.jfutex.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jfutex.testing.ManualTicker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Deadline arithmetic with clocks that move by hand: double subtraction and overflow elsewhere. */
class DeadlineTest {
  private static final long NEAR_MAX = Long.MAX_VALUE - 5;

  @Test
  void isReachedWhenTheClockShowsItAndNotBefore() {
    ManualTicker ticker = new ManualTicker(1_000);
    Deadline deadline = Deadline.afterNanos(50, ticker);
    assertThat(deadline).isEqualTo(new Deadline(ClockId.MONOTONIC, 1_050));
    assertThat(deadline.remainingNanos(ticker)).isEqualTo(50);
    ticker.advance(49);
    assertThat(deadline.isReached(ticker)).isFalse();
    assertThat(deadline.remainingNanos(ticker)).isEqualTo(1);
    ticker.advance(1);
    assertThat(deadline.isReached(ticker)).isTrue();
    ticker.advance(10);
    assertThat(deadline.remainingNanos(ticker)).isEqualTo(-10);
  }

  /** junixsocket: what is left is told from the clock each time, never from what was left. */
  @Test
  void askingOftenDoesNotShortenIt() {
    ManualTicker ticker = new ManualTicker(0);
    Deadline deadline = Deadline.afterNanos(1_000, ticker);
    for (int i = 0; i < 10; i++) {
      ticker.advance(10);
      assertThat(deadline.remainingNanos(ticker)).isEqualTo(1_000 - 10L * (i + 1));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void zeroOrLessFromNowIsReachedNow(long nanos) {
    ManualTicker ticker = new ManualTicker(77);
    assertThat(Deadline.afterNanos(nanos, ticker)).isEqualTo(new Deadline(ClockId.MONOTONIC, 77));
    assertThat(Deadline.after(nanos, TimeUnit.DAYS).isReached(Ticker.system())).isTrue();
    assertThat(Deadline.after(Duration.ofNanos(nanos)).isReached(Ticker.system())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, NEAR_MAX})
  void whatDoesNotFitIsNever(long nanos) {
    ManualTicker ticker = new ManualTicker(10);
    assertThat(Deadline.afterNanos(nanos, ticker).isNever()).isTrue();
    assertThat(Deadline.after(nanos, TimeUnit.DAYS).isNever()).isTrue();
    assertThat(Deadline.after(Duration.ofSeconds(Long.MAX_VALUE)).isNever()).isTrue();
    assertThat(Deadline.at(Instant.MAX).isNever()).isTrue();
    assertThat(Deadline.NEVER.isReached(new ManualTicker(Long.MAX_VALUE))).isFalse();
    assertThat(Deadline.NEVER.remainingNanos(ticker)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void maxFromANegativeClockIsNeverAndNotAMomentInIt() {
    ManualTicker ticker = new ManualTicker(-1_000_000);
    assertThat(Deadline.afterNanos(Long.MAX_VALUE, ticker)).isEqualTo(Deadline.NEVER);
    Deadline far = Deadline.afterNanos(NEAR_MAX, ticker);
    assertThat(far.nanos()).isEqualTo(NEAR_MAX - 1_000_000);
    assertThat(far.remainingNanos(ticker)).isEqualTo(NEAR_MAX);
  }

  @ParameterizedTest
  @EnumSource
  void theDifferenceOfFarValuesDoesNotOverflow(ClockId clock) {
    ManualTicker early = new ManualTicker(Long.MIN_VALUE + 1);
    ManualTicker late = new ManualTicker(Long.MAX_VALUE - 1);
    assertThat(new Deadline(clock, NEAR_MAX).isReached(early)).isFalse();
    assertThat(new Deadline(clock, NEAR_MAX).remainingNanos(early)).isEqualTo(Long.MAX_VALUE - 1);
    assertThat(new Deadline(clock, Long.MIN_VALUE).isReached(late)).isTrue();
    assertThat(new Deadline(clock, Long.MIN_VALUE).remainingNanos(late)).isNegative();
    assertThat(new Deadline(clock, Long.MIN_VALUE).isReached(early)).isTrue();
  }

  @Test
  void aRealTimeDeadlineFollowsStepsOfItsClock() {
    ManualTicker ticker = new ManualTicker(0);
    Instant noon = Instant.parse("2026-11-22T12:00:00Z");
    Deadline deadline = Deadline.at(noon);
    long nanos = TimeUnit.SECONDS.toNanos(noon.getEpochSecond());
    assertThat(deadline).isEqualTo(new Deadline(ClockId.REALTIME, nanos));
    ticker.set(ClockId.REALTIME, nanos - 1);
    assertThat(deadline.isReached(ticker)).isFalse();
    ticker.set(ClockId.REALTIME, nanos + 1);
    assertThat(deadline.isReached(ticker)).isTrue();
    ticker.set(ClockId.REALTIME, nanos - 9);
    assertThat(deadline.remainingNanos(ticker)).isEqualTo(9);
  }

  @Test
  void instantsBecomeNanosecondsSinceTheEpoch() {
    assertThat(Ticker.epochNanos(Instant.EPOCH)).isZero();
    assertThat(Ticker.epochNanos(Instant.ofEpochSecond(-1, 5))).isEqualTo(-999_999_995L);
    assertThat(Ticker.epochNanos(Instant.ofEpochSecond(9_223_372_035L, 999_999_999)))
        .isEqualTo(9_223_372_035_999_999_999L);
    assertThat(Ticker.epochNanos(Instant.MIN)).isEqualTo(Long.MIN_VALUE);
    assertThat(Ticker.epochNanos(Instant.MAX)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theClocksHaveTheirLinuxNumbers() {
    assertThat(ClockId.REALTIME.linuxId()).isZero();
    assertThat(ClockId.MONOTONIC.linuxId()).isEqualTo(1);
  }
}
