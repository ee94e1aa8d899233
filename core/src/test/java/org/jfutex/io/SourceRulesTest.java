package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.poll.Observer;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ManualTicker;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every source owes its pollee, by random calls: bugs 2, 3, 4 and 5 of docs/linux-parity.md.
 * Sockets: TcpStateTest.
 */
class SourceRulesTest {
  private static final int STEPS = 1_000;

  /** One thing of a kind, with all that polls it; and what can be called, by number. */
  private record Subject(List<? extends Pollable> ends, Calls calls) {}

  /** A call by number; how it answers says whether it was refused, in all disciplines alike. */
  @FunctionalInterface
  private interface Calls {
    long call(int which, SplittableRandom random) throws Exception;
  }

  /** The answer of a call that would have to wait, or that does nothing. */
  private static final long REFUSED = 0;

  private enum Kind {
    PIPE {
      @Override
      Subject make(Discipline discipline) {
        Pipe pipe = new Pipe(discipline);
        return new Subject(
            List.of(pipe.source(), pipe.sink()),
            (which, random) -> {
              int size = 1 + random.nextInt(which < 4 ? Pipe.ATOMIC : 5 * Pipe.ATOMIC);
              return switch (which) {
                case 0, 4, 8 -> pipe.source().tryRead(ByteBuffer.allocate(size));
                case 1, 5, 9 -> pipe.sink().tryWrite(ByteBuffer.allocate(size));
                case 6 -> resize(pipe, Pipe.ATOMIC << random.nextInt(4));
                default -> REFUSED;
              };
            });
      }

      @Override
      int use(int which) {
        return switch (which) {
          case 0 -> Events.IN;
          case 1 -> Events.OUT << SECOND;
          default -> 0;
        };
      }
    },
    COUNTER {
      @Override
      Subject make(Discipline discipline) {
        EventCounter counter = new EventCounter(0, EventCounter.Mode.COUNTER, discipline);
        return new Subject(
            List.of(counter),
            (which, random) ->
                switch (which) {
                  case 0, 3 -> counter.tryTake();
                  case 1 -> counter.tryAdd(1) ? 1 : 0;
                  case 2 -> counter.tryAdd(EventCounter.MAX - random.nextInt(3)) ? 1 : 0;
                  case 4 -> counter.tryAdd(random.nextLong() & -2) ? 1 : 0;
                  default -> REFUSED;
                });
      }

      @Override
      int use(int which) {
        return which == 0 ? Events.IN : which == 1 ? Events.OUT : 0;
      }
    },
    QUEUE {
      @Override
      Subject make(Discipline discipline) {
        BoundedQueue<Integer> queue = new BoundedQueue<>(2, discipline);
        return new Subject(
            List.of(queue),
            (which, _) ->
                switch (which) {
                  case 0 -> queue.tryTake() == null ? 0 : 1;
                  case 1 -> queue.tryPut(1) ? 1 : 0;
                  default -> REFUSED;
                });
      }

      @Override
      int use(int which) {
        return which == 0 ? Events.IN : which == 1 ? Events.OUT : 0;
      }
    },
    TIMER {
      @Override
      Subject make(Discipline discipline) {
        ManualTicker clock = new ManualTicker(1_000_000);
        TimerSource timer = new TimerSource(discipline, clock);
        return new Subject(
            List.of(timer),
            (which, random) ->
                switch (which) {
                  case 0, 5 -> timer.tryTake();
                  case 1 -> arm(timer, clock.nanos(ClockId.MONOTONIC) - random.nextInt(1_000));
                  case 2 -> arm(timer, Long.MAX_VALUE - 1);
                  case 3 -> disarm(timer);
                  default -> REFUSED;
                });
      }

      @Override
      int use(int which) {
        return which == 0 ? Events.IN : 0;
      }
    };

    /** How far the events of the second end are from those of the first, in what a call uses. */
    static final int SECOND = 16;

    abstract Subject make(Discipline discipline);

    /** Of which events a call is the use: with them it succeeds. */
    abstract int use(int which);
  }

  private static long resize(Pipe pipe, int capacity) {
    try {
      return pipe.resize(capacity);
    } catch (ErrnoIOException e) {
      return -e.errno().number();
    }
  }

  /** Its time has come, and it has said so when this returns. */
  private static long arm(TimerSource timer, long nanos) {
    timer.arm(new Deadline(ClockId.MONOTONIC, nanos));
    if (nanos != Long.MAX_VALUE - 1) {
      Crew.until("it has come", () -> timer.poll(Events.IN, null) == Events.IN);
    }
    return 1;
  }

  private static long disarm(TimerSource timer) {
    timer.disarm();
    return 1;
  }

  /**
   * Bug 2: the same calls on three, of which one keeps nothing, so that what it says is what holds;
   * asked again, so that the others answer with what they have kept. Bug 3: what is ready is not
   * refused.
   */
  @ParameterizedTest
  @EnumSource
  void bug2AndBug3WhatIsKeptIsWhatHoldsAndIsNotRefused(Kind kind) throws Exception {
    Map<Discipline, Subject> subjects = new EnumMap<>(Discipline.class);
    for (Discipline each : Discipline.values()) {
      subjects.put(each, kind.make(each));
    }
    SplittableRandom choice = new SplittableRandom(2);
    for (int step = 0; step < STEPS; step++) {
      int which = choice.nextInt(10);
      long seed = choice.nextLong();
      List<Integer> before = masks(subjects.get(Discipline.STATELESS));
      Map<Discipline, Long> answers = new EnumMap<>(Discipline.class);
      for (Map.Entry<Discipline, Subject> each : subjects.entrySet()) {
        answers.put(each.getKey(), each.getValue().calls.call(which, new SplittableRandom(seed)));
      }
      String what = kind + ", call " + which + " of step " + step;
      assertThat(answers.values()).as(what).containsOnly(answers.get(Discipline.STATELESS));
      int use = kind.use(which);
      int held = before.getFirst() | before.getLast() << Kind.SECOND;
      if ((held & use) != 0) {
        assertThat(answers.get(Discipline.STATELESS)).as(what).isNotEqualTo(REFUSED);
      }
      List<Integer> fresh = masks(subjects.get(Discipline.STATELESS));
      for (int again = choice.nextInt(3); again >= 0; again--) {
        for (Map.Entry<Discipline, Subject> each : subjects.entrySet()) {
          assertThat(masks(each.getValue())).as("%s, %s", what, each.getKey()).isEqualTo(fresh);
        }
      }
    }
  }

  private static List<Integer> masks(Subject subject) {
    return subject.ends.stream().map(each -> each.poll(Events.ALL, null)).toList();
  }

  /** Bug 2, where a call can be made once only. */
  @ParameterizedTest
  @EnumSource
  void bug2AnEndIsSeenByAllThatKeep(Discipline discipline) throws Exception {
    CompletableFuture<String> future = new CompletableFuture<>();
    BoundedQueue<String> queue = new BoundedQueue<>(2, discipline);
    Pipe pipe = new Pipe(discipline);
    Pipe other = new Pipe(discipline);
    PollableSemaphore semaphore = new PollableSemaphore(0);
    FutureSource source = new FutureSource(future, discipline);
    assertKept(source, 0);
    assertKept(semaphore, 0);
    assertThat(future.complete("done")).isTrue();
    assertKept(source, Events.IN);
    semaphore.release(2);
    assertKept(semaphore, Events.IN);
    semaphore.acquire();
    assertKept(semaphore, Events.IN);
    assertThat(semaphore.tryAcquire()).isTrue();
    assertKept(semaphore, 0);
    assertThat(queue.tryPut("last")).isTrue();
    assertKept(queue, Events.IN | Events.OUT);
    queue.close();
    assertKept(queue, Events.IN | Events.HUP);
    assertThat(queue.tryTake()).isEqualTo("last");
    assertKept(queue, Events.HUP);
    assertThat(pipe.sink().tryWrite(ByteBuffer.allocate(2))).isEqualTo(2);
    assertKept(pipe.source(), Events.IN);
    pipe.sink().close();
    assertKept(pipe.source(), Events.IN | Events.HUP);
    assertThat(pipe.source().tryRead(ByteBuffer.allocate(9))).isEqualTo(2);
    assertKept(pipe.source(), Events.HUP);
    assertKept(other.sink(), Events.OUT);
    other.source().close();
    assertKept(other.sink(), Events.OUT | Events.ERR);
  }

  private static void assertKept(Pollable source, int events) {
    for (int i = 0; i < 3; i++) {
      assertThat(source.poll(Events.ALL, null))
          .isEqualTo(
              events
                  | ((events & Events.IN) != 0 ? Events.RDNORM : 0)
                  | ((events & Events.OUT) != 0 ? Events.WRNORM : 0));
    }
  }

  /**
   * What tells its observers, and how it is brought to do so; which may be done again and again.
   */
  private enum Teller {
    PIPE_SOURCE(
        discipline -> {
          Pipe pipe = new Pipe(discipline);
          return new Told(
              pipe.source(),
              () -> {
                pipe.sink().tryWrite(ByteBuffer.allocate(1));
                pipe.source().tryRead(ByteBuffer.allocate(8));
              });
        }),
    PIPE_SINK(
        discipline -> {
          Pipe pipe = new Pipe(discipline);
          return new Told(
              pipe.sink(),
              () -> {
                pipe.sink().tryWrite(ByteBuffer.allocate(pipe.capacity()));
                pipe.source().tryRead(ByteBuffer.allocate(pipe.capacity()));
              });
        }),
    PIPE_END(
        discipline -> {
          Pipe pipe = new Pipe(discipline);
          return new Told(pipe.source(), pipe.sink()::close);
        }),
    COUNTER(
        discipline -> {
          EventCounter counter = new EventCounter(0, EventCounter.Mode.COUNTER, discipline);
          return new Told(
              counter,
              () -> {
                counter.tryAdd(1);
                counter.tryTake();
              });
        }),
    QUEUE(
        discipline -> {
          BoundedQueue<Integer> queue = new BoundedQueue<>(1, discipline);
          return new Told(
              queue,
              () -> {
                queue.tryPut(1);
                queue.tryTake();
              });
        }),
    SEMAPHORE(
        _ -> {
          PollableSemaphore semaphore = new PollableSemaphore(0);
          return new Told(
              semaphore,
              () -> {
                semaphore.release();
                boolean _ = semaphore.tryAcquire();
              });
        }),
    FUTURE(
        discipline -> {
          CompletableFuture<Integer> future = new CompletableFuture<>();
          return new Told(new FutureSource(future, discipline), () -> future.complete(1));
        }),
    TIMER(
        discipline -> {
          TimerSource timer = new TimerSource(discipline);
          return new Told(
              timer,
              () -> timer.arm(Deadline.after(0, TimeUnit.SECONDS)),
              () -> { // no timer comes meanwhile: all have one thread, which is held up
                timer.arm(Deadline.after(1, TimeUnit.HOURS));
                assertThat(timer.remainingNanos()).isPositive();
                timer.disarm();
              });
        }),
    EPOLL(
        discipline -> {
          EventCounter counter = new EventCounter(0, EventCounter.Mode.COUNTER, discipline);
          Epoll<String> epoll = new Epoll<>();
          epoll.add(counter, Events.IN, "counter");
          return new Told(
              epoll,
              () -> {
                counter.tryAdd(1);
                counter.tryTake();
                int _ = epoll.awaitEvents(1, Deadline.after(0, TimeUnit.SECONDS)).size();
              });
        });

    private final Function<Discipline, Told> make;

    Teller(Function<Discipline, Told> make) {
      this.make = make;
    }
  }

  /** Something to do that tells the observers of an object, and that can be done meanwhile. */
  private record Told(Pollable object, Action action, Action meanwhile) {
    Told(Pollable object, Action action) {
      this(object, action, action);
    }

    @FunctionalInterface
    interface Action {
      void run() throws Exception;
    }
  }

  /**
   * Bug 5: who is told holds up the call that tells it until another thread has used the object in
   * all ways, which could not be if the call held a lock that any of them takes.
   */
  @ParameterizedTest
  @EnumSource
  void bug5WhoIsToldIsToldWithNoLockHeld(Teller teller) throws Exception {
    for (Discipline discipline : Discipline.values()) {
      Told told = teller.make.apply(discipline);
      AtomicBoolean isUsed = new AtomicBoolean();
      AtomicBoolean isFirst = new AtomicBoolean(true);
      Pollee pollee = told.object.pollee();
      try (var _ =
          pollee.register(
              _ -> {
                if (isFirst.getAndSet(false)) { // those of the other thread are let go
                  inAnotherThread(() -> use(told));
                  isUsed.set(true);
                }
                return true;
              },
              Events.IN | Events.OUT,
              Registration.Mode.SHARED)) {
        told.action.run();
        Crew.until("it was told, and the object used", isUsed::get);
      }
      assertThat(pollee.isObserved()).isFalse();
    }
  }

  private static void inAnotherThread(Callable<Object> body) {
    try (Crew crew = new Crew()) {
      crew.start(body).join();
    }
  }

  private static Object use(Told told) throws Exception {
    pollAndRegister(told.object);
    told.meanwhile.run();
    pollAndRegister(told.object);
    return null;
  }

  private static void pollAndRegister(Pollable object) {
    int _ = object.poll(Events.ALL, null);
    try (var registration =
        object.pollee().register(_ -> false, Events.IN, Registration.Mode.EXCLUSIVE)) {
      registration.setMask(Events.OUT);
      object.pollee().invalidate();
      int _ = object.poll(Events.ALL, null);
    }
  }

  /** Bug 5: two pipes, each of whose observers writes to the other, by two threads at once. */
  @ParameterizedTest
  @EnumSource
  void bug5ObserversThatCallEachOtherDoNotMeet(ThreadKind kind) throws Exception {
    Pipe one = new Pipe();
    Pipe two = new Pipe();
    int writes = 1_000;
    Observer toTwo = _ -> pass(two);
    Observer toOne = _ -> pass(one);
    Registration first = one.source().pollee().register(toTwo, Events.IN, Registration.Mode.SHARED);
    Registration second =
        two.source().pollee().register(toOne, Events.IN, Registration.Mode.SHARED);
    try (Crew crew = new Crew()) {
      for (Pipe each : List.of(one, two)) {
        crew.start(
            kind,
            () -> {
              for (int i = 0; i < writes; i++) {
                int _ = each.sink().tryWrite(ByteBuffer.allocate(1));
              }
              return null;
            });
      }
      crew.joinAll();
    }
    first.close(); // not if they have met: it would wait as well
    second.close();
  }

  /** Depth of the calls of a thread that are within each other. */
  private static final ThreadLocal<Integer> DEPTH = ThreadLocal.withInitial(() -> 0);

  private static boolean pass(Pipe next) {
    int depth = DEPTH.get();
    if (depth < 4) {
      DEPTH.set(depth + 1);
      try {
        int _ = next.sink().tryWrite(ByteBuffer.allocate(1));
        int _ = next.source().tryRead(ByteBuffer.allocate(2));
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      } finally {
        DEPTH.set(depth);
      }
    }
    return true;
  }

  /** Bug 3, with sources of all kinds in one epoll: what it reports is there. */
  @ParameterizedTest
  @EnumSource
  void bug3WhatAnEpollReportsIsThere(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    EventCounter counter = new EventCounter();
    BoundedQueue<Integer> queue = new BoundedQueue<>(4);
    int rounds = 2_000;
    Epoll<TryTake> epoll = new Epoll<>();
    epoll.add(pipe.source(), Events.IN, () -> pipe.source().tryRead(ByteBuffer.allocate(1)));
    epoll.add(counter, Events.IN, counter::tryTake);
    epoll.add(queue, Events.IN, () -> queue.tryTake() == null ? 0 : 1);
    try (Crew crew = new Crew()) {
      crew.start(
          kind,
          () -> {
            for (int i = 0; i < rounds; i++) {
              pipe.sink().write(ByteBuffer.allocate(1));
              counter.add(1);
              queue.put(i);
            }
            return null;
          });
      var reader =
          crew.start(
              kind,
              () -> {
                long taken = 0;
                int refused = 0;
                while (taken < 3L * rounds) {
                  for (Epoll.Ready<TryTake> each : epoll.awaitEvents(2, Deadline.NEVER)) {
                    long got = each.data().tryTake();
                    taken += got;
                    refused += got == 0 ? 1 : 0;
                  }
                }
                return refused;
              });
      assertThat(reader.join()).isZero();
      crew.joinAll();
    }
  }

  @FunctionalInterface
  private interface TryTake {
    long tryTake() throws Exception;
  }
}
