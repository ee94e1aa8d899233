package org.jfutex.park;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ManualTicker;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Test;

class CoarseClockTest {
  private static final long START = 5_000;

  private final ManualTicker ticker = new ManualTicker(START);
  private final Deque<Runnable> later = new ArrayDeque<>();
  private final CoarseClock clock = new CoarseClock(ticker, later::add);
  private boolean isPoor;

  /** Reads as often as makes the readings many. */
  private void readOften(CoarseClock read) {
    for (int i = 0; i <= CoarseClock.MANY; i++) {
      assertThat(read.nanos()).isEqualTo(ticker.nanos(ClockId.MONOTONIC));
    }
  }

  private void tick() {
    ticker.advance(CoarseClock.TICK_NANOS);
    later.remove().run();
  }

  @Test
  void fewReadingsAreExact() {
    for (int i = 0; i < 3 * CoarseClock.MANY; i++) {
      ticker.advance(CoarseClock.TICK_NANOS / CoarseClock.MANY + 1);
      assertThat(clock.nanos()).isEqualTo(ticker.nanos(ClockId.MONOTONIC));
    }
    assertThat(later).isEmpty();
  }

  @Test
  void manyReadingsTellTheLastTick() {
    readOften(clock);
    ticker.advance(1);
    assertThat(clock.nanos()).isEqualTo(START);
    tick();
    ticker.advance(CoarseClock.TICK_NANOS - 1);
    assertThat(clock.nanos()).isEqualTo(START + 1 + CoarseClock.TICK_NANOS);
    assertThat(later).as("one task at a time").hasSize(1);
  }

  @Test
  void theTicksEndAndBeginAgainWhenReadingsAreManyAgain() {
    readOften(clock);
    for (int i = 0; i < CoarseClock.TICKS; i++) {
      assertThat(later).hasSize(1);
      tick();
    }
    assertThat(later).isEmpty();
    ticker.advance(1);
    assertThat(clock.nanos()).isEqualTo(ticker.nanos(ClockId.MONOTONIC));
    ticker.advance(CoarseClock.TICK_NANOS);
    readOften(clock);
    assertThat(later).as("spread over more than a tick").isEmpty();
    readOften(clock);
    assertThat(later).hasSize(1);
  }

  /** 0 stands for no tick, and may be a time of the clock. */
  @Test
  void aTickAtZeroIsATickAndNotLater() {
    ManualTicker zero = new ManualTicker(0);
    CoarseClock atZero = new CoarseClock(zero, later::add);
    for (int i = 0; i <= CoarseClock.MANY; i++) {
      assertThat(atZero.nanos()).isZero();
    }
    assertThat(later).hasSize(1);
    zero.advance(1);
    assertThat(atZero.nanos()).isEqualTo(-1);
  }

  @Test
  void withoutMemoryForTheTimerReadingsAreExactAndTheNextBurstTriesAgain() {
    CoarseClock poor =
        new CoarseClock(
            ticker,
            task -> {
              if (isPoor) {
                throw new OutOfMemoryError("for the test");
              }
              later.add(task);
            });
    isPoor = true;
    readOften(poor);
    ticker.advance(1);
    readOften(poor);
    isPoor = false;
    readOften(poor);
    assertThat(later).hasSize(1);
    isPoor = true; // when the next tick is to be scheduled
    tick();
    ticker.advance(1);
    readOften(poor);
  }

  @Test
  void theClockOfTheSystemTicksByItself() {
    Ticker system = Ticker.system();
    assertThat(CoarseClock.nanos(ticker)).isEqualTo(START);
    long first = CoarseClock.nanos(system);
    Crew.until(
        "it tells one time twice",
        () -> {
          for (int i = 0; i < CoarseClock.MANY; i++) {
            long _ = CoarseClock.nanos(system);
          }
          return CoarseClock.nanos(system) == CoarseClock.nanos(system);
        });
    Crew.until("it ticks", () -> CoarseClock.nanos(system) - first > 2 * CoarseClock.TICK_NANOS);
    assertThat(CoarseClock.nanos(system) - system.nanos(ClockId.MONOTONIC)).isNotPositive();
  }
}
