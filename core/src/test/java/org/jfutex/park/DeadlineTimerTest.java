package org.jfutex.park;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ManualTicker;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DeadlineTimerTest {
  private static final int RACE_ROUNDS = 2_000;

  @ParameterizedTest
  @EnumSource
  void runsOnceAtTheDeadlineAndNotBefore(ClockId clock) {
    Ticker ticker = Ticker.system();
    Deadline deadline = new Deadline(clock, ticker.nanos(clock) + Delays.SHORT.toNanos());
    AtomicBoolean early = new AtomicBoolean();
    AtomicInteger runs = new AtomicInteger();
    DeadlineTimer.start(
        deadline,
        ticker,
        () -> {
          early.set(!deadline.isReached(ticker));
          runs.incrementAndGet();
        });
    Crew.until("the timer runs", () -> runs.get() > 0);
    assertThat(early).isFalse();
    runAnother();
    assertThat(runs).hasValue(1);
  }

  @Test
  void aClockThatLagsBehindIsAskedAgain() {
    ManualTicker ticker = new ManualTicker(0);
    AtomicInteger asked = new AtomicInteger();
    Ticker counting =
        clock -> {
          asked.incrementAndGet();
          return ticker.nanos(clock);
        };
    AtomicBoolean ran = new AtomicBoolean();
    DeadlineTimer.start(new Deadline(ClockId.MONOTONIC, 1_000_000), counting, () -> ran.set(true));
    Crew.until("it looks again", () -> asked.get() > 5);
    assertThat(ran).isFalse();
    ticker.advance(1_000_000);
    Crew.until("it runs", ran::get);
  }

  /** A step of the wall clock brings a far deadline near. */
  @Test
  void aStepOfTheRealTimeClockIsNoticed() {
    ManualTicker ticker = new ManualTicker(0);
    AtomicBoolean ran = new AtomicBoolean();
    long hour = TimeUnit.HOURS.toNanos(1);
    DeadlineTimer.start(new Deadline(ClockId.REALTIME, hour), ticker, () -> ran.set(true));
    runAnother();
    assertThat(ran).isFalse();
    ticker.set(ClockId.REALTIME, hour);
    Crew.until("the step is noticed", ran::get);
  }

  @Test
  void aCancelledTimerDoesNotRun() {
    AtomicBoolean ran = new AtomicBoolean();
    DeadlineTimer timer =
        DeadlineTimer.start(Deadline.after(Delays.SHORT), Ticker.system(), () -> ran.set(true));
    timer.cancel();
    timer.cancel();
    runAnother();
    assertThat(ran).isFalse();
  }

  @Test
  void aCancelWhileItLooksAgainSticks() {
    for (int round = 0; round < RACE_ROUNDS; round++) {
      ManualTicker ticker = new ManualTicker(0);
      AtomicBoolean cancelled = new AtomicBoolean();
      AtomicBoolean ranAfterwards = new AtomicBoolean();
      DeadlineTimer timer =
          DeadlineTimer.start(
              new Deadline(ClockId.MONOTONIC, 1), ticker, () -> ranAfterwards.set(cancelled.get()));
      timer.cancel();
      cancelled.set(true);
      ticker.advance(1);
      assertThat(ranAfterwards).isFalse();
    }
    runAnother();
  }

  /** The timer's one thread has gone past everything that was due before. */
  private static void runAnother() {
    CountDownLatch ran = new CountDownLatch(1);
    DeadlineTimer.start(
        Deadline.after(Delays.SHORT.multipliedBy(2)), Ticker.system(), ran::countDown);
    Crew.until("the next timer runs", () -> ran.getCount() == 0);
  }
}
