package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The counter, by itself and beside eventfd. */
class EventCounterTest {
  static final java.util.List<Arguments> ALL = PipeBlockingTest.ALL;

  private static final int STEPS = 3_000;
  private static final int ASKED = 0xff & ~0x40 | 0x2000;

  private final Crew crew = new Crew();

  @org.junit.jupiter.api.AfterEach
  void end() {
    crew.close();
  }

  private static EventCounter counter(long count, Discipline discipline) {
    return new EventCounter(count, EventCounter.Mode.COUNTER, discipline);
  }

  private static int mask(EventCounter counter) {
    return counter.poll(Events.IN | Events.OUT, null);
  }

  private static <T> Crew.Job<T> asleep(Crew.Job<T> job) {
    Crew.until("asleep", () -> job.thread().getState() == Thread.State.WAITING);
    return job;
  }

  @ParameterizedTest
  @EnumSource
  void countsAndIsTakenAtOnce(Discipline discipline) {
    EventCounter counter = counter(10, discipline);
    assertThat(mask(counter)).isEqualTo(Events.IN | Events.OUT);
    assertThat(counter.tryAdd(5)).isTrue();
    assertThat(counter.count()).isEqualTo(15);
    assertThat(counter.tryTake()).isEqualTo(15);
    assertThat(mask(counter)).isEqualTo(Events.OUT);
    assertThat(counter.tryTake()).isZero();
    assertThat(new EventCounter().count()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aSemaphoreIsTakenOneByOne(Discipline discipline) {
    EventCounter counter = new EventCounter(0, EventCounter.Mode.SEMAPHORE, discipline);
    counter.tryAdd(2);
    assertThat(counter.tryTake()).isEqualTo(1);
    assertThat(mask(counter)).isEqualTo(Events.IN | Events.OUT);
    assertThat(counter.tryTake()).isEqualTo(1);
    assertThat(counter.tryTake()).isZero();
    assertThat(mask(counter)).isEqualTo(Events.OUT);
  }

  @ParameterizedTest
  @EnumSource
  void hasALimit(Discipline discipline) {
    EventCounter counter = counter(EventCounter.MAX - 1, discipline);
    assertThat(mask(counter)).isEqualTo(Events.IN | Events.OUT);
    assertThat(counter.tryAdd(2)).isFalse();
    assertThat(counter.tryAdd(1)).isTrue();
    assertThat(mask(counter)).isEqualTo(Events.IN);
    assertThat(counter.tryAdd(0)).isTrue();
    assertThat(counter.tryAdd(EventCounter.MAX)).isFalse();
    assertThat(counter.tryTake()).isEqualTo(EventCounter.MAX);
    assertThatThrownBy(() -> counter.tryAdd(-1))
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    assertThatThrownBy(() -> counter(-1, discipline)).isInstanceOf(FutexException.class);
  }

  /** miri 4676: tokio relies on it. */
  @ParameterizedTest
  @EnumSource
  void bug21EachAdditionIsAnEdge(Discipline discipline) {
    EventCounter counter = counter(0, discipline);
    AtomicInteger in = new AtomicInteger();
    AtomicInteger out = new AtomicInteger();
    try (var _ =
            counter
                .pollee()
                .register(_ -> in.incrementAndGet() > 0, Events.IN, Registration.Mode.SHARED);
        var _ =
            counter
                .pollee()
                .register(_ -> out.incrementAndGet() > 0, Events.OUT, Registration.Mode.SHARED)) {
      counter.tryAdd(1);
      counter.tryAdd(1);
      assertThat(in).hasValue(2);
      assertThat(out).hasValue(0);
      assertThat(counter.tryTake()).isEqualTo(2);
      assertThat(out).hasValue(1);
      assertThat(in).hasValue(2);
    }
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void waitsForWhatIsMissing(Discipline discipline, ThreadKind kind) {
    EventCounter counter = counter(0, discipline);
    var taker = asleep(crew.start(kind, () -> counter.take()));
    counter.tryAdd(3);
    assertThat(taker.join()).isEqualTo(3);
    counter.tryAdd(EventCounter.MAX);
    var adder =
        asleep(
            crew.start(
                kind,
                () -> {
                  counter.add(7);
                  return true;
                }));
    assertThat(counter.tryTake()).isEqualTo(EventCounter.MAX);
    assertThat(adder.join()).isTrue();
    assertThat(counter.count()).isEqualTo(7);
  }

  /** As eventfd_write: who needs more room than there is does not keep it from who needs less. */
  @ParameterizedTest
  @FieldSource("ALL")
  void whoNeedsMoreDoesNotKeepARoomFromWhoNeedsLess(Discipline discipline, ThreadKind kind) {
    EventCounter counter =
        new EventCounter(EventCounter.MAX, EventCounter.Mode.SEMAPHORE, discipline);
    var much = asleep(crew.start(kind, () -> counter.tryAdd(2, Deadline.NEVER)));
    var little = asleep(crew.start(kind, () -> counter.tryAdd(1, Deadline.NEVER)));
    assertThat(counter.tryTake()).isEqualTo(1);
    assertThat(little.join()).isTrue();
    assertThat(counter.tryTake()).isEqualTo(1);
    assertThat(counter.tryTake()).isEqualTo(1);
    assertThat(much.join()).isTrue();
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void anInterruptOrADeadlineEndsAWait(Discipline discipline, ThreadKind kind) {
    EventCounter counter = counter(0, discipline);
    var taker = asleep(crew.start(kind, () -> isInterrupted(counter)));
    taker.thread().interrupt();
    assertThat(taker.join()).isTrue();
    var early =
        crew.start(
            kind,
            () -> {
              Thread.currentThread().interrupt();
              return isInterrupted(counter);
            });
    assertThat(early.join()).isTrue();
    var late =
        crew.start(
            kind,
            () -> {
              long taken = counter.tryTake(Deadline.after(Delays.SHORT));
              boolean isAdded = counter.tryAdd(EventCounter.MAX);
              return taken == 0 && isAdded && !counter.tryAdd(1, Deadline.after(Delays.SHORT));
            });
    assertThat(late.join()).isTrue();
  }

  private static boolean isInterrupted(EventCounter counter) {
    try {
      return counter.take() < 0;
    } catch (InterruptedException e) {
      return !Thread.currentThread().isInterrupted();
    }
  }

  /** All that is added is taken, once; what is ready is not refused to the only taker. */
  @ParameterizedTest
  @FieldSource("ALL")
  void bug03NothingIsLostOrRefused(Discipline discipline, ThreadKind kind) {
    int each = 20_000;
    EventCounter counter = counter(0, discipline);
    for (int i = 0; i < 2; i++) {
      crew.start(
          kind,
          () -> {
            for (int k = 0; k < each; k++) {
              counter.add(1);
            }
            return true;
          });
    }
    var taker =
        crew.start(
            kind,
            () -> {
              int refused = 0;
              for (long sum = 0; sum < 2 * each; ) {
                counter.await(Events.IN, Deadline.NEVER);
                long taken = counter.tryTake();
                sum += taken;
                refused += taken == 0 ? 1 : 0;
              }
              return refused;
            });
    assertThat(taker.join()).isZero();
    assertThat(counter.count()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void everyStepIsAsEventfds(Discipline discipline) {
    try (Kernel kernel = new Kernel()) {
      for (EventCounter.Mode mode : EventCounter.Mode.values()) {
        int fd =
            Kernel.eventCounter(7, mode == EventCounter.Mode.SEMAPHORE ? Kernel.EFD_SEMAPHORE : 0);
        int epoll = Kernel.epoll();
        try {
          kernel.add(epoll, fd);
          compare(kernel, fd, epoll, new EventCounter(7, mode, discipline));
        } finally {
          Kernel.close(epoll);
          Kernel.close(fd);
        }
      }
    }
  }

  private static void compare(Kernel kernel, int fd, int epoll, EventCounter ours) {
    SplittableRandom random = new SplittableRandom(fd);
    boolean[] told = {true};
    try (var _ = ours.pollee().register(_ -> told[0] = true, ASKED, Registration.Mode.SHARED)) {
      for (int step = 0; step < STEPS; step++) {
        if (random.nextInt(5) < 2) {
          Long theirs = kernel.take(fd);
          assertThat(ours.tryTake()).isEqualTo(theirs == null ? 0 : theirs);
        } else {
          long value =
              switch (random.nextInt(4)) {
                case 0 -> random.nextInt(3);
                case 1 -> EventCounter.MAX - random.nextInt(3);
                case 2 -> random.nextLong() & -2;
                default -> 1;
              };
          boolean isAdded = kernel.add(fd, value) == Long.BYTES;
          assertThat(ours.tryAdd(value)).as("step %s: add %s", step, value).isEqualTo(isAdded);
        }
        assertThat(ours.poll(ASKED, null)).as("step %s", step).isEqualTo(kernel.poll(fd));
        int edge = kernel.edge(epoll);
        assertThat(told[0] ? ours.poll(ASKED, null) : 0).as("edge %s", step).isEqualTo(edge);
        told[0] = false;
      }
    }
  }
}
