package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ManualTicker;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The timer, by itself and beside timerfd. */
class TimerSourceTest {
  static final java.util.List<Arguments> ALL = PipeBlockingTest.ALL;

  private static final long MILLI = 1_000_000;
  private static final Duration LONG = Duration.ofHours(1);

  private final Crew crew = new Crew();
  private final ManualTicker clock = new ManualTicker(1_000 * MILLI);

  @org.junit.jupiter.api.AfterEach
  void end() {
    crew.close();
  }

  private static int mask(TimerSource timer) {
    return timer.poll(Events.IN | Events.OUT, null);
  }

  private static void untilReady(TimerSource timer) {
    Crew.until("ready", () -> mask(timer) == Events.IN);
  }

  /** Its time has come already: the timer's thread does not look at a clock that is set by hand. */
  private Deadline passed(long millis) {
    return new Deadline(ClockId.MONOTONIC, clock.nanos(ClockId.MONOTONIC) - millis * MILLI);
  }

  @ParameterizedTest
  @EnumSource
  void isNotArmedAtFirst(Discipline discipline) {
    try (TimerSource timer = new TimerSource(discipline)) {
      assertThat(timer.remainingNanos()).isZero();
      assertThat(mask(timer)).isZero();
      assertThat(timer.tryTake()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void comesOnce(Discipline discipline) {
    try (TimerSource timer = new TimerSource(discipline)) {
      timer.arm(Deadline.after(Duration.ofMillis(1)));
      untilReady(timer);
      assertThat(timer.remainingNanos()).isZero();
      assertThat(timer.tryTake()).isEqualTo(1);
      assertThat(mask(timer)).isZero();
      assertThat(timer.tryTake()).isZero();
      timer.arm(Deadline.at(Instant.EPOCH));
      untilReady(timer);
      assertThat(timer.tryTake()).as("on the wall clock").isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void countsAllPeriodsThatHavePassed(Discipline discipline) {
    try (TimerSource timer = new TimerSource(discipline, clock)) {
      timer.arm(passed(0), Duration.ofMillis(10));
      untilReady(timer);
      clock.advance(35 * MILLI);
      assertThat(timer.tryTake()).as("at 0, 10, 20 and 30").isEqualTo(4);
      assertThat(mask(timer)).isZero();
      assertThat(timer.remainingNanos()).as("until 40").isEqualTo(5 * MILLI);
      clock.advance(5 * MILLI);
      untilReady(timer);
      assertThat(timer.remainingNanos()).as("a look begins the next").isEqualTo(10 * MILLI);
      assertThat(timer.tryTake()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void armingAnewForgets(Discipline discipline) {
    try (TimerSource timer = new TimerSource(discipline)) {
      timer.arm(Deadline.after(Duration.ZERO), Duration.ofMillis(1));
      untilReady(timer);
      timer.arm(Deadline.after(LONG), LONG);
      assertThat(mask(timer)).isZero();
      assertThat(timer.tryTake()).isZero();
      assertThat(timer.remainingNanos()).isBetween(1L, LONG.toNanos());
      timer.arm(Deadline.after(Duration.ZERO));
      untilReady(timer);
      timer.disarm();
      assertThat(mask(timer)).isZero();
      assertThat(timer.tryTake()).isZero();
      assertThat(timer.remainingNanos()).isZero();
      timer.arm(Deadline.NEVER);
      assertThat(timer.remainingNanos()).isEqualTo(Long.MAX_VALUE);
    }
  }

  /** The timer's thread has looked already, and its action comes after the timer was disarmed. */
  @ParameterizedTest
  @EnumSource
  void anActionThatIsLateIsVoid(Discipline discipline) {
    AtomicReference<TimerSource> disarmed = new AtomicReference<>();
    Thread test = Thread.currentThread();
    Ticker late =
        _ -> {
          if (Thread.currentThread() != test) {
            disarmed.get().disarm();
          }
          return MILLI;
        };
    try (TimerSource timer = new TimerSource(discipline, late);
        TimerSource next = new TimerSource(discipline)) {
      disarmed.set(timer);
      timer.arm(new Deadline(ClockId.MONOTONIC, 0));
      next.arm(Deadline.after(Duration.ofMillis(1)));
      untilReady(next); // one thread runs both
      assertThat(mask(timer)).isZero();
      assertThat(timer.tryTake()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void hugeTimesAreNever(Discipline discipline) {
    try (TimerSource timer = new TimerSource(discipline, clock)) {
      timer.arm(passed(1), Duration.ofSeconds(Long.MAX_VALUE));
      untilReady(timer);
      assertThat(timer.tryTake()).isEqualTo(1);
      assertThat(timer.remainingNanos()).isEqualTo(Long.MAX_VALUE);
      assertThatThrownBy(() -> timer.arm(Deadline.NEVER, Duration.ofNanos(-1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void waitsForItsTime(Discipline discipline, ThreadKind kind) {
    try (TimerSource timer = new TimerSource(discipline)) {
      long start = Ticker.system().nanos(ClockId.MONOTONIC);
      timer.arm(Deadline.after(Delays.SHORT));
      var taker = crew.start(kind, timer::take);
      assertThat(taker.join()).isEqualTo(1);
      assertThat(Ticker.system().nanos(ClockId.MONOTONIC) - start)
          .isGreaterThanOrEqualTo(Delays.SHORT.toNanos());
      var late = crew.start(kind, () -> timer.tryTake(Deadline.after(Duration.ofMillis(1))));
      assertThat(late.join()).isZero();
    }
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void closingEndsAWait(Discipline discipline, ThreadKind kind) {
    TimerSource timer = new TimerSource(discipline);
    timer.arm(Deadline.after(LONG));
    var taker =
        crew.start(
            kind,
            () -> {
              assertThatThrownBy(timer::take).isInstanceOf(IllegalStateException.class);
              return true;
            });
    Crew.until("asleep", () -> taker.thread().getState() == Thread.State.WAITING);
    timer.close();
    timer.close();
    assertThat(taker.join()).isTrue();
    assertThat(mask(timer)).isEqualTo(Events.NVAL);
    assertThatThrownBy(() -> timer.arm(Deadline.NEVER)).isInstanceOf(IllegalStateException.class);
  }

  /** Only states that stay: before its time, after it has come, after all was taken. */
  @ParameterizedTest
  @EnumSource
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void isAsTimerfd(Discipline discipline) {
    int fd = Kernel.timer();
    try (TimerSource ours = new TimerSource(discipline);
        Kernel kernel = new Kernel()) {
      compare(kernel, fd, ours, 0);
      ours.arm(Deadline.after(LONG), LONG);
      kernel.arm(fd, 0, LONG.toNanos(), LONG.toNanos());
      compare(kernel, fd, ours, 0);
      assertThat(Math.abs(ours.remainingNanos() - kernel.remainingNanos(fd)))
          .isLessThan(Delays.GIVE_UP.toNanos());
      for (long nanos : new long[] {1, 1_000, MILLI}) {
        ours.arm(Deadline.afterNanos(nanos, Ticker.system()));
        kernel.arm(fd, 0, nanos, 0);
        settle(kernel, fd, ours);
        compare(kernel, fd, ours, 1);
        compare(kernel, fd, ours, 0);
      }
      long past = Ticker.system().nanos(ClockId.MONOTONIC) - 5 * LONG.toNanos() / 2;
      if (past > 0) {
        ours.arm(new Deadline(ClockId.MONOTONIC, past), LONG);
        kernel.arm(fd, Kernel.TFD_ABSTIME, past, LONG.toNanos());
        settle(kernel, fd, ours);
        assertThat(Math.abs(ours.remainingNanos() - kernel.remainingNanos(fd)))
            .isLessThan(Delays.GIVE_UP.toNanos());
        compare(kernel, fd, ours, 3);
      }
      ours.arm(Deadline.after(Duration.ZERO));
      kernel.arm(fd, 0, 1, 0);
      settle(kernel, fd, ours);
      ours.disarm();
      kernel.arm(fd, 0, 0, 0);
      compare(kernel, fd, ours, 0);
    } finally {
      Kernel.close(fd);
    }
  }

  private static void settle(Kernel kernel, int fd, TimerSource ours) {
    Crew.until("both have come", () -> kernel.poll(fd) != 0 && mask(ours) != 0);
  }

  private static void compare(Kernel kernel, int fd, TimerSource ours, long expected) {
    assertThat(mask(ours)).isEqualTo(kernel.poll(fd));
    if (expected == 0) {
      assertThat(ours.remainingNanos() == 0).isEqualTo(kernel.remainingNanos(fd) == 0);
    }
    Long theirs = kernel.take(fd);
    assertThat(theirs == null ? 0 : theirs).isEqualTo(expected);
    assertThat(ours.tryTake()).isEqualTo(expected);
  }
}
