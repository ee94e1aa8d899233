package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an epoll does while code of its users runs: observers, checks and feeds. */
class EpollCallbackTest {
  private static final int MANY = 16;

  private final Epoll<String> epoll = new Epoll<>();

  private static Deadline now() {
    return Deadline.after(0, TimeUnit.SECONDS);
  }

  /** As epoll(7): an entry whose object is closed is gone, and epoll_wait(2) says no NVAL. */
  @Test
  void whatIsBeingClosedIsNotReported() throws InterruptedException {
    Tally tally = new Tally();
    epoll.add(tally, Events.IN, "a");
    tally.add();
    List<Object> found = new ArrayList<>();
    Observer first = // the latest is told first, before the epoll
        _ -> {
          try {
            return found.addAll(epoll.awaitEvents(MANY, now()));
          } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts", e);
          }
        };
    Registration _ = tally.pollee().register(first, 0, Registration.Mode.SHARED);
    tally.close();
    assertThat(found).isEmpty();
    assertThat(epoll.size()).isZero();
  }

  @Test
  void aClosedEpollIsRefusedAlsoByALook() {
    epoll.close();
    assertThatThrownBy(() -> epoll.awaitEvents(1, now()))
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
  }

  /** Who leaves something ready behind wakes the next, also if a check has failed. */
  @ParameterizedTest
  @EnumSource
  void whoMeetsAFailureWakesTheNext(ThreadKind kind) {
    AtomicBoolean isReady = new AtomicBoolean();
    AtomicBoolean fails = new AtomicBoolean(true);
    Pollee pollee =
        new Pollee(
            Discipline.STATELESS,
            () -> {
              if (isReady.get() && fails.getAndSet(false)) {
                throw new IllegalStateException("planted");
              }
              return isReady.get() ? Events.IN : 0;
            });
    epoll.add(() -> pollee, Events.IN, "a");
    try (Crew crew = new Crew()) {
      List<Crew.Job<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        jobs.add(
            crew.start(
                kind,
                () -> {
                  try {
                    return epoll.awaitEvents(1, Deadline.NEVER).getFirst().data();
                  } catch (IllegalStateException e) {
                    return e.getMessage();
                  }
                }));
      }
      Crew.until("they sleep", () -> epoll.waiters() == 2);
      isReady.set(true);
      pollee.notifyEvents(Events.IN);
      assertThat(jobs.stream().map(Crew.Job::join)).containsExactlyInAnyOrder("planted", "a");
    }
  }

  /** An observer may take a lock that others hold while they change the interest list. */
  @Test
  void observersOfTheEpollAreToldWithNoLockHeld() throws InterruptedException {
    Tally other = new Tally();
    epoll.add(other, Events.IN, "other");
    Tally ready = new Tally();
    ready.add();
    try (Crew crew = new Crew()) {
      List<Boolean> changed = new ArrayList<>();
      Observer observer = _ -> changed.add(change(crew, other));
      Registration _ = epoll.pollee().register(observer, Events.IN, Registration.Mode.SHARED);
      epoll.add(ready, Events.IN, "ready");
      assertThat(changed).containsExactly(true);
      assertThat(ready.take()).isEqualTo(1);
      assertThat(epoll.awaitEvents(MANY, now())).isEmpty();
      epoll.modify(ready, Events.OUT, "ready");
      assertThat(changed).containsExactly(true, true);
    }
  }

  /** Nor is one held while a feed is drained, as that tells any observers of any objects. */
  @Test
  void feedsAreDrainedWithNoLockHeld() {
    Tally other = new Tally();
    epoll.add(other, Events.IN, "other");
    try (Crew crew = new Crew()) {
      List<Boolean> changed = new ArrayList<>();
      Feed feed =
          new Feed() {
            @Override
            public void drain() {
              boolean _ = changed.add(change(crew, other));
            }

            @Override
            public void watch() {}

            @Override
            public void unwatch() {}
          };
      Pollee fed = new Pollee(Discipline.HYBRID, () -> 0, feed);
      Pollable source = () -> fed;
      epoll.add(source, Events.IN, "fed");
      epoll.modify(source, Events.OUT, "fed");
      assertThat(changed).isNotEmpty().doesNotContain(false);
    }
  }

  /** Whether another thread can change the interest list now. */
  private boolean change(Crew crew, Pollable object) {
    var job =
        crew.start(
            () -> {
              epoll.modify(object, Events.IN, "changed");
              return true;
            });
    try {
      return job.join(Delays.MEDIUM);
    } catch (AssertionError e) {
      return false;
    }
  }
}
