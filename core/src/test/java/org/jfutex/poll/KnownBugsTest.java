package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What went wrong elsewhere, by the numbers of docs/linux-parity.md: those that need a source whose
 * change and notification come apart, or that acts during a check.
 */
class KnownBugsTest {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);
  private static final int BOTH = Events.IN | Events.OUT;

  /** Ready for what it is set to be; changes and tells in two steps. */
  private static final class Slow implements Pollable {
    final AtomicInteger events = new AtomicInteger();
    final Pollee pollee;
    Runnable duringCheck = () -> {};

    Slow(Discipline discipline, long stamp) {
      pollee = new Pollee(discipline, this::check, null, stamp);
    }

    Slow(Discipline discipline) {
      this(discipline, 0);
    }

    private int check() {
      int found = events.get();
      duringCheck.run();
      return found;
    }

    void change(int gone, int come) {
      events.updateAndGet(now -> now & ~gone | come);
    }

    void become(int come) {
      change(0, come);
      pollee.notifyEvents(come);
    }

    void lose(int gone) {
      change(gone, 0);
      pollee.invalidate();
    }

    /** Takes IN, if it is there. */
    boolean take() {
      int before = events.getAndUpdate(now -> now & ~Events.IN);
      pollee.invalidate();
      return (before & Events.IN) != 0;
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }
  }

  static Stream<Arguments> disciplinesAndKinds() {
    return Stream.of(Discipline.values())
        .flatMap(each -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(each, kind)));
  }

  /** All ways to wait for IN of a source. */
  private static List<Callable<Boolean>> waysToWait(Slow slow, int trigger) {
    Epoll<String> epoll = new Epoll<>();
    epoll.add(slow, Events.IN | trigger, "slow");
    Epoll<String> outer = new Epoll<>();
    Epoll<String> inner = new Epoll<>();
    inner.add(slow, Events.IN | trigger, "slow");
    outer.add(inner, Events.IN | trigger, "inner");
    PollSet set = new PollSet();
    int _ = set.add(slow, Events.IN);
    return List.of(
        () -> slow.await(Events.IN, Deadline.NEVER) == WaitStatus.WOKEN,
        () -> set.poll(Deadline.NEVER) == 1,
        () -> epoll.awaitEvents(1, Deadline.NEVER).size() == 1,
        () -> outer.awaitEvents(1, Deadline.NEVER).size() == 1,
        () ->
            new Select<Integer>(Select.Order.FAIR)
                    .on(slow, Events.IN, () -> (slow.events.get() & Events.IN) != 0 ? 1 : null)
                    .take(Deadline.NEVER)
                == 1);
  }

  /**
   * Who comes between the change and the notification may find what was known before, and sleep; or
   * the change. Who slept before sleeps on. The notification ends it for all.
   */
  @ParameterizedTest
  @MethodSource("disciplinesAndKinds")
  void bug4ALateNotificationIsNotLost(Discipline discipline, ThreadKind kind) {
    for (int trigger : new int[] {0, Epoll.ET}) {
      Slow slow = new Slow(discipline);
      List<Callable<Boolean>> before = waysToWait(slow, trigger);
      List<Callable<Boolean>> between = waysToWait(slow, trigger);
      try (Crew crew = new Crew()) {
        List<Crew.Job<Boolean>> jobs = new ArrayList<>();
        before.forEach(each -> jobs.add(crew.start(kind, each)));
        Crew.until("they sleep", () -> jobs.stream().allMatch(KnownBugsTest::isAsleep));
        assertThat(slow.poll(Events.IN, null)).isZero(); // which may be kept
        slow.change(0, Events.IN);
        between.forEach(each -> jobs.add(crew.start(kind, each)));
        Crew.until("they have come", () -> jobs.stream().allMatch(KnownBugsTest::isAsleepOrDone));
        assertThat(jobs.subList(0, before.size()))
            .as("nobody has told them")
            .noneMatch(Crew.Job::isDone);
        slow.pollee.notifyEvents(Events.IN);
        jobs.forEach(each -> assertThat(each.join()).isTrue());
      }
      assertThat(slow.poll(Events.IN, null)).isEqualTo(Events.IN);
      slow.lose(Events.IN);
      assertThat(slow.poll(Events.IN, null)).isZero();
    }
  }

  private static boolean isAsleep(Crew.Job<?> job) {
    return job.thread().getState() == Thread.State.WAITING;
  }

  private static boolean isAsleepOrDone(Crew.Job<?> job) {
    return job.isDone() || isAsleep(job);
  }

  /** A check, by whom it may be, tells of the same object and of another that is beside it. */
  @ParameterizedTest
  @EnumSource
  void bug5ACheckMayNotify(Discipline discipline) throws InterruptedException {
    Slow slow = new Slow(discipline);
    Slow beside = new Slow(discipline);
    Epoll<String> epoll = new Epoll<>();
    epoll.add(slow, Events.IN, "slow");
    epoll.add(beside, Events.IN | Epoll.ET, "beside");
    AtomicInteger nested = new AtomicInteger();
    slow.duringCheck =
        () -> {
          if (nested.getAndIncrement() < 3) {
            slow.pollee.notifyEvents(Events.IN);
            beside.become(Events.IN);
            assertThat(beside.poll(Events.IN, null)).isEqualTo(Events.IN);
          }
        };
    slow.become(Events.IN);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      epoll.awaitEvents(4, NOW).forEach(each -> found.add(each.data()));
    }
    assertThat(nested.get()).isPositive();
    assertThat(found).contains("slow", "beside").filteredOn("slow"::equals).hasSize(3);
  }

  /** Who is told uses the epoll that tells it, and others: all of its calls. */
  @ParameterizedTest
  @EnumSource
  void bug5WhoIsToldMayUseTheEpoll(Discipline discipline) throws InterruptedException {
    Slow slow = new Slow(discipline);
    Epoll<String> epoll = new Epoll<>();
    epoll.add(slow, Events.IN, "first");
    AtomicInteger told = new AtomicInteger();
    Observer observer =
        _ -> {
          if (told.getAndIncrement() == 0) {
            epoll.modify(slow, Events.IN | Epoll.ET, "modified");
            Slow other = new Slow(discipline);
            epoll.add(other, Events.IN, "other");
            other.become(Events.IN);
            epoll.remove(other);
          }
          return true;
        };
    try (var _ = epoll.pollee().register(observer, Events.IN, Registration.Mode.SHARED);
        var _ = slow.pollee.register(observer, Events.IN, Registration.Mode.SHARED)) {
      slow.become(Events.IN);
    }
    assertThat(told.get()).isGreaterThan(1);
    assertThat(epoll.awaitEvents(4, NOW)).extracting(Epoll.Ready::data).containsExactly("modified");
  }

  /** A stamp that were too narrow would be the same again after so many changes. */
  @ParameterizedTest
  @EnumSource
  void bug8ManyChangesDuringACheckAreSeen(Discipline discipline) {
    long stamps = 1L << 45;
    for (long stamp : new long[] {0, stamps - 1, stamps - 256, stamps / 2 - 1, 255}) {
      for (int power = 0; power <= 16; power++) {
        if (discipline == Discipline.STATEFUL && power > 10) {
          break; // which checks each time
        }
        Slow slow = new Slow(discipline, stamp);
        int changes = 1 << power;
        slow.duringCheck =
            () -> {
              slow.duringCheck = () -> {};
              slow.change(0, Events.IN);
              for (int i = 0; i < changes; i++) {
                slow.pollee.notifyEvents(Events.IN);
              }
            };
        int _ = slow.poll(BOTH, null); // begins with nothing, and ends after all that
        for (int i = 0; i < 2; i++) {
          assertThat(slow.poll(BOTH, null))
              .as("stamp %s, changes %s", stamp, changes)
              .isEqualTo(Events.IN);
        }
      }
    }
  }

  /** One direction changes all the time; the other is drained, and each look at it is right. */
  @ParameterizedTest
  @EnumSource
  void bug9AStormOfTheOtherDirectionHidesNothing(Discipline discipline) throws Exception {
    Slow slow = new Slow(discipline);
    Epoll<String> epoll = new Epoll<>();
    epoll.add(slow, Events.IN | Epoll.ET, "in");
    AtomicBoolean isOver = new AtomicBoolean();
    try (Crew crew = new Crew()) {
      var storm =
          crew.start(
              () -> {
                int times = 0;
                while (!isOver.get() || times == 0) {
                  slow.become(Events.OUT);
                  times += slow.poll(Events.OUT, null) == Events.OUT ? 1 : 0; // may keep IN too
                  slow.lose(Events.OUT);
                }
                return times;
              });
      for (int i = 0; i < 2_000; i++) {
        assertThat(slow.poll(Events.IN, null)).isZero();
        assertThat(epoll.awaitEvents(1, NOW)).isEmpty();
        slow.become(Events.IN);
        assertThat(slow.poll(Events.IN, null)).isEqualTo(Events.IN);
        assertThat(epoll.awaitEvents(1, NOW)).hasSize(1);
        assertThat(slow.take()).isTrue();
      }
      isOver.set(true);
      assertThat(storm.join()).isPositive();
    }
    assertThat(slow.poll(BOTH, null)).isZero();
  }

  /** Each bit comes and goes by itself, whatever else does. */
  @ParameterizedTest
  @EnumSource
  void bug10ABitGoesAlone(Discipline discipline) {
    int[] bits = {
      Events.IN,
      Events.PRI,
      Events.OUT,
      Events.ERR,
      Events.HUP,
      Events.RDBAND,
      Events.WRBAND,
      Events.RDHUP
    };
    Slow slow = new Slow(discipline);
    SplittableRandom random = new SplittableRandom(10);
    int expected = 0;
    for (int i = 0; i < 2_000; i++) {
      int bit = bits[random.nextInt(bits.length)];
      if (random.nextBoolean()) {
        slow.become(bit);
        expected |= bit;
      } else {
        slow.lose(bit);
        expected &= ~bit;
      }
      for (int again = random.nextInt(3); again >= 0; again--) {
        assertThat(slow.poll(Events.ALL, null)).isEqualTo(Events.withSynonyms(expected));
      }
    }
    assertThat(slow.pollee.isClosed()).isFalse();
  }

  /** What the waiting thread does, or has done to it, at a step of its wait. */
  private enum Blow {
    INTERRUPT {
      @Override
      void strike(Slow slow) {
        Thread.currentThread().interrupt();
      }
    },
    EVENT {
      @Override
      void strike(Slow slow) {
        slow.become(Events.IN);
      }
    },
    INTERRUPT_AND_EVENT {
      @Override
      void strike(Slow slow) {
        Thread.currentThread().interrupt();
        slow.become(Events.IN);
      }
    },
    EVENT_AND_THIEF {
      @Override
      void strike(Slow slow) {
        slow.become(Events.IN);
        boolean _ = slow.take(); // unless another has
        Thread.currentThread().interrupt(); // nothing else will come
      }
    };

    abstract void strike(Slow slow);
  }

  /**
   * An end, an event, or both at each step of a wait: each look at the first and at the second
   * object, and each attempt to take, before it sleeps and after. What was taken is returned, and
   * nobody sleeps beside an item; nothing is left behind.
   */
  @ParameterizedTest
  @EnumSource
  void bug25AWaitThatEndsAtAnyStepLosesNothing(Blow blow) {
    for (Discipline discipline : Discipline.values()) {
      for (ThreadKind kind : ThreadKind.values()) {
        boolean isReached = discipline == Discipline.HYBRID || kind == ThreadKind.VIRTUAL;
        for (int step = 1; isReached; step++) {
          isReached = strikeAt(step, blow, discipline, kind);
          assertThat(step).as("steps of one wait").isLessThan(50);
        }
      }
    }
  }

  /** Whether the wait got to the step. */
  private static boolean strikeAt(int step, Blow blow, Discipline discipline, ThreadKind kind) {
    Slow one = new Slow(discipline);
    Slow two = new Slow(discipline);
    AtomicInteger at = new AtomicInteger();
    AtomicInteger takes = new AtomicInteger();
    Thread[] struck = new Thread[1];
    IntConsumer next =
        which -> {
          if (Thread.currentThread().equals(struck[0]) && at.incrementAndGet() == step) {
            blow.strike(which == 1 ? one : two);
          }
        };
    one.duringCheck = () -> next.accept(1);
    two.duringCheck = () -> next.accept(2);
    try (Crew crew = new Crew()) {
      AtomicInteger attempts = new AtomicInteger();
      var other =
          crew.start(
              kind,
              () ->
                  one.await(
                      Events.IN,
                      Deadline.NEVER,
                      () -> attempts.incrementAndGet() > 0 && one.take()));
      Crew.until("the other sleeps", () -> one.pollee.observers() == 1 && isAsleep(other));
      var waits =
          crew.start(
              kind,
              () -> {
                struck[0] = Thread.currentThread();
                Select<Integer> select =
                    new Select<Integer>(Select.Order.FAIR)
                        .on(one, Events.IN, () -> taken(one, takes, next))
                        .on(two, Events.IN, () -> taken(two, takes, next));
                try {
                  return select.take(Deadline.NEVER);
                } catch (InterruptedException e) {
                  return 0;
                }
              });
      Crew.until("it sleeps or has ended", () -> isAsleepOrDone(waits));
      Crew.until(
          "nobody sleeps beside an item",
          () ->
              (other.isDone() || one.events.get() == 0)
                  && (waits.isDone() || one.events.get() + two.events.get() == 0));
      if (!waits.isDone()) {
        int before = attempts.get();
        one.pollee.notifyEvents(Events.IN); // of nothing: the other comes last from now on
        Crew.until(
            "the other has looked",
            () -> other.isDone() || attempts.get() > before && isAsleep(other));
        two.become(Events.IN);
      }
      assertThat(waits.join()).as("step %s", step).isEqualTo(takes.get());
      Crew.until(
          "a wake that was not used is passed on", () -> other.isDone() || one.events.get() == 0);
      if (!other.isDone()) {
        one.become(Events.IN);
      }
      assertThat(other.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(one.pollee.observers() + two.pollee.observers()).isZero();
      return at.get() >= step;
    }
  }

  private static Integer taken(Slow slow, AtomicInteger takes, IntConsumer next) {
    next.accept(1);
    return slow.take() ? takes.incrementAndGet() : null;
  }

  /** Any bits may be told of; only those that hold and are of interest are reported. */
  @ParameterizedTest
  @EnumSource
  void bug30ThatMoreIsToldThanHoldsDoesNoHarm(ThreadKind kind) {
    Slow slow = new Slow(Discipline.HYBRID);
    Epoll<String> epoll = new Epoll<>();
    epoll.add(slow, Events.IN, "slow");
    PollSet set = new PollSet();
    int place = set.add(slow, Events.IN);
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> epoll.awaitEvents(1, Deadline.NEVER));
      var polls = crew.start(kind, () -> set.poll(Deadline.NEVER));
      Crew.until("they sleep", () -> isAsleep(waits) && isAsleep(polls));
      SplittableRandom random = new SplittableRandom(30);
      for (int i = 0; i < 500; i++) {
        slow.pollee.notifyEvents(random.nextInt() & ~Events.NVAL);
      }
      slow.become(Events.OUT);
      Crew.until("they sleep again", () -> isAsleep(waits) && isAsleep(polls));
      slow.change(0, Events.IN);
      slow.pollee.notifyEvents(-1 & ~Events.NVAL);
      assertThat(waits.join()).extracting(Epoll.Ready::events).containsExactly(Events.IN);
      assertThat(polls.join()).isEqualTo(1);
      assertThat(set.revents(place)).isEqualTo(Events.IN);
    }
  }
}
