package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.io.BoundedQueue;
import org.jfutex.io.EventCounter;
import org.jfutex.io.FixedSource;
import org.jfutex.io.FutureSource;
import org.jfutex.io.Pipe;
import org.jfutex.io.PollableSemaphore;
import org.jfutex.io.ProcessExit;
import org.jfutex.io.TcpListener;
import org.jfutex.io.TcpStream;
import org.jfutex.io.TimerSource;
import org.jfutex.io.Transport;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The cases of the public suites for epoll, with real sources; which is which is in
 * docs/linux-parity.md.
 */
class EpollSuiteTest {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);
  private static final int MANY = 16;
  private static final Duration FAR = Duration.ofHours(1);

  /** What a wait that does not sleep reports, in order. */
  private static List<Integer> masks(Epoll<?> epoll) throws InterruptedException {
    return epoll.awaitEvents(MANY, NOW).stream().map(Epoll.Ready::events).toList();
  }

  private static <T> List<T> ready(Epoll<T> epoll) throws InterruptedException {
    return data(epoll.awaitEvents(MANY, NOW));
  }

  private static <T> List<T> data(List<Epoll.Ready<T>> found) {
    return found.stream().map(Epoll.Ready::data).toList();
  }

  private static <T> Crew.Job<List<Epoll.Ready<T>>> start(
      Crew crew, ThreadKind kind, Epoll<T> epoll) {
    int before = epoll.waiters();
    var job = crew.start(kind, () -> epoll.awaitEvents(MANY, Deadline.NEVER));
    Crew.until("it sleeps", () -> epoll.waiters() == before + 1);
    return job;
  }

  private static void write(Pipe pipe, int bytes) throws Exception {
    assertThat(pipe.sink().tryWrite(ByteBuffer.allocate(bytes))).isEqualTo(bytes);
  }

  private static void read(Pipe pipe, int bytes) throws Exception {
    assertThat(pipe.source().tryRead(ByteBuffer.allocate(bytes))).isEqualTo(bytes);
  }

  private static void assertFails(Errno errno, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void allThatIsReadyIsReportedWithWhatItIsReadyFor() throws InterruptedException {
    Epoll<Integer> epoll = new Epoll<>();
    List<EventCounter> counters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      counters.add(new EventCounter());
      epoll.add(counters.get(i), Events.IN | Events.OUT, i);
    }
    assertThat(masks(epoll)).containsExactly(Events.OUT, Events.OUT, Events.OUT);
    assertThat(counters.getLast().tryAdd(1)).isTrue();
    assertThat(masks(epoll)).containsExactly(Events.OUT, Events.OUT, Events.OUT | Events.IN);
    assertThat(ready(epoll)).containsExactly(0, 1, 2);
    assertThat(counters.getLast().tryAdd(EventCounter.MAX - 1)).isTrue();
    assertThat(masks(epoll)).containsExactly(Events.OUT, Events.OUT, Events.IN);
    assertThat(counters.getLast().tryTake()).isEqualTo(EventCounter.MAX);
    assertThat(masks(epoll)).containsExactly(Events.OUT, Events.OUT, Events.OUT);
  }

  @Test
  void aDeadlineIsKept() throws InterruptedException {
    Epoll<Integer> some = new Epoll<>();
    for (int i = 0; i < 3; i++) {
      some.add(new EventCounter(), Events.IN, i);
    }
    for (Epoll<Integer> epoll : List.of(some, new Epoll<Integer>())) {
      for (long micros : new long[] {0, 1, 100, 1_000, 20_000}) {
        Duration time = Duration.ofNanos(1_000 * micros);
        long start = System.nanoTime();
        assertThat(epoll.awaitEvents(MANY, Deadline.after(time))).isEmpty();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(time.toNanos());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void anEventAndANewObjectEndAWait(ThreadKind kind) {
    Epoll<String> epoll = new Epoll<>();
    EventCounter counter = new EventCounter();
    epoll.add(counter, Events.IN, "old");
    try (Crew crew = new Crew()) {
      var event = start(crew, kind, epoll);
      assertThat(counter.tryAdd(1)).isTrue();
      assertThat(data(event.join())).containsExactly("old");
      assertThat(counter.tryTake()).isEqualTo(1);
      var object = start(crew, kind, epoll);
      epoll.add(new EventCounter(), Events.IN | Events.OUT, "new");
      assertThat(data(object.join())).containsExactly("new");
    }
  }

  @Test
  void aPipeIsReportedAsItIsAddedModifiedAndRemoved() throws Exception {
    Epoll<String> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    epoll.add(pipe.sink(), Events.OUT, "sink");
    epoll.add(pipe.source(), Events.OUT, "source"); // which never is
    assertThat(ready(epoll)).containsExactly("sink");
    write(pipe, 1);
    assertThat(ready(epoll)).containsExactly("sink");
    epoll.modify(pipe.source(), Events.IN, "source, to read");
    assertThat(ready(epoll)).containsExactlyInAnyOrder("sink", "source, to read");
    read(pipe, 1);
    assertThat(ready(epoll)).containsExactly("sink");
    write(pipe, 1);
    epoll.remove(pipe.sink());
    assertThat(ready(epoll)).containsExactly("source, to read");
    epoll.modify(pipe.source(), 0, "nothing");
    assertThat(ready(epoll)).isEmpty();
    epoll.remove(pipe.source());
    assertFails(Errno.ENOENT, () -> epoll.remove(pipe.source()));
  }

  @Test
  void anyEventsMayBeOfInterest() throws Exception {
    int[] all = {
      Events.IN,
      Events.OUT,
      Events.PRI,
      Events.ERR,
      Events.HUP,
      Epoll.ET,
      Epoll.ONESHOT,
      Events.RDHUP
    };
    Epoll<Integer> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    write(pipe, 1);
    epoll.add(pipe.source(), Events.IN, -1);
    for (int set = 0; set < 1 << all.length; set++) {
      int interest = 0;
      for (int i = 0; i < all.length; i++) {
        interest |= (set & 1 << i) != 0 ? all[i] : 0;
      }
      epoll.modify(pipe.source(), interest, set);
      List<Epoll.Ready<Integer>> found = epoll.awaitEvents(MANY, NOW);
      assertThat(data(found)).isEqualTo((interest & Events.IN) != 0 ? List.of(set) : List.of());
      boolean isSilent = (interest & (Epoll.ET | Epoll.ONESHOT)) != 0;
      assertThat(ready(epoll)).hasSize(isSilent ? 0 : found.size());
    }
  }

  /** Full with one page in it: the end to write to is ready when nothing of that is left. */
  @Test
  void edgesOfAPipeAreNewDataAndRoom() throws Exception {
    Epoll<String> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    assertThat(pipe.resize(Pipe.ATOMIC)).isEqualTo(Pipe.ATOMIC);
    epoll.add(pipe.source(), Events.IN | Epoll.ET, "source");
    epoll.add(pipe.sink(), Events.OUT | Epoll.ET, "sink");
    write(pipe, Pipe.ATOMIC);
    assertThat(ready(epoll)).containsExactly("source");
    read(pipe, Pipe.ATOMIC / 2);
    assertThat(ready(epoll)).isEmpty();
    read(pipe, Pipe.ATOMIC / 2);
    assertThat(ready(epoll)).containsExactly("sink");
    write(pipe, 1);
    assertThat(ready(epoll)).containsExactly("source");
    write(pipe, 1);
    assertThat(ready(epoll)).as("one more byte is news").containsExactly("source");
    assertThat(ready(epoll)).isEmpty();
  }

  @Test
  void anEdgeOfACounterAndOneShots() throws InterruptedException {
    Epoll<String> epoll = new Epoll<>();
    EventCounter counter = new EventCounter();
    epoll.add(counter, Events.OUT | Epoll.ET, "edge");
    for (int i = 0; i < 2; i++) {
      assertThat(ready(epoll)).containsExactly("edge");
      assertThat(ready(epoll)).isEmpty();
      assertThat(counter.tryAdd(EventCounter.MAX)).isTrue();
      assertThat(ready(epoll)).isEmpty();
      assertThat(counter.tryTake()).isEqualTo(EventCounter.MAX);
    }
    for (int flags : new int[] {Epoll.ONESHOT, Epoll.ONESHOT | Epoll.ET}) {
      epoll.modify(counter, Events.OUT | flags, "once");
      assertThat(ready(epoll)).containsExactly("once");
      assertThat(counter.tryAdd(EventCounter.MAX)).isTrue();
      assertThat(counter.tryTake()).isEqualTo(EventCounter.MAX);
      assertThat(ready(epoll)).isEmpty();
    }
  }

  @Test
  void oneShotsOfAPipeAreArmedAgain() throws Exception {
    Epoll<String> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    epoll.add(pipe.source(), Events.IN | Epoll.ONESHOT, "first");
    write(pipe, 1);
    assertThat(ready(epoll)).containsExactly("first");
    write(pipe, 1);
    assertThat(ready(epoll)).isEmpty();
    epoll.modify(pipe.source(), Events.IN | Epoll.ONESHOT, "second");
    assertThat(ready(epoll)).containsExactly("second");
    assertThat(ready(epoll)).isEmpty();
  }

  @Test
  void epollsInACircleAreRefused() {
    Epoll<String> one = new Epoll<>();
    assertFails(Errno.EINVAL, () -> one.add(one, Events.OUT, "itself"));
    Epoll<String> two = new Epoll<>();
    one.add(two, Events.IN, "two");
    assertFails(Errno.ELOOP, () -> two.add(one, Events.IN, "one"));
    Epoll<String> three = new Epoll<>();
    two.add(three, Events.IN, "three");
    assertFails(Errno.ELOOP, () -> three.add(one, Events.IN, "one"));
    assertThat(three.size()).isZero();
  }

  /** Through five; a sixth is ELOOP on Linux 6.18, with and without something below the first. */
  @ParameterizedTest
  @EnumSource
  void anEventGoesUpAChain(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    List<Epoll<String>> chain = new ArrayList<>();
    Pollable below = pipe.source();
    for (int i = 0; i < 5; i++) {
      Epoll<String> epoll = new Epoll<>();
      epoll.add(below, Events.IN, "below");
      chain.add(epoll);
      below = epoll;
    }
    Pollable last = below;
    assertFails(Errno.ELOOP, () -> new Epoll<String>().add(last, Events.IN, "sixth"));
    try (Crew crew = new Crew()) {
      for (int round = 0; round < 2; round++) {
        var waits = start(crew, kind, chain.getLast());
        write(pipe, 1);
        assertThat(waits.join()).extracting(Epoll.Ready::events).containsExactly(Events.IN);
        for (Epoll<String> each : chain.reversed()) {
          assertThat(ready(each)).hasSize(1);
        }
        read(pipe, 1);
        for (Epoll<String> each : chain.reversed()) {
          assertThat(ready(each)).isEmpty();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoLayersReportAgainAndAgain(ThreadKind kind) throws Exception {
    Pipe pipe = new Pipe();
    Epoll<String> inner = new Epoll<>();
    Epoll<String> outer = new Epoll<>();
    inner.add(pipe.source(), Events.IN | Events.HUP, "pipe");
    outer.add(inner, Events.IN | Events.HUP, "inner");
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 2; i++) {
        var waits = start(crew, kind, outer);
        write(pipe, 5);
        assertThat(data(waits.join())).containsExactly("inner");
        assertThat(ready(inner)).containsExactly("pipe");
        read(pipe, 5);
      }
    }
  }

  @Test
  void aClosedObjectIsOutAndSoAreItsOtherHandles() throws Exception {
    Epoll<String> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    Pollable other = () -> pipe.source().pollee();
    write(pipe, 1);
    epoll.add(pipe.source(), Events.IN, "source");
    assertFails(Errno.ENOENT, () -> epoll.remove(other));
    epoll.add(other, Events.IN, "other");
    assertThat(ready(epoll)).containsExactly("source", "other");
    pipe.source().close();
    assertThat(ready(epoll)).isEmpty();
    assertThat(epoll.size()).isZero();
    assertFails(Errno.ENOENT, () -> epoll.remove(pipe.source()));
    assertFails(Errno.EBADF, () -> epoll.add(other, Events.IN, "other"));
    Pipe next = new Pipe();
    assertFails(Errno.ENOENT, () -> epoll.remove(next.source()));
    epoll.add(next.source(), Events.IN, "next");
    epoll.remove(next.source());
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfAPipeIsReportedUnasked(ThreadKind kind) throws Exception {
    Epoll<String> epoll = new Epoll<>();
    Pipe pipe = new Pipe();
    epoll.add(pipe.source(), 0, "source");
    assertThat(ready(epoll)).isEmpty();
    pipe.sink().close();
    assertThat(masks(epoll)).containsExactly(Events.HUP);
    Pipe asleep = new Pipe();
    Epoll<String> waited = new Epoll<>();
    waited.add(asleep.source(), Events.IN, "source");
    Pipe full = new Pipe();
    write(full, full.capacity());
    Epoll<String> onFull = new Epoll<>();
    onFull.add(full.sink(), Events.OUT, "sink");
    try (Crew crew = new Crew()) {
      var hangUp = start(crew, kind, waited);
      asleep.sink().close();
      assertThat(hangUp.join()).extracting(Epoll.Ready::events).containsExactly(Events.HUP);
      var error = start(crew, kind, onFull);
      full.source().close();
      assertThat(error.join()).extracting(Epoll.Ready::events).containsExactly(Events.ERR);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfAPeerAndAnUrgentByteOfTcp(ThreadKind kind) throws Exception {
    Assumptions.assumeTrue(Transport.best() == Transport.KERNEL);
    Epoll<String> epoll = new Epoll<>();
    try (Crew crew = new Crew();
        TcpListener listener = TcpListener.open().bind(loopback());
        TcpStream near = TcpStream.open()) {
      near.connect(listener.localAddress());
      try (TcpStream far = listener.accept()) {
        epoll.add(near, Events.RDHUP | Events.PRI, "near");
        var urgent = start(crew, kind, epoll);
        assertThat(far.trySendUrgent((byte) 1)).isTrue();
        assertThat(urgent.join()).extracting(Epoll.Ready::events).containsExactly(Events.PRI);
        epoll.modify(near, Events.RDHUP, "near");
        var end = start(crew, kind, epoll);
        far.shutdownOutput();
        assertThat(end.join()).extracting(Epoll.Ready::events).containsExactly(Events.RDHUP);
      }
    }
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Each of several epolls is woken by what it shares with the others; with EXCLUSIVE, one is. */
  @ParameterizedTest
  @EnumSource
  void anEventWakesAllOrOne(ThreadKind kind) throws Exception {
    for (int flag : new int[] {0, Epoll.EXCLUSIVE}) {
      Pipe pipe = new Pipe();
      try (Crew crew = new Crew()) {
        List<Crew.Job<List<Epoll.Ready<Integer>>>> jobs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          Epoll<Integer> epoll = new Epoll<>();
          epoll.add(pipe.source(), Events.IN | flag, i);
          jobs.add(start(crew, kind, epoll));
        }
        IntSupplier woken = () -> (int) jobs.stream().filter(Crew.Job::isDone).count();
        for (int writes = 1; writes <= (flag == 0 ? 1 : 4); writes++) {
          int expected = flag == 0 ? 4 : writes;
          write(pipe, 1);
          Crew.until("as many as are told", () -> woken.getAsInt() >= expected);
          assertThat(woken.getAsInt()).isEqualTo(expected);
        }
      }
    }
  }

  /** More is ready than is asked for: all have their turn, and none comes twice in one wait. */
  @Test
  void waitsOfFewGoRound() throws Exception {
    Epoll<Integer> epoll = new Epoll<>();
    for (int i = 0; i < 3; i++) {
      Pipe pipe = new Pipe();
      write(pipe, 1);
      epoll.add(pipe.source(), Events.IN, i);
    }
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      found.addAll(data(epoll.awaitEvents(2, NOW)));
      assertThat(found).hasSize(2 * (i + 1));
    }
    for (int i = 0; i < 3; i++) {
      assertThat(found.subList(3 * i, 3 * i + 3)).containsExactlyInAnyOrder(0, 1, 2);
    }
    for (int wrong : new int[] {0, -1, Integer.MIN_VALUE}) {
      assertFails(Errno.EINVAL, () -> waitNow(epoll, wrong));
    }
    assertThat(epoll.awaitEvents(Integer.MAX_VALUE, NOW)).hasSize(3);
    epoll.close();
    assertFails(Errno.EBADF, () -> waitNow(epoll, 1));
  }

  private static void waitNow(Epoll<?> epoll, int max) {
    try {
      List<?> found = epoll.awaitEvents(max, NOW);
      throw new AssertionError("found " + found);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts", e);
    }
  }

  @Test
  void thereMayBeManyAndTheyCloseTwice() {
    List<Epoll<String>> epolls = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      epolls.add(new Epoll<>());
    }
    for (int i = 0; i < 2; i++) {
      epolls.forEach(Epoll::close);
    }
    assertFails(Errno.EBADF, () -> epolls.getFirst().add(new EventCounter(), Events.IN, "late"));
    assertFails(Errno.EBADF, () -> new Epoll<String>().add(epolls.getFirst(), Events.IN, "gone"));
  }

  @Test
  void whatCanBeWaitedForCanBeAdded() throws Exception {
    Pipe pipe = new Pipe();
    try (TimerSource timer = new TimerSource();
        TcpListener listener = TcpListener.open().bind(loopback());
        TcpStream stream = TcpStream.open();
        ProcessExit parent = ProcessExit.of(ProcessHandle.current().pid());
        Epoll<String> inner = new Epoll<>();
        Epoll<String> epoll = new Epoll<>()) {
      List<Pollable> sources =
          List.of(
              pipe.source(),
              pipe.sink(),
              new EventCounter(),
              timer,
              new BoundedQueue<String>(1),
              new PollableSemaphore(0),
              new FutureSource(new CompletableFuture<String>()),
              listener,
              stream,
              parent,
              inner);
      for (Pollable each : sources) {
        epoll.add(each, Events.IN, "one");
      }
      assertThat(epoll.size()).isEqualTo(sources.size());
      for (FixedSource each : FixedSource.values()) {
        assertFails(Errno.EPERM, () -> epoll.add(each, Events.IN, "file"));
      }
      assertThat(epoll.size()).isEqualTo(sources.size());
    }
  }

  /**
   * Arrangement 61 of the kernel's epoll_wakeup_test.c: of two who sleep the one that gives up just
   * then may be woken. If it finds the edge it makes another; else the edge is the other's.
   */
  @ParameterizedTest
  @EnumSource
  void aWakeThatMeetsADeadlineIsNotLost(ThreadKind kind) {
    for (int round = 0; round < 100; round++) {
      Epoll<String> epoll = new Epoll<>();
      EventCounter counter = new EventCounter();
      epoll.add(counter, Events.IN | Epoll.ET, "counter");
      try (Crew crew = new Crew()) {
        Deadline soon = Deadline.after(1_000, TimeUnit.MICROSECONDS);
        crew.start(kind, () -> epoll.awaitEvents(1, soon).isEmpty() || counter.tryAdd(1));
        var sleeps = crew.start(kind, () -> epoll.awaitEvents(1, Deadline.NEVER));
        while (!soon.isReached(Ticker.system())) {
          Thread.onSpinWait();
        }
        assertThat(counter.tryAdd(1)).isTrue();
        assertThat(sleeps.join()).hasSize(1);
        crew.joinAll();
      }
    }
  }

  /** Bug 27: a sleep that has begun ends with the earliest timer, whenever that is armed. */
  @ParameterizedTest
  @EnumSource
  void bug27AnEarlierTimerShortensTheSleep(ThreadKind kind) {
    Epoll<String> epoll = new Epoll<>();
    try (Crew crew = new Crew();
        TimerSource late = new TimerSource();
        TimerSource early = new TimerSource()) {
      late.arm(Deadline.after(FAR));
      epoll.add(late, Events.IN, "late");
      var again = start(crew, kind, epoll);
      late.arm(Deadline.after(Delays.SHORT));
      assertThat(data(again.join())).containsExactly("late");
      late.arm(Deadline.after(FAR));
      var added = start(crew, kind, epoll);
      epoll.add(early, Events.IN, "early");
      early.arm(Deadline.after(Delays.SHORT));
      assertThat(data(added.join())).containsExactly("early");
    }
  }
}
