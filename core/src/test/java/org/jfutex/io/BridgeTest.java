package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.WaitStatus;
import org.jfutex.kernel.Syscalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Observer;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the kernel's events come to pollees: at once for who polls, and to who sleeps. */
class BridgeTest {
  private static final int ROUNDS = 20_000;
  private static final int NR_CLOSE = 3;
  private static final int NR_DUP = 32;

  @ParameterizedTest
  @EnumSource
  void whatTheKernelHasIsSeenAtOnce(Discipline discipline) throws Exception {
    writeAndPoll(discipline, ROUNDS / 3);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource
  void whatTheKernelHasIsSeenAtOnceAMillionTimes(Discipline discipline) throws Exception {
    writeAndPoll(discipline, 1_000_000);
  }

  /** Bug 29. A second thread polls too, and takes events from under the first. */
  private static void writeAndPoll(Discipline discipline, int rounds) throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair pair = RawPoll.Pair.open(Transport.KERNEL, discipline);
        RawPoll.Pair other = RawPoll.Pair.open(Transport.KERNEL, discipline)) {
      AtomicInteger left = new AtomicInteger(rounds);
      var thief =
          crew.start(
              () -> {
                int found = 0;
                while (left.get() > 0) {
                  found |= other.near().poll(Events.IN, null);
                }
                return found;
              });
      ByteBuffer buffer = ByteBuffer.allocateDirect(1);
      try {
        while (left.getAndDecrement() > 0) {
          assertThat(pair.near().poll(Events.IN, null)).isZero();
          int _ = pair.far().tryWrite(buffer.clear());
          while ((RawPoll.mask(pair.near()) & Events.IN) == 0) {
            Thread.onSpinWait();
          }
          assertThat(pair.near().poll(Events.IN, null)).isEqualTo(Events.IN);
          assertThat(pair.near().tryRead(buffer.clear())).isEqualTo(1);
        }
      } finally {
        left.set(0);
      }
      assertThat(thief.join()).isZero();
    }
  }

  /**
   * Bug 22: an event of a closed descriptor does not go to the next that is at its place. A copy of
   * the descriptor keeps the socket, and the kernel's interest in it, alive.
   */
  @Test
  void eventsDoNotGoToTheNextOwner() throws Exception {
    AtomicInteger told = new AtomicInteger();
    for (int i = 0; i < 50; i++) {
      try (RawPoll.Pair pair = RawPoll.Pair.open()) {
        int number = ((KernelStream) pair.near()).descriptor().number();
        long copy = Syscalls.call(NR_DUP, number, 0, 0);
        assertThat(copy).isPositive();
        assertThat(pair.near().poll(Events.IN, null)).isZero();
        int _ = pair.far().write(ByteBuffer.allocate(1));
        pair.near().close(); // with an event that nobody has taken
        try (TcpStream next = TcpStream.open();
            Registration _ =
                next.pollee()
                    .register(
                        events -> told.addAndGet(events & Events.IN) > 0,
                        Events.IN,
                        Registration.Mode.SHARED)) {
          int _ = pair.far().write(ByteBuffer.allocate(1));
          assertThat(next.poll(Events.ALL, null)).isEqualTo(RawPoll.mask(next));
        }
        assertThat(Syscalls.call(NR_CLOSE, copy, 0, 0)).isZero();
      }
    }
    assertThat(told).hasValue(0);
  }

  @Test
  void moreThanABatchIsFetchedAtOnce() throws Exception {
    List<RawPoll.Pair> pairs = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        pairs.add(RawPoll.Pair.open());
      }
      for (RawPoll.Pair pair : pairs) {
        assertThat(pair.near().poll(Events.IN, null)).isZero();
      }
      for (RawPoll.Pair pair : pairs) {
        int _ = pair.far().write(ByteBuffer.allocate(1));
      }
      assertThat(pairs.getLast().near().poll(Events.IN, null)).isEqualTo(Events.IN);
      for (RawPoll.Pair pair : pairs) {
        assertThat(pair.near().poll(Events.IN, null)).isEqualTo(Events.IN);
      }
    } finally {
      for (RawPoll.Pair pair : pairs) {
        pair.close();
      }
    }
  }

  @Test
  void theThreadRestsWhileNobodyWatchesAndIsBackForWhoDoes() throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair pair = RawPoll.Pair.open()) {
      for (int i = 0; i < 5; i++) {
        var reader = crew.start(() -> pair.near().await(Events.IN, Deadline.NEVER));
        Crew.until("sleeps", () -> reader.thread().getState() == Thread.State.WAITING);
        int _ = pair.far().write(ByteBuffer.allocate(1));
        assertThat(reader.join()).isEqualTo(WaitStatus.WOKEN);
        assertThat(pair.near().read(ByteBuffer.allocate(1))).isEqualTo(1);
        Crew.until("rests", () -> isRestingAfterAnEvent(pair));
      }
      assertThat(pair.near().await(Events.IN, Deadline.after(Delays.SHORT)))
          .isEqualTo(WaitStatus.TIMED_OUT);
    }
  }

  private static boolean isRestingAfterAnEvent(RawPoll.Pair pair) {
    try {
      int _ = pair.far().tryWrite(ByteBuffer.allocate(1));
      boolean isParked = Bridge.get().isParked();
      while (pair.near().tryRead(ByteBuffer.allocate(10)) > 0) {}
      return isParked;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** An observer that breaks its promise costs nobody else an event, nor the bridge its thread. */
  @Test
  void anObserverThatThrowsCostsNobodyElseAnEvent() throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair bad = RawPoll.Pair.open();
        RawPoll.Pair good = RawPoll.Pair.open()) {
      Bridge.get().drain();
      AtomicInteger told = new AtomicInteger();
      try (Registration _ = register(bad, _ -> throwAssertion());
          Registration _ = register(good, _ -> told.incrementAndGet() > 0)) {
        int _ = bad.far().write(ByteBuffer.allocate(1));
        int _ = good.far().write(ByteBuffer.allocate(1));
        Crew.until("told", () -> told.get() == 1);
      } catch (AssertionError e) {
        assertThat(e).hasMessage("planted"); // thrown to this thread if it drained
      }
      var reader = crew.start(() -> good.near().await(Events.PRI, Deadline.NEVER));
      Crew.until("sleeps", () -> reader.thread().getState() == Thread.State.WAITING);
      assertThat(good.far().trySendUrgent((byte) 1)).isTrue();
      assertThat(reader.join()).isEqualTo(WaitStatus.WOKEN);
    }
  }

  private static Registration register(RawPoll.Pair pair, Observer observer) {
    return pair.near().pollee().register(observer, Events.IN, Registration.Mode.SHARED);
  }

  private static boolean throwAssertion() {
    throw new AssertionError("planted");
  }

  @Test
  void anIdleDrainMakesNoGarbage() throws Exception {
    Bridge bridge = Bridge.get();
    Allocation.assertNone(bridge::drain);
  }

  @Test
  void slotsAreUsedAgain() throws Exception {
    for (int i = 0; i < 2_000; i++) {
      TcpStream stream = TcpStream.open();
      assertThat(stream.poll(0, null)).isEqualTo(Events.HUP);
      stream.close();
    }
  }
}
