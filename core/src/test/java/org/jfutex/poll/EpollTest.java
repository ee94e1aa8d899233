package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntConsumer;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** spec/poll.md, section 3.3, and the bugs of section 5 that an epoll can have. */
class EpollTest {
  private static final int THREADS = 4;
  private static final int MANY = 16;

  private static Deadline now() {
    return Deadline.after(0, TimeUnit.SECONDS);
  }

  /** What a wait that does not sleep reports. */
  private static <T> List<T> ready(Epoll<T> epoll) throws InterruptedException {
    return epoll.awaitEvents(MANY, now()).stream().map(Epoll.Ready::data).toList();
  }

  private static void assertFails(Errno errno, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void levelIsReportedAgainAndAnEdgeOnce() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    Tally level = new Tally();
    Tally edge = new Tally();
    epoll.add(level, Events.IN, "level");
    epoll.add(edge, Events.IN | Epoll.ET, "edge");
    assertThat(ready(epoll)).isEmpty();
    level.add();
    edge.add();
    assertThat(ready(epoll)).containsExactly("level", "edge");
    assertThat(ready(epoll)).containsExactly("level");
    edge.add(); // bug 12, bug 21: an edge although it was ready
    assertThat(ready(epoll)).containsExactly("level", "edge");
    assertThat(edge.takeOne()).isTrue(); // an OUT edge, which is not of interest; IN is left
    assertThat(ready(epoll)).containsExactly("level");
    assertThat(level.take()).isEqualTo(1);
    assertThat(ready(epoll)).isEmpty();
  }

  @Test
  void bug20DrainAndRefillIsAnEdgeAndPermanentOutIsNone() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    Tally tally = new Tally();
    epoll.add(tally, Events.IN | Epoll.ET, "edge");
    tally.add();
    assertThat(ready(epoll)).containsExactly("edge");
    assertThat(tally.take()).isEqualTo(1); // drained,
    tally.add(); // and refilled before anybody looks
    assertThat(ready(epoll)).containsExactly("edge");
    for (int i = 0; i < 10; i++) {
      assertThat(tally.take()).isEqualTo(i == 0 ? 1 : 0);
      assertThat(ready(epoll)).isEmpty();
    }
  }

  @Test
  void aOneShotIsSilentUntilModified() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    AtomicInteger events = new AtomicInteger(Events.IN);
    Pollee pollee = new Pollee(events::get);
    Pollable source = () -> pollee;
    epoll.add(source, Events.IN | Epoll.ONESHOT, "once");
    assertThat(ready(epoll)).containsExactly("once");
    events.set(Events.IN | Events.HUP);
    pollee.notifyEveryone(Events.HUP);
    assertThat(ready(epoll)).as("even of HUP").isEmpty();
    epoll.modify(source, Events.IN | Epoll.ONESHOT, "again");
    epoll.modify(source, Events.IN | Epoll.ONESHOT, "renamed while it is ready");
    List<Epoll.Ready<String>> found = epoll.awaitEvents(1, now());
    assertThat(found)
        .containsExactly(
            new Epoll.Ready<>(source, Events.IN | Events.HUP, "renamed while it is ready"));
    assertThat(ready(epoll)).isEmpty();
  }

  @Test
  void moreThanAskedForIsReportedInTurn() throws InterruptedException {
    Epoll<Integer> epoll = new Epoll<>();
    for (int i = 0; i < 5; i++) {
      Tally tally = new Tally();
      epoll.add(tally, Events.IN, i);
      tally.add();
    }
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      epoll.awaitEvents(2, now()).forEach(each -> found.add(each.data()));
    }
    assertThat(found).containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
  }

  @Test
  void errorsAreThoseOfLinux() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    Tally tally = new Tally("here", Discipline.HYBRID);
    Tally other = new Tally();
    epoll.add(tally, Events.IN, "a");
    assertFails(Errno.EEXIST, () -> epoll.add(tally, Events.IN, "b"));
    assertFails(Errno.ENOENT, () -> epoll.modify(other, Events.IN, "b"));
    assertFails(Errno.ENOENT, () -> epoll.remove(other));
    assertFails(Errno.EINVAL, () -> epoll.add(epoll, Events.IN, "b"));
    Pollee file = Pollee.constant(Events.IN | Events.OUT);
    assertFails(Errno.EPERM, () -> epoll.add(() -> file, Events.IN, "b"));
    assertThat(file.poll(Events.IN, null)).isEqualTo(Events.IN);
    for (int bad : new int[] {Events.PRI, Events.RDHUP, Events.RDNORM, Epoll.ONESHOT}) {
      assertFails(Errno.EINVAL, () -> epoll.add(other, bad | Epoll.EXCLUSIVE, "b"));
    }
    Epoll<String> inner = new Epoll<>();
    assertFails(Errno.EINVAL, () -> epoll.add(inner, Events.IN | Epoll.EXCLUSIVE, "b"));
    epoll.add(other, Events.IN | Epoll.EXCLUSIVE | Epoll.ET | Epoll.WAKEUP, "b");
    assertFails(Errno.EINVAL, () -> epoll.modify(other, Events.IN, "b"));
    assertFails(Errno.EINVAL, () -> epoll.modify(tally, Events.IN | Epoll.EXCLUSIVE, "b"));
    for (int max : new int[] {0, -1}) {
      assertThatThrownBy(() -> epoll.awaitEvents(max, now()))
          .isInstanceOf(FutexException.class)
          .hasMessageContaining("maxEvents " + max);
    }
    tally.close();
    assertThat(epoll.size()).as("a closed object is forgotten").isEqualTo(1);
    assertFails(Errno.ENOENT, () -> epoll.remove(tally));
    assertFails(Errno.EBADF, () -> epoll.add(tally, Events.IN, "a"));
    assertThat(epoll.size()).isEqualTo(1);
    epoll.remove(other);
    assertThat(other.observers()).isZero();
    epoll.add(other, Events.IN, "a");
    epoll.close();
    assertThat(other.observers()).isZero();
    assertFails(Errno.EBADF, () -> epoll.add(other, Events.IN, "a"));
    assertThatThrownBy(() -> epoll.awaitEvents(1, Deadline.NEVER))
        .isInstanceOf(FutexException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void epollsMakeNoCircleAndNoLongChain() {
    List<Epoll<String>> chain = new ArrayList<>();
    chain.add(new Epoll<>());
    for (int i = 1; i < 5; i++) {
      chain.add(new Epoll<>());
      chain.get(i).add(chain.get(i - 1), Events.IN, "inner");
    }
    assertFails(Errno.ELOOP, () -> new Epoll<String>().add(chain.get(4), Events.IN, "sixth"));
    assertFails(Errno.ELOOP, () -> chain.getFirst().add(new Epoll<>(), Events.IN, "sixth"));
    for (int i = 1; i < 5; i++) {
      int at = i;
      assertFails(Errno.ELOOP, () -> chain.getFirst().add(chain.get(at), Events.IN, "circle"));
    }
    chain.get(4).remove(chain.get(3));
    chain.getFirst().add(chain.get(4), Events.IN, "no circle any more");
    chain.get(4).close();
    assertThat(chain.getFirst().size()).isZero();
  }

  @Test
  void bug17AnEpollInAnEpollFiresAgain() throws InterruptedException {
    Epoll<String> inner = new Epoll<>();
    Epoll<String> outer = new Epoll<>();
    Tally tally = new Tally();
    inner.add(tally, Events.IN, "tally");
    outer.add(inner, Events.IN, "inner");
    for (int i = 0; i < 3; i++) {
      assertThat(ready(outer)).isEmpty();
      tally.add();
      assertThat(ready(outer)).containsExactly("inner");
      assertThat(tally.take()).isEqualTo(1); // without a wait on the inner one
      assertThat(ready(outer)).as("stale").isEmpty();
    }
  }

  @Test
  void bug18AFailedAddLeavesNothing() throws InterruptedException {
    AtomicBoolean fails = new AtomicBoolean(true);
    Pollee pollee =
        new Pollee(
            () -> {
              if (fails.get()) {
                throw new IllegalStateException("planted");
              }
              return Events.IN;
            });
    Pollable source = () -> pollee;
    Epoll<String> epoll = new Epoll<>();
    assertThatThrownBy(() -> epoll.add(source, Events.IN, "a")).hasMessage("planted");
    assertThat(epoll.size()).isZero();
    assertThat(pollee.observers()).isZero();
    fails.set(false);
    epoll.add(source, Events.IN, "a");
    fails.set(true);
    pollee.invalidate();
    assertThatThrownBy(() -> ready(epoll)).hasMessage("planted");
    fails.set(false);
    assertThat(ready(epoll)).as("it was not lost").containsExactly("a");
  }

  @Test
  void bug22AClosedObjectIsNotReportedForItsSuccessor() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    Tally first = new Tally();
    Tally second = new Tally();
    epoll.add(first, Events.IN, "first");
    epoll.add(second, Events.IN, "second");
    first.add();
    second.add();
    assertThat(epoll.awaitEvents(1, now())).hasSize(1); // of two that are ready
    second.close();
    Tally successor = new Tally();
    epoll.add(successor, Events.IN, "successor");
    assertThat(ready(epoll)).containsExactly("first");
    successor.add();
    assertThat(ready(epoll)).containsExactly("first", "successor");
  }

  @Test
  void whatIsNotReadyIsNotLookedAt() throws InterruptedException {
    AtomicInteger checks = new AtomicInteger();
    Epoll<Integer> epoll = new Epoll<>();
    AtomicIntegerArray events = new AtomicIntegerArray(1_000);
    List<Pollee> pollees = new ArrayList<>();
    for (int i = 0; i < events.length(); i++) {
      int at = i;
      Pollee pollee =
          new Pollee(
              Discipline.STATELESS,
              () -> {
                checks.incrementAndGet();
                return events.get(at);
              });
      pollees.add(pollee);
      epoll.add(() -> pollee, Events.IN, i);
    }
    checks.set(0);
    assertThat(ready(epoll)).isEmpty();
    assertThat(checks).hasValue(0);
    events.set(7, Events.IN);
    pollees.get(7).notifyEvents(Events.IN);
    assertThat(ready(epoll)).containsExactly(7);
    assertThat(checks).hasValue(1);
  }

  @ParameterizedTest
  @EnumSource
  void bug6AWaitHoldsNoLock(ThreadKind kind) {
    Epoll<String> epoll = new Epoll<>();
    Tally idle = new Tally();
    Tally late = new Tally();
    epoll.add(idle, Events.IN, "idle");
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> epoll.awaitEvents(MANY, Deadline.NEVER));
      awaitSleeper(epoll, 1);
      idle.close();
      epoll.add(late, Events.IN, "late");
      epoll.modify(late, Events.IN | Epoll.ET, "later");
      late.add();
      assertThat(waits.join()).extracting(Epoll.Ready::data).containsExactly("later");
      var closed = crew.start(kind, () -> closedWhileAsleep(epoll));
      awaitSleeper(epoll, 1);
      epoll.close();
      assertThat(closed.join()).isEqualTo(Errno.EBADF);
    }
  }

  private static Errno closedWhileAsleep(Epoll<String> epoll) throws InterruptedException {
    try {
      List<Epoll.Ready<String>> found = epoll.awaitEvents(1, Deadline.NEVER);
      throw new AssertionError("found " + found);
    } catch (FutexException e) {
      return e.errno();
    }
  }

  private static void awaitSleeper(Epoll<?> epoll, int count) {
    Crew.until("they sleep", () -> epoll.waiters() == count);
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptAndADeadlineEndAWait(ThreadKind kind) {
    Epoll<String> epoll = new Epoll<>();
    try (Crew crew = new Crew()) {
      var asleep =
          crew.start(
              kind,
              () -> {
                try {
                  List<Epoll.Ready<String>> found = epoll.awaitEvents(1, Deadline.NEVER);
                  return "found " + found;
                } catch (InterruptedException e) {
                  return "interrupted, flag " + Thread.currentThread().isInterrupted();
                }
              });
      awaitSleeper(epoll, 1);
      asleep.thread().interrupt();
      assertThat(asleep.join()).isEqualTo("interrupted, flag false");
      var late = crew.start(kind, () -> epoll.awaitEvents(1, Deadline.after(Delays.SHORT)));
      assertThat(late.join()).isEmpty();
    }
    assertThat(epoll.waiters()).isZero();
  }

  @Test
  void bug15TinyAndHugeTimeoutsDoNotSpin() throws Exception {
    Epoll<String> epoll = new Epoll<>();
    for (long nanos : new long[] {0, 1, 999, 1_000, 50_000, 1_000_000}) {
      assertThat(epoll.awaitEvents(1, Deadline.after(nanos, TimeUnit.NANOSECONDS))).isEmpty();
    }
    try (Crew crew = new Crew()) {
      for (long nanos : new long[] {Long.MAX_VALUE - 1, Long.MAX_VALUE / 2, 1L << 52}) {
        var waits =
            crew.start(
                () -> {
                  try {
                    return epoll.awaitEvents(1, Deadline.after(nanos, TimeUnit.NANOSECONDS)).size();
                  } catch (InterruptedException e) {
                    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                  }
                });
        awaitSleeper(epoll, 1);
        Thread.sleep(
            Delays.MEDIUM); // the time over which processor time is measured; orders nothing
        waits.thread().interrupt();
        assertThat(((Number) waits.join()).longValue())
            .as("nanoseconds of processor time, asleep for %s", Delays.MEDIUM)
            .isPositive()
            .isLessThan(Delays.MEDIUM.toNanos() / 2);
      }
    }
  }

  /** Runs something in several threads until one of them, or the caller, has seen enough. */
  private static void together(int threads, int rounds, IntConsumer body) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < threads; i++) {
        int me = i;
        crew.start(
            () -> {
              for (int round = 0; round < rounds; round++) {
                body.accept(me);
              }
              return null;
            });
      }
      crew.joinAll();
    }
  }

  private static <T> List<Epoll.Ready<T>> look(Epoll<T> epoll) {
    try {
      return epoll.awaitEvents(1, now());
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts", e);
    }
  }

  /** Arrangement 65 of the kernel's epoll_wakeup_test.c. */
  @Test
  void bug14WhatIsReadyIsNeverMissedWhileAnotherThreadScans() {
    Epoll<String> epoll = new Epoll<>();
    Tally tally = new Tally();
    epoll.add(tally, Events.IN, "ready");
    tally.add();
    together(THREADS, 20_000, _ -> assertThat(look(epoll)).hasSize(1));
  }

  /** Arrangement 59. */
  @Test
  void bug13AModifyIsNotLostAgainstAWait() {
    Epoll<String> epoll = new Epoll<>();
    Tally tally = new Tally();
    tally.add();
    epoll.add(tally, Events.IN | Epoll.ONESHOT, "shot");
    AtomicInteger rounds = new AtomicInteger();
    try (Crew crew = new Crew()) {
      var waits =
          crew.start(
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  assertThat(epoll.awaitEvents(1, Deadline.NEVER)).hasSize(1);
                  rounds.incrementAndGet();
                }
                return null;
              });
      while (!waits.isDone()) { // without regard for where the other is
        epoll.modify(tally, Events.IN | Epoll.ONESHOT, "shot");
      }
      waits.join();
    }
    assertThat(rounds).hasValue(100_000);
  }

  /** Arrangement 60: ten waiters, ten edges; who takes one takes it away and says so. */
  @ParameterizedTest
  @EnumSource
  void noEdgeIsLostAmongManyWaiters(ThreadKind kind) {
    int count = 10;
    int rounds = 300;
    Epoll<Tally> epoll = new Epoll<>();
    List<Tally> tallies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tally tally = new Tally();
      tallies.add(tally);
      epoll.add(tally, Events.IN | Epoll.ET, tally);
    }
    AtomicInteger taken = new AtomicInteger();
    try (Crew crew = new Crew()) {
      for (int i = 0; i < count; i++) {
        crew.start(
            kind,
            () -> {
              while (taken.get() < rounds * count) {
                for (Epoll.Ready<Tally> each : epoll.awaitEvents(1, Deadline.after(Delays.SHORT))) {
                  taken.addAndGet((int) each.data().take());
                }
              }
              return null;
            });
      }
      for (int round = 1; round <= rounds; round++) {
        tallies.forEach(Tally::add);
        int wanted = round * count;
        Crew.until("all edges of the round were taken", () -> taken.get() == wanted);
      }
      crew.joinAll();
    }
  }

  /** One event, several epolls that ask for it alone: one of those that somebody waits on wakes. */
  @ParameterizedTest
  @EnumSource
  void bug28AnExclusiveEventWakesOneWaiterInTurn(ThreadKind kind) {
    Tally tally = new Tally();
    List<Epoll<Integer>> epolls = new ArrayList<>();
    AtomicIntegerArray woken = new AtomicIntegerArray(THREADS);
    AtomicBoolean isOver = new AtomicBoolean();
    Epoll<Integer> nobody = new Epoll<>(); // is told first, and has no sleeper to wake
    nobody.add(tally, Events.IN | Epoll.EXCLUSIVE, -1);
    try (Crew crew = new Crew()) {
      for (int i = 0; i < THREADS; i++) {
        int me = i;
        Epoll<Integer> epoll = new Epoll<>();
        epolls.add(epoll);
        epoll.add(tally, Events.IN | Epoll.EXCLUSIVE | Epoll.ET, me);
        crew.start(
            kind,
            () -> {
              while (!isOver.get()) {
                for (Epoll.Ready<Integer> each : epoll.awaitEvents(1, Deadline.NEVER)) {
                  woken.incrementAndGet(each.data());
                }
              }
              return null;
            });
      }
      for (int round = 1; round <= 5 * THREADS; round++) {
        epolls.forEach(each -> awaitSleeper(each, 1));
        tally.add();
        int wanted = round;
        Crew.until("one was woken", () -> sum(woken) == wanted);
      }
      epolls.forEach(each -> awaitSleeper(each, 1));
      isOver.set(true);
      tally.pollee().notifyEveryone(Events.IN);
      crew.joinAll();
    }
    for (int i = 0; i < THREADS; i++) {
      assertThat(woken.get(i)).as("wakes of %s, of %s", i, woken).isEqualTo(5 + 1); // and the end
    }
  }

  private static int sum(AtomicIntegerArray counts) {
    int sum = 0;
    for (int i = 0; i < counts.length(); i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  /** Random changes of the interest list against waits: what is armed and ready is reported. */
  @ParameterizedTest
  @EnumSource
  void bug26AndBug11AOneShotIsNotLostAmongAddsAndRemoves(ThreadKind kind) {
    int sources = 8;
    Epoll<Integer> epoll = new Epoll<>();
    List<Tally> tallies = new ArrayList<>();
    AtomicIntegerArray shots = new AtomicIntegerArray(sources);
    for (int i = 0; i < sources; i++) {
      tallies.add(new Tally());
      tallies.get(i).add();
      epoll.add(tallies.get(i), Events.IN | Epoll.ONESHOT, i);
    }
    AtomicBoolean isOver = new AtomicBoolean();
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 2; i++) {
        crew.start(
            kind,
            () -> {
              while (!isOver.get()) {
                for (Epoll.Ready<Integer> each :
                    epoll.awaitEvents(3, Deadline.after(Delays.SHORT))) {
                  int at = each.data();
                  assertThat(shots.incrementAndGet(at)).as("shots of one arming").isEqualTo(1);
                }
              }
              return null;
            });
      }
      SplittableRandom random = new SplittableRandom(26);
      for (int round = 0; round < 20_000; round++) {
        int at = random.nextInt(sources);
        Crew.until("it was reported", () -> shots.get(at) == 1);
        shots.set(at, 0);
        if (random.nextBoolean()) {
          epoll.modify(tallies.get(at), Events.IN | Epoll.ONESHOT, at);
        } else {
          epoll.remove(tallies.get(at));
          epoll.add(tallies.get(at), Events.IN | Epoll.ONESHOT, at);
        }
      }
      isOver.set(true);
      crew.joinAll();
    }
    tallies.forEach(each -> assertThat(each.observers()).isEqualTo(1));
  }
}
