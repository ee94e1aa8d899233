package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** spec/poll.md, sections 3.1 and 3.2. */
class PollSetTest {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);

  /** Has the events it is given. */
  private static final class Source implements Pollable {
    final AtomicInteger events = new AtomicInteger();
    final Pollee pollee = new Pollee(events::get);

    Source(int first) {
      events.set(first);
    }

    void become(int now) {
      events.set(now);
      pollee.notifyEvents(now);
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }
  }

  private static BitSet bits(int... places) {
    BitSet set = new BitSet();
    for (int place : places) {
      set.set(place);
    }
    return set;
  }

  @Test
  void p1ErrorsAreReportedUnasked() throws InterruptedException {
    Source source = new Source(Events.ERR | Events.HUP | Events.RDHUP | Events.PRI | Events.IN);
    PollSet set = new PollSet();
    int none = set.add(source, 0);
    int asked = set.add(source, Events.RDHUP | Events.PRI | Events.RDNORM);
    assertThat(set.poll(NOW)).isEqualTo(2);
    assertThat(set.revents(none)).isEqualTo(Events.ERR | Events.HUP);
    assertThat(set.revents(asked))
        .isEqualTo(Events.ERR | Events.HUP | Events.RDHUP | Events.PRI | Events.RDNORM);
  }

  @Test
  void p2AnEmptyPlaceIsSkippedAndAClosedObjectIsNot() throws InterruptedException {
    Source source = new Source(Events.IN);
    PollSet set = new PollSet();
    int first = set.add(source, Events.IN);
    int closed = set.add(source, Events.IN);
    set.set(first, null, Events.IN);
    assertThat(set.poll(NOW)).isEqualTo(1);
    assertThat(set.revents(first)).isZero();
    source.pollee.close();
    assertThat(set.poll(Deadline.NEVER)).isEqualTo(1);
    assertThat(set.revents(closed)).isEqualTo(Events.NVAL);
    assertThatThrownBy(() -> set.set(2, source, 0))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("place 2");
  }

  @Test
  void p3PlacesAreCountedAndInterestIsLeftAlone() throws InterruptedException {
    PollSet set = new PollSet();
    for (int i = 0; i < 20; i++) {
      assertThat(set.add(new Source(i % 2 == 0 ? Events.IN | Events.OUT : 0), Events.ALL))
          .isEqualTo(i);
    }
    assertThat(set.poll(NOW)).isEqualTo(10);
    for (int i = 0; i < 20; i++) {
      assertThat(set.events(i)).isEqualTo(Events.ALL);
    }
    set.clear();
    assertThat(set.size()).isZero();
    assertThat(set.poll(NOW)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void p4ADeadlineAnInterruptAndAnEventEndIt(ThreadKind kind) {
    Source source = new Source(0);
    try (Crew crew = new Crew()) {
      var late = crew.start(kind, () -> setOf(source).poll(Deadline.after(Delays.SHORT)));
      assertThat(late.join()).isZero();
      var empty = crew.start(kind, () -> new PollSet().poll(Deadline.after(Delays.SHORT)));
      assertThat(empty.join()).isZero();
      var interrupted = crew.start(kind, () -> pollInterrupted(source));
      Crew.until("it sleeps", () -> source.pollee.observers() == 1);
      interrupted.thread().interrupt();
      assertThat(interrupted.join()).isEqualTo("interrupted, flag false");
      var woken = crew.start(kind, () -> setOf(source).poll(Deadline.NEVER));
      Crew.until("it sleeps", () -> source.pollee.observers() == 1);
      source.become(Events.OUT);
      source.become(Events.IN);
      assertThat(woken.join()).isEqualTo(1);
      assertThat(source.pollee.observers()).isZero();
    }
  }

  private static PollSet setOf(Source... sources) {
    PollSet set = new PollSet();
    for (Source each : sources) {
      int _ = set.add(each, Events.IN);
    }
    return set;
  }

  private static String pollInterrupted(Source source) {
    try {
      return "ready: " + setOf(source).poll(Deadline.NEVER);
    } catch (InterruptedException e) {
      return "interrupted, flag " + Thread.currentThread().isInterrupted();
    }
  }

  @ParameterizedTest
  @EnumSource
  void p5AllWhoWaitAreTold(ThreadKind kind) {
    Source source = new Source(0);
    try (Crew crew = new Crew()) {
      List<Crew.Job<Integer>> jobs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        jobs.add(crew.start(kind, () -> setOf(source, source).poll(Deadline.NEVER)));
      }
      Crew.until("they sleep", () -> source.pollee.observers() == 6);
      source.become(Events.IN);
      jobs.forEach(each -> assertThat(each.join()).isEqualTo(2));
    }
  }

  @Test
  void p6NothingIsRegisteredBehindWhatIsReady() throws InterruptedException {
    Source behind = new Source(0);
    AtomicInteger checks = new AtomicInteger();
    Pollee pollee = new Pollee(Discipline.STATELESS, () -> checks.getAndIncrement() == 0 ? 0 : 1);
    PollSet set = new PollSet();
    int first = set.add(() -> pollee, Events.IN); // ready at the second look, when registering
    AtomicInteger registered = new AtomicInteger(-1);
    Pollee spy =
        new Pollee(
            Discipline.STATELESS,
            () -> {
              registered.set(behind.pollee.observers());
              return 0;
            });
    int _ = set.add(behind, Events.IN);
    int _ = set.add(() -> spy, Events.IN);
    assertThat(set.poll(Deadline.NEVER)).isEqualTo(1);
    assertThat(set.revents(first)).isEqualTo(Events.IN);
    assertThat(registered).hasValue(0);
  }

  /** What was ready when it was registered goes before the scan: the others are registered too. */
  @ParameterizedTest
  @EnumSource
  void whatIsReadyForAMomentHidesNothingBehindIt(ThreadKind kind) {
    AtomicInteger checks = new AtomicInteger();
    Pollee moment = new Pollee(Discipline.STATELESS, () -> checks.getAndIncrement() == 1 ? 1 : 0);
    Source behind = new Source(0);
    PollSet set = new PollSet();
    int _ = set.add(() -> moment, Events.IN);
    int _ = set.add(behind, Events.IN);
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> set.poll(Deadline.NEVER));
      Crew.until("it sleeps", () -> waits.thread().getState() == Thread.State.WAITING);
      assertThat(behind.pollee.observers()).isEqualTo(1);
      behind.become(Events.IN);
      assertThat(waits.join()).isEqualTo(1);
    }
  }

  @Test
  void l1SetsSayWhatTheyAreAbout() throws InterruptedException {
    Source in = new Source(Events.IN);
    Source out = new Source(Events.OUT);
    Source hup = new Source(Events.HUP);
    Source err = new Source(Events.ERR);
    Source pri = new Source(Events.PRI);
    PollSet set = setOf(in, out, hup, err, pri);
    BitSet readable = bits(0, 1, 2, 3, 4, 9);
    BitSet writable = bits(0, 1, 2, 3, 4);
    BitSet exceptional = bits(0, 1, 2, 3, 4);
    assertThat(set.select(5, readable, writable, exceptional, NOW)).isEqualTo(6);
    assertThat(readable).as("9 is not below count").isEqualTo(bits(0, 2, 3, 9));
    assertThat(writable).isEqualTo(bits(1, 3));
    assertThat(exceptional).isEqualTo(bits(4));
    in.pollee.close();
    readable = bits(0);
    writable = bits(0);
    exceptional = bits(0);
    assertThat(set.select(1, readable, writable, exceptional, Deadline.NEVER)).isEqualTo(3);
  }

  @Test
  void l2ErrorsLeaveTheSetsAlone() throws InterruptedException {
    PollSet set = setOf(new Source(Events.OUT));
    assertThatThrownBy(() -> set.select(-1, null, null, null, NOW))
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    BitSet readable = bits(0, 3);
    assertThatThrownBy(() -> set.select(4, readable, null, null, NOW))
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    assertThat(readable).isEqualTo(bits(0, 3));
    assertThat(set.select(3, readable, null, null, Deadline.after(Delays.SHORT))).isZero();
    assertThat(readable).as("cleared, as far as asked").isEqualTo(bits(3));
    assertThat(set.select(0, null, null, null, Deadline.after(Delays.SHORT))).isZero();
  }

  /** A hang-up is reported by the object, and is nothing to who wants to write: it sleeps on. */
  @ParameterizedTest
  @EnumSource
  void selectSleepsThroughWhatItsSetsAreNotAbout(ThreadKind kind) {
    Source hung = new Source(Events.HUP);
    Source other = new Source(0);
    try (Crew crew = new Crew()) {
      BitSet writable = bits(0, 1);
      var waits =
          crew.start(
              kind, () -> setOf(hung, other).select(2, null, writable, null, Deadline.NEVER));
      Crew.until("it sleeps", () -> other.pollee.observers() == 1);
      hung.become(Events.HUP);
      other.become(Events.OUT);
      assertThat(waits.join()).isEqualTo(1);
      assertThat(writable).isEqualTo(bits(1));
    }
  }

  @Test
  void aScanMakesNoGarbage() {
    PollSet set = setOf(new Source(0), new Source(Events.IN));
    Allocation.assertNone(
        () -> {
          try {
            assert set.poll(NOW) == 1;
          } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts", e);
          }
        });
  }

  private static void abandon(int times) throws InterruptedException {
    Source source = new Source(0);
    PollSet set = setOf(source, source, source);
    long heap = usedHeap();
    for (int i = 0; i < times; i++) {
      // reached once it has been registered: the deadline is looked at before and after
      assertThat(set.poll(Deadline.after(300, TimeUnit.NANOSECONDS))).isZero();
    }
    assertThat(source.pollee.observers()).isZero();
    assertThat(usedHeap() - heap).isLessThan(2 << 20);
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  @Test
  void bug24AbandonedPollsLeaveNothing() throws InterruptedException {
    abandon(20_000);
  }

  @Test
  @Tag("long")
  void bug24AMillionAbandonedPollsLeaveNothing() throws InterruptedException {
    abandon(1_000_000);
  }
}
