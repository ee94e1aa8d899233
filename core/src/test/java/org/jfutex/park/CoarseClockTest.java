package org.jfutex.park;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ManualTicker;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoarseClockTest {
  private static final long START = 5_000;

  private final ManualTicker ticker = new ManualTicker(START);
  private final Deque<Runnable> later = new ArrayDeque<>();
  private final CoarseClock clock = new CoarseClock(ticker, later::add);

  /** Reads as often as makes the readings many. */
  private void readOften(CoarseClock read) {
    readOften(read, CoarseClock.MANY + 1);
  }

  private void readOften(CoarseClock read, int times) {
    for (int i = 0; i < times; i++) {
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

  @ParameterizedTest
  @ValueSource(classes = {OutOfMemoryError.class, NoClassDefFoundError.class})
  void withoutMemoryForTheTimerReadingsAreExact(Class<? extends Error> kind) throws Exception {
    Error error = kind.getConstructor(String.class).newInstance("for the test");
    int[] tries = new int[1];
    CoarseClock poor =
        new CoarseClock(
            ticker,
            task -> {
              later.add(task); // as an executor does before it starts a thread
              tries[0]++;
              if (tries[0] != 2) {
                throw error;
              }
            });
    for (int i = 0; i < CoarseClock.PASS; i += CoarseClock.MANY) {
      readOften(poor);
      ticker.advance(1);
    }
    assertThat(tries[0]).as("tries, of so many readings").isEqualTo(1);
    later.clear();
    readOften(poor);
    readOften(poor);
    assertThat(tries[0]).isEqualTo(2);
    ticker.advance(1);
    assertThat(poor.nanos()).as("it ticks").isNotEqualTo(ticker.nanos(ClockId.MONOTONIC));
    tick();
    assertThat(tries[0]).isEqualTo(3);
    readOften(poor);
    ticker.advance(1);
    readOften(poor);
  }

  @Test
  void whateverElseGoesWrongItDoesNotStandStill() {
    CoarseClock broken =
        new CoarseClock(
            ticker,
            _ -> {
              throw new StackOverflowError("for the test");
            });
    for (int i = 0; i < CoarseClock.MANY; i++) {
      assertThat(broken.nanos()).isEqualTo(START);
    }
    assertThatThrownBy(broken::nanos).isInstanceOf(StackOverflowError.class);
    ticker.advance(1);
    readOften(broken, CoarseClock.MANY);
  }

  @Test
  void ofThreadsThatReadAtOnceOneStartsTheTicks() {
    ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    for (int round = 0; round < 200; round++) {
      CoarseClock shared = new CoarseClock(Ticker.system(), tasks::add);
      tasks.clear();
      try (Crew crew = new Crew()) {
        for (int i = 0; i < 4; i++) {
          crew.start(
              () -> {
                for (int j = 0; j < 2 * CoarseClock.MANY; j++) {
                  long _ = shared.nanos();
                }
                return null;
              });
        }
        crew.joinAll();
      }
      assertThat(tasks).hasSizeLessThanOrEqualTo(1);
    }
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
