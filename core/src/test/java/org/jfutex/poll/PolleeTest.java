package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of a pollee, which all disciplines keep. spec/poll.md, sections 1.3 and 5. */
class PolleeTest {
  private static final int ROUNDS = 20_000;

  /** Ready for what it is told to be; counts how often it is asked. */
  private static final class Thing implements Pollable {
    final AtomicInteger events = new AtomicInteger();
    final AtomicInteger checks = new AtomicInteger();
    final Pollee pollee;
    Runnable duringCheck = () -> {};

    Thing(Discipline discipline) {
      this(discipline, 0);
    }

    Thing(Discipline discipline, long stamp) {
      pollee = new Pollee(discipline, this::check, null, stamp);
    }

    private int check() {
      checks.incrementAndGet();
      int found = events.get();
      Runnable action = duringCheck;
      duringCheck = () -> {};
      action.run();
      return found;
    }

    void become(int now) {
      events.set(now);
      pollee.notifyEvents(now);
    }

    void lose(int gone) {
      events.updateAndGet(now -> now & ~gone);
      pollee.invalidate();
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }
  }

  /** An observer that says yes or no, and counts. */
  private static final class Counter implements Observer {
    final AtomicInteger told = new AtomicInteger();
    final AtomicInteger last = new AtomicInteger();
    private final Predicate<Integer> takes;

    Counter(Predicate<Integer> takes) {
      this.takes = takes;
    }

    @Override
    public boolean onEvents(int events) {
      last.set(events);
      return takes.test(told.incrementAndGet());
    }
  }

  static Stream<Arguments> disciplinesAndKinds() {
    return Stream.of(Discipline.values())
        .flatMap(each -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(each, kind)));
  }

  @ParameterizedTest
  @EnumSource
  void answersWithWhatHoldsAndIsAskedFor(Discipline discipline) {
    Thing thing = new Thing(discipline);
    assertThat(thing.poll(Events.IN, null)).isZero();
    thing.become(Events.IN | Events.OUT | Events.HUP);
    assertThat(thing.poll(Events.IN, null)).isEqualTo(Events.IN | Events.HUP);
    assertThat(thing.poll(Events.OUT, null)).isEqualTo(Events.OUT | Events.HUP);
    assertThat(thing.poll(0, null)).isEqualTo(Events.HUP);
    thing.lose(Events.IN);
    assertThat(thing.poll(Events.IN | Events.OUT, null)).isEqualTo(Events.OUT | Events.HUP);
    thing.lose(Events.HUP);
    assertThat(thing.poll(Events.ALL, null)).isEqualTo(Events.OUT | Events.WRNORM);
  }

  @ParameterizedTest
  @EnumSource
  void keepsWhatItSaysToKeep(Discipline discipline) {
    Thing thing = new Thing(discipline);
    thing.become(Events.IN);
    int before = thing.checks.get();
    for (int i = 0; i < 10; i++) {
      assertThat(thing.poll(Events.IN, null)).isEqualTo(Events.IN);
    }
    assertThat(thing.checks.get() - before)
        .isEqualTo(
            switch (discipline) {
              case STATEFUL -> 0;
              case HYBRID -> 1;
              case STATELESS -> 10;
            });
  }

  /** For who invalidates with a lock held and tells without. */
  @ParameterizedTest
  @EnumSource
  void tellingKeepsWhatWasFoundSinceTheChange(Discipline discipline) {
    Thing thing = new Thing(discipline);
    Counter counter = new Counter(_ -> true);
    try (Registration _ = thing.pollee.register(counter, Events.IN, Registration.Mode.EXCLUSIVE)) {
      thing.events.set(Events.IN);
      thing.pollee.invalidate();
      assertThat(thing.poll(Events.IN, null)).isEqualTo(Events.IN);
      int before = thing.checks.get();
      thing.pollee.tellEvents(Events.IN);
      thing.pollee.tellEveryone(Events.IN);
      assertThat(counter.told).hasValue(2);
      assertThat(thing.poll(Events.IN, null)).isEqualTo(Events.IN);
      assertThat(thing.checks.get() - before).isEqualTo(discipline == Discipline.STATELESS ? 1 : 0);
    }
  }

  /** The answer may be the old one; it is not kept. */
  @ParameterizedTest
  @EnumSource
  void aChangeDuringACheckIsNotCoveredUp(Discipline discipline) {
    for (long stamp : new long[] {0, (1L << 45) - 1, 1L << 44}) { // the stamp wraps around
      Thing thing = new Thing(discipline, stamp);
      thing.duringCheck = () -> thing.become(Events.IN);
      int _ = thing.poll(Events.IN, null);
      assertThat(thing.poll(Events.IN, null)).as("stamp %s", stamp).isEqualTo(Events.IN);
      thing.duringCheck = () -> thing.lose(Events.IN);
      thing.pollee.invalidate();
      int _ = thing.poll(Events.IN, null);
      assertThat(thing.poll(Events.IN, null)).as("stamp %s", stamp).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCheckMayPoll(Discipline discipline) {
    Thing thing = new Thing(discipline);
    List<Integer> nested = new ArrayList<>();
    thing.duringCheck =
        () -> {
          thing.become(Events.IN);
          nested.add(thing.poll(Events.IN, null));
        };
    int _ = thing.poll(Events.IN, null);
    assertThat(nested).containsExactly(Events.IN);
    assertThat(thing.poll(Events.IN, null)).isEqualTo(Events.IN);
  }

  @ParameterizedTest
  @EnumSource
  void tellsWhoAsksForIt(Discipline discipline) {
    Thing thing = new Thing(discipline);
    Counter in = new Counter(_ -> true);
    Counter out = new Counter(_ -> true);
    Registration forIn = thing.pollee.register(in, Events.IN, Registration.Mode.SHARED);
    Registration forOut = thing.pollee.register(out, Events.OUT, Registration.Mode.SHARED);
    thing.become(Events.IN);
    assertThat(in.told).hasValue(1);
    assertThat(out.told).hasValue(0);
    thing.become(Events.ERR);
    assertThat(in.last).hasValue(Events.ERR);
    assertThat(out.last).hasValue(Events.ERR);
    forIn.setMask(Events.OUT);
    thing.become(Events.OUT);
    assertThat(in.told).hasValue(3);
    forIn.close();
    forIn.close();
    thing.become(Events.OUT);
    assertThat(in.told).hasValue(3);
    assertThat(out.told).hasValue(3);
    forOut.close();
    assertThat(thing.pollee.observers()).isZero();
  }

  /** One of several is told, each in turn; who does not take it leaves it to the next. */
  @ParameterizedTest
  @EnumSource
  void oneExclusiveObserverIsTold(Discipline discipline) {
    Thing thing = new Thing(discipline);
    List<Counter> counters = new ArrayList<>();
    List<Registration> registrations = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int refuses = i;
      Counter counter = new Counter(_ -> refuses != 1);
      counters.add(counter);
      registrations.add(thing.pollee.register(counter, Events.IN, Registration.Mode.EXCLUSIVE));
    }
    Counter shared = new Counter(_ -> false);
    registrations.add(thing.pollee.register(shared, Events.IN, Registration.Mode.SHARED));
    for (int i = 0; i < 9; i++) {
      thing.become(Events.IN);
    }
    assertThat(shared.told).hasValue(9);
    assertThat(counters.stream().map(each -> each.told.get())).startsWith(3).endsWith(3, 3);
    assertThat(counters.get(1).told.get()).isPositive();
    thing.pollee.notifyEveryone(Events.HUP);
    assertThat(counters.get(0).told).hasValue(4);
    assertThat(counters.get(3).told).hasValue(4);
    registrations.forEach(Registration::close);
    assertThat(thing.pollee.observers()).isZero();
  }

  /** Who is found, and has left by the time it is told, leaves the event to the next. */
  @ParameterizedTest
  @EnumSource
  void aPollerThatIsClosedTakesNothing(Discipline discipline) {
    Thing thing = new Thing(discipline);
    Poller leaving = new Poller(Registration.Mode.EXCLUSIVE);
    Counter last = new Counter(_ -> true);
    Registration first =
        thing.pollee.register(
            _ -> {
              leaving.close();
              return false;
            },
            Events.IN,
            Registration.Mode.EXCLUSIVE);
    assertThat(thing.poll(Events.IN, leaving)).isZero();
    Registration third = thing.pollee.register(last, Events.IN, Registration.Mode.EXCLUSIVE);
    thing.become(Events.IN);
    assertThat(last.told).hasValue(1);
    first.close();
    third.close();
    assertThat(thing.pollee.observers()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void anObserverThatThrowsCostsNobodyElseTheirs(Discipline discipline) {
    Thing thing = new Thing(discipline);
    Counter shared = new Counter(_ -> true);
    Counter exclusive = new Counter(_ -> true);
    Observer faulty =
        _ -> {
          throw new IllegalStateException("planted");
        };
    List<Registration> registrations =
        List.of(
            thing.pollee.register(shared, Events.IN, Registration.Mode.SHARED),
            thing.pollee.register(faulty, Events.IN, Registration.Mode.SHARED),
            thing.pollee.register(exclusive, Events.IN, Registration.Mode.EXCLUSIVE));
    assertThatThrownBy(() -> thing.become(Events.IN)).hasMessage("planted");
    assertThat(shared.told).hasValue(1);
    assertThat(exclusive.told).hasValue(1);
    registrations.forEach(Registration::close);
  }

  /** An observer may do what it likes: no lock is held. */
  @ParameterizedTest
  @EnumSource
  void anObserverMayRegisterCloseAndNotify(Discipline discipline) {
    Thing thing = new Thing(discipline);
    List<Registration> registrations = new ArrayList<>();
    AtomicInteger told = new AtomicInteger();
    registrations.add(
        thing.pollee.register(
            _ -> {
              if (told.incrementAndGet() == 1) {
                registrations.getFirst().close();
                registrations.add(
                    thing.pollee.register(
                        _ -> told.incrementAndGet() > 0, Events.IN, Registration.Mode.SHARED));
                thing.become(Events.IN);
              }
              return true;
            },
            Events.IN,
            Registration.Mode.SHARED));
    thing.become(Events.IN);
    assertThat(told).hasValue(2);
    registrations.getLast().close();
    assertThat(thing.pollee.observers()).isZero();
  }

  @ParameterizedTest
  @MethodSource("disciplinesAndKinds")
  void aWaiterIsWokenAndLeavesNothingBehind(Discipline discipline, ThreadKind kind) {
    Thing thing = new Thing(discipline);
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> thing.await(Events.IN, Deadline.NEVER));
      Crew.until("it is registered", () -> thing.pollee.observers() == 1);
      thing.become(Events.OUT);
      thing.become(Events.IN);
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(thing.pollee.observers()).isZero();
      thing.lose(Events.IN);
      var late = Deadline.after(1, TimeUnit.MILLISECONDS);
      assertThat(crew.start(kind, () -> thing.await(Events.IN, late)).join())
          .isEqualTo(WaitStatus.TIMED_OUT);
      var asleep = crew.start(kind, () -> thing.await(Events.IN, Deadline.NEVER));
      Crew.until("it is registered", () -> thing.pollee.observers() == 1);
      asleep.thread().interrupt();
      assertThat(asleep.join()).isEqualTo(WaitStatus.INTERRUPTED);
      assertThat(thing.pollee.observers()).isZero();
    }
  }

  /** A token goes to and fro: a wake that is lost ends it. */
  @ParameterizedTest
  @MethodSource("disciplinesAndKinds")
  void noWakeIsLost(Discipline discipline, ThreadKind kind) {
    Thing one = new Thing(discipline);
    Thing two = new Thing(discipline);
    try (Crew crew = new Crew()) {
      crew.start(kind, () -> pass(one, two, 1));
      crew.start(kind, () -> pass(two, one, 2));
      one.become(Events.IN);
      crew.joinAll();
    }
  }

  private static Object pass(Thing from, Thing to, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < ROUNDS; i++) {
      assertThat(from.await(Events.IN, Deadline.NEVER)).isEqualTo(WaitStatus.WOKEN);
      from.lose(Events.IN);
      for (int spins = random.nextInt(40); spins > 0; spins--) {
        Thread.onSpinWait();
      }
      to.become(Events.IN);
    }
    return null;
  }

  @Test
  void eventsArePrintedByName() {
    assertThat(Events.describe(0)).isEqualTo("0");
    assertThat(Events.describe(Events.IN | Events.HUP | Events.RDHUP)).isEqualTo("IN|HUP|RDHUP");
    assertThat(Events.describe(0x400 | Events.OUT)).isEqualTo("OUT|0x400");
    assertThat(Events.describe(0x400)).isEqualTo("0x400");
  }

  @Test
  void exclusiveObserversOfDifferentEventsDoNotTakeEachOthers() {
    Thing thing = new Thing(Discipline.HYBRID);
    Counter[] counters = new Counter[4];
    for (int i = 0; i < counters.length; i++) {
      counters[i] = new Counter(_ -> true);
      int mask = i < 2 ? Events.IN : Events.OUT;
      Registration _ = thing.pollee.register(counters[i], mask, Registration.Mode.EXCLUSIVE);
    }
    thing.become(Events.IN | Events.OUT | Events.HUP);
    assertThat(counters).extracting(each -> each.told.get()).containsExactly(1, 0, 1, 0);
    thing.become(Events.OUT);
    assertThat(counters).extracting(each -> each.told.get()).containsExactly(1, 0, 1, 1);
    thing.become(Events.IN);
    assertThat(counters).extracting(each -> each.told.get()).containsExactly(1, 1, 1, 1);
  }
}
