package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.io.EventCounter;
import org.jfutex.io.FixedSource;
import org.jfutex.io.Pipe;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The cases of the public suites for poll, ppoll, select and pselect, with real sources; which is
 * which is in docs/linux-parity.md.
 */
class PollSuiteTest {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);

  /** What holds at the only place of a set once it is ready. */
  private static int pollOne(Pollable object, int mask, Deadline deadline)
      throws InterruptedException {
    PollSet set = new PollSet();
    int place = set.add(object, mask);
    int count = set.poll(deadline);
    assertThat(set.events(place)).as("what is of interest").isEqualTo(mask);
    assertThat(count).isEqualTo(set.revents(place) == 0 ? 0 : 1);
    return set.revents(place);
  }

  private static Crew.Job<Integer> start(Crew crew, ThreadKind kind, Pollable object, int mask) {
    var job = crew.start(kind, () -> pollOne(object, mask, Deadline.NEVER));
    Crew.until("it sleeps", object.pollee()::isObserved);
    return job;
  }

  private static void write(Pipe pipe, int bytes) throws IOException {
    assertThat(pipe.sink().tryWrite(ByteBuffer.allocate(bytes))).isEqualTo(bytes);
  }

  private static void read(Pipe pipe, int bytes) throws IOException {
    assertThat(pipe.source().tryRead(ByteBuffer.allocate(bytes))).isEqualTo(bytes);
  }

  private static Pipe full() throws IOException {
    Pipe pipe = new Pipe();
    write(pipe, pipe.capacity());
    return pipe;
  }

  private static BitSet bits(int... places) {
    BitSet set = new BitSet();
    for (int place : places) {
      set.set(place);
    }
    return set;
  }

  @ParameterizedTest
  @ValueSource(ints = {Events.IN, Events.RDNORM, Events.IN | Events.RDNORM})
  void whatWasWrittenIsThereToBeRead(int mask) throws Exception {
    Pipe pipe = new Pipe();
    assertThat(pollOne(pipe.source(), mask, NOW)).isZero();
    write(pipe, 5);
    assertThat(pollOne(pipe.source(), mask, NOW)).isEqualTo(mask);
    assertThat(pollOne(pipe.source(), mask, Deadline.NEVER)).isEqualTo(mask);
    for (ThreadKind kind : ThreadKind.values()) {
      Pipe later = new Pipe();
      try (Crew crew = new Crew()) {
        var waits = start(crew, kind, later.source(), mask);
        write(later, 5);
        assertThat(waits.join()).isEqualTo(mask);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Events.OUT, Events.WRNORM, Events.OUT | Events.WRNORM})
  void aNewPipeCanBeWrittenTo(int mask) throws Exception {
    Pipe pipe = new Pipe();
    assertThat(pollOne(pipe.sink(), mask, NOW)).isEqualTo(mask);
    assertThat(pollOne(pipe.sink(), mask, Deadline.NEVER)).isEqualTo(mask);
    for (ThreadKind kind : ThreadKind.values()) {
      Pipe full = full();
      assertThat(pollOne(full.sink(), mask, NOW)).isZero();
      try (Crew crew = new Crew()) {
        var waits = start(crew, kind, full.sink(), mask);
        read(full, Pipe.ATOMIC);
        assertThat(waits.join()).isEqualTo(mask);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theEndIsAHangUpAndNoData(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    try (Crew crew = new Crew()) {
      var waits = start(crew, kind, pipe.source(), Events.IN);
      pipe.sink().close();
      assertThat(waits.join()).isEqualTo(Events.HUP);
    }
    assertThat(pollOne(pipe.source(), Events.IN, NOW)).isEqualTo(Events.HUP);
    Pipe holding = new Pipe();
    write(holding, 1);
    holding.sink().close();
    assertThat(pollOne(holding.source(), Events.IN, NOW)).isEqualTo(Events.IN | Events.HUP);
  }

  @ParameterizedTest
  @EnumSource
  void aPipeThatNobodyReadsIsAnError(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    pipe.source().close();
    assertThat(pollOne(pipe.sink(), Events.OUT, NOW)).isEqualTo(Events.OUT | Events.ERR);
    Pipe full = full();
    try (Crew crew = new Crew()) {
      var waits = start(crew, kind, full.sink(), Events.OUT);
      full.source().close();
      assertThat(waits.join()).as("there is no room").isEqualTo(Events.ERR);
    }
  }

  @Test
  void readinessThatIsNotAskedForEndsNoWait() throws InterruptedException {
    Pipe pipe = new Pipe();
    int mask = Events.IN | Events.PRI | Events.RDHUP;
    assertThat(pollOne(pipe.sink(), mask, Deadline.after(Delays.SHORT))).isZero();
    assertThat(pollOne(pipe.sink(), Events.OUT, NOW)).isEqualTo(Events.OUT);
  }

  @Test
  void whatIsLeftIsStillThere() throws Exception {
    Pipe pipe = new Pipe();
    write(pipe, 2);
    assertThat(pollOne(pipe.source(), Events.IN, Deadline.NEVER)).isEqualTo(Events.IN);
    read(pipe, 1);
    assertThat(pollOne(pipe.source(), Events.IN, Deadline.NEVER)).isEqualTo(Events.IN);
    read(pipe, 1);
    assertThat(pollOne(pipe.source(), Events.IN, NOW)).isZero();
  }

  @Test
  void thereMayBeManyPlaces() throws InterruptedException {
    EventCounter counter = new EventCounter();
    PollSet set = new PollSet();
    for (int i = 1; i <= 10_000; i++) {
      int _ = set.add(counter, Events.OUT);
      if (i == 1 || i == 5_000 || i == 10_000) {
        assertThat(set.poll(Deadline.NEVER)).isEqualTo(i);
      }
    }
  }

  @Test
  void aFileIsReadyForEverything() throws InterruptedException {
    int both = Events.IN | Events.OUT;
    assertThat(pollOne(FixedSource.ALWAYS, both | Events.PRI | Events.RDHUP, Deadline.NEVER))
        .isEqualTo(both);
    PollSet set = new PollSet();
    int _ = set.add(FixedSource.ALWAYS, 0);
    BitSet readable = bits(0);
    BitSet writable = bits(0);
    BitSet exceptional = bits(0);
    assertThat(set.select(1, readable, writable, exceptional, Deadline.NEVER)).isEqualTo(2);
    assertThat(List.of(readable, writable, exceptional)).containsExactly(bits(0), bits(0), bits());
  }

  /** A closed object is counted as the others, which are reported beside it. */
  @Test
  void aClosedObjectIsOneOfThree() throws Exception {
    Pipe pipe = new Pipe();
    Pipe closed = new Pipe();
    write(pipe, 1);
    closed.source().close();
    PollSet set = new PollSet();
    for (Pollable each : List.of(pipe.source(), closed.source(), pipe.sink())) {
      int _ = set.add(each, Events.IN | Events.OUT);
    }
    assertThat(set.poll(NOW)).isEqualTo(3);
    assertThat(set.revents(0)).isEqualTo(Events.IN);
    assertThat(set.revents(1)).isEqualTo(Events.NVAL);
    assertThat(set.revents(2)).isEqualTo(Events.OUT);
  }

  /** The results of the poll before are gone too. */
  @ParameterizedTest
  @EnumSource
  void anInterruptLeavesNothingButTheInterest(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    PollSet set = new PollSet();
    int place = set.add(pipe.source(), Events.IN);
    int empty = set.add(pipe.source(), Events.IN);
    write(pipe, 1);
    assertThat(set.poll(NOW)).isEqualTo(2);
    set.set(empty, null, Events.IN);
    read(pipe, 1);
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> isInterrupted(() -> set.poll(Deadline.NEVER)));
      Crew.until("it sleeps", pipe.source().pollee()::isObserved);
      waits.thread().interrupt();
      assertThat(waits.join()).isTrue();
    }
    for (int each : new int[] {place, empty}) {
      assertThat(set.revents(each)).isZero();
      assertThat(set.events(each)).isEqualTo(Events.IN);
    }
  }

  /** A call that may be interrupted. */
  @FunctionalInterface
  private interface Call {
    int call() throws InterruptedException;
  }

  private static boolean isInterrupted(Call call) {
    try {
      int result = call.call();
      throw new AssertionError("returned " + result);
    } catch (InterruptedException e) {
      return !Thread.currentThread().isInterrupted();
    }
  }

  @ParameterizedTest
  @EnumSource
  void withNothingToLookAtItSleeps(ThreadKind kind) {
    try (Crew crew = new Crew()) {
      var poll = crew.start(kind, () -> isInterrupted(() -> new PollSet().poll(Deadline.NEVER)));
      var select =
          crew.start(
              kind,
              () -> isInterrupted(() -> new PollSet().select(1, null, null, null, Deadline.NEVER)));
      poll.thread().interrupt();
      select.thread().interrupt();
      assertThat(poll.join() && select.join()).isTrue();
    }
  }

  /** Not before its time, over what is never ready, and at once if there is none. */
  @Test
  void aDeadlineIsKept() throws Exception {
    Pipe pipe = new Pipe();
    EventCounter counter = new EventCounter();
    PollSet set = new PollSet();
    for (Pollable each : List.of(FixedSource.NEVER, pipe.source(), counter)) {
      int _ = set.add(each, Events.IN);
    }
    for (long micros : new long[] {0, 1, 100, 1_000, 5_000, 20_000}) {
      Duration time = Duration.ofNanos(1_000 * micros);
      assertSleeps(time, () -> set.poll(Deadline.after(time)));
      assertSleeps(time, () -> set.select(3, bits(0, 1, 2), null, bits(1), Deadline.after(time)));
      assertSleeps(time, () -> new PollSet().poll(Deadline.after(time)));
      assertSleeps(time, () -> new PollSet().select(0, null, null, null, Deadline.after(time)));
    }
  }

  private static void assertSleeps(Duration time, Call call) throws InterruptedException {
    long start = System.nanoTime();
    assertThat(call.call()).isZero();
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(time.toNanos());
  }

  @Test
  void selectClearsTheBitsOfWhatIsNotReady() throws Exception {
    Pipe empty = new Pipe();
    Pipe full = full();
    PollSet set = new PollSet();
    for (Pollable each : List.of(empty.source(), full.sink(), full.source(), empty.sink())) {
      int _ = set.add(each, 0);
    }
    BitSet readable = bits(0);
    BitSet writable = bits(1);
    assertThat(set.select(4, readable, writable, null, Deadline.after(Delays.SHORT))).isZero();
    assertThat(List.of(readable, writable)).containsExactly(bits(), bits());
    readable = bits(0, 2);
    writable = bits(1, 3);
    assertThat(set.select(4, readable, writable, null, NOW)).isEqualTo(2);
    assertThat(List.of(readable, writable)).containsExactly(bits(2), bits(3));
  }

  @ParameterizedTest
  @EnumSource
  void selectIsWokenAndInterrupted(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    PollSet set = new PollSet();
    int _ = set.add(pipe.source(), 0);
    BitSet readable = bits(0, 5);
    try (Crew crew = new Crew()) {
      var interrupted =
          crew.start(
              kind, () -> isInterrupted(() -> set.select(1, readable, null, null, Deadline.NEVER)));
      Crew.until("it sleeps", pipe.source().pollee()::isObserved);
      interrupted.thread().interrupt();
      assertThat(interrupted.join()).isTrue();
      assertThat(readable).as("not written to").isEqualTo(bits(0, 5));
      var woken = crew.start(kind, () -> set.select(1, readable, null, null, Deadline.NEVER));
      Crew.until("it sleeps", pipe.source().pollee()::isObserved);
      write(pipe, 1);
      assertThat(woken.join()).isEqualTo(1);
      assertThat(readable).as("5 is not below the count").isEqualTo(bits(0, 5));
    }
  }

  @Test
  void wrongArgumentsOfSelectAreRefused() throws InterruptedException {
    PollSet set = new PollSet();
    int _ = set.add(FixedSource.ALWAYS, 0);
    for (int count : new int[] {-1, -100_000, Integer.MIN_VALUE}) {
      assertFails(Errno.EINVAL, () -> set.select(count, null, null, null, Deadline.NEVER));
    }
    for (int which = 0; which < 3; which++) {
      BitSet[] sets = new BitSet[3];
      sets[which] = bits(0, 7);
      assertFails(Errno.EBADF, () -> set.select(8, sets[0], sets[1], sets[2], Deadline.NEVER));
      assertThat(sets[which]).isEqualTo(bits(0, 7));
    }
    BitSet above = new BitSet();
    above.set(1, 1_024);
    assertThat(set.select(1, above, null, null, NOW)).as("bits from the count on").isZero();
    assertThat(above.cardinality()).isEqualTo(1_023);
  }

  private static void assertFails(Errno errno, Call call) {
    assertThatThrownBy(call::call)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
