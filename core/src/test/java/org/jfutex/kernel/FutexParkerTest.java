package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.park.PlatformParker;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.Delays;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FutexParkerTest {
  private static final int TURNS = 20_000;

  private final PlatformParker parkers = new FutexParkers();
  private final Crew crew = new Crew();

  @AfterEach
  void joinCrew() {
    crew.close();
  }

  @Test
  void isTheSameForOneThreadAndKnowsIt() {
    PlatformParker.Sleeping self = parkers.current();
    assertThat(parkers.current()).isSameAs(self);
    assertThat(self.thread()).isSameAs(Thread.currentThread());
    assertThat(crew.start(parkers::current).join()).isNotSameAs(self);
  }

  @Test
  void aPermitIsTakenOnceHoweverOftenItWasGiven() {
    PlatformParker.Sleeping self = parkers.current();
    self.unpark();
    self.unpark();
    self.park(Deadline.NEVER);
    long start = System.nanoTime();
    self.park(Deadline.after(Delays.SHORT));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Delays.SHORT);
  }

  /** A wake that comes at any moment of falling asleep, of waking up, or between. */
  @Test
  void noPermitIsLost() {
    AtomicInteger turn = new AtomicInteger();
    PlatformParker.Sleeping[] sides = new PlatformParker.Sleeping[2];
    AtomicInteger ready = new AtomicInteger();
    for (int side = 0; side < sides.length; side++) {
      int self = side;
      crew.start(
          () -> {
            sides[self] = parkers.current();
            ready.incrementAndGet();
            Crew.until("both are there", () -> ready.get() == sides.length);
            for (int i = 0; i < TURNS; i++) {
              while (turn.get() % 2 != self) {
                sides[self].park(Deadline.NEVER);
              }
              turn.incrementAndGet();
              sides[1 - self].unpark();
            }
            return null;
          });
    }
    crew.joinAll();
    assertThat(turn).hasValue(2 * TURNS);
  }

  @Test
  void anInterruptEndsTheSleepAndIsKept() {
    AtomicReference<FutexParker> self = new AtomicReference<>();
    Job<Boolean> job =
        crew.start(
            () -> {
              FutexParker sleeping = (FutexParker) parkers.current();
              self.set(sleeping);
              while (!Thread.currentThread().isInterrupted()) {
                sleeping.park(Deadline.NEVER);
              }
              sleeping.park(Deadline.NEVER); // and keeps others from beginning
              return Thread.currentThread().isInterrupted();
            });
    Crew.until(
        "it sleeps",
        () ->
            self.get() != null
                && KernelProbe.withRing().isAsleep(self.get().permit(), job.thread()));
    job.thread().interrupt();
    assertThat(job.join()).isTrue();
  }

  @Test
  void aDeadlineThatHasPassedIsNoSleep() {
    parkers.current().park(Deadline.after(-1, TimeUnit.SECONDS));
    parkers.current().park(Deadline.afterNanos(0, Ticker.system()));
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }
}
