package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The small sources: a semaphore of the JDK, a future, and what never changes. */
class SourcesTest {
  private static int mask(Pollable source) {
    return source.poll(Events.IN | Events.OUT, null);
  }

  @Test
  void aSemaphoreIsReadyWhileItHasPermits() throws InterruptedException {
    PollableSemaphore semaphore = new PollableSemaphore(0);
    assertThat(mask(semaphore)).isZero();
    semaphore.release();
    assertThat(mask(semaphore)).isEqualTo(Events.IN);
    semaphore.acquire();
    assertThat(mask(semaphore)).isZero();
    semaphore.release(2);
    assertThat(semaphore.tryAcquire()).isTrue();
    assertThat(mask(semaphore)).isEqualTo(Events.IN);
    assertThat(semaphore.drainPermits()).isEqualTo(1);
    assertThat(mask(semaphore)).isZero();
    PollableSemaphore fair = new PollableSemaphore(-1, true);
    fair.release();
    assertThat(mask(fair)).isZero();
    assertThat(fair.isFair()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void eachReleaseIsToldOf(ThreadKind kind) {
    PollableSemaphore semaphore = new PollableSemaphore(0);
    AtomicInteger told = new AtomicInteger();
    try (Crew crew = new Crew();
        var _ =
            semaphore
                .pollee()
                .register(_ -> told.incrementAndGet() > 0, Events.IN, Registration.Mode.SHARED)) {
      var waiter = crew.start(kind, () -> semaphore.await(Events.IN, Deadline.NEVER));
      Crew.until("asleep", () -> waiter.thread().getState() == Thread.State.WAITING);
      semaphore.release();
      semaphore.release(2);
      assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(told).hasValue(2);
      assertThat(semaphore.availablePermits()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFutureIsReadyOnceItIsComplete(Discipline discipline) {
    CompletableFuture<String> future = new CompletableFuture<>();
    FutureSource source = new FutureSource(future, discipline);
    AtomicInteger told = new AtomicInteger();
    assertThat(mask(source)).isZero();
    try (var _ =
        source
            .pollee()
            .register(_ -> told.incrementAndGet() > 0, Events.IN, Registration.Mode.SHARED)) {
      future.complete("done");
      assertThat(told).hasValue(1);
      assertThat(mask(source)).isEqualTo(Events.IN);
    }
    CompletableFuture<String> failing = new CompletableFuture<>();
    FutureSource failed = new FutureSource(failing, discipline);
    failing.completeExceptionally(new IllegalStateException("as planned"));
    assertThat(mask(failed)).isEqualTo(Events.IN | Events.ERR);
    CompletableFuture<String> gone = new CompletableFuture<>();
    FutureSource cancelled = new FutureSource(gone, discipline);
    gone.cancel(false);
    assertThat(mask(cancelled)).isEqualTo(Events.IN | Events.ERR);
    assertThat(mask(new FutureSource(future))).as("complete before").isEqualTo(Events.IN);
  }

  @Test
  void whatIsFixedNeverChanges() {
    for (int i = 0; i < 20; i++) {
      assertThat(mask(FixedSource.ALWAYS)).isEqualTo(Events.IN | Events.OUT);
      assertThat(mask(FixedSource.NEVER)).isZero();
    }
    assertThat(FixedSource.ALWAYS.pollee()).isSameAs(FixedSource.ALWAYS.pollee());
  }
}
