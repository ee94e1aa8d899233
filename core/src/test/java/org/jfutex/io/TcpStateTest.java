package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.io.RawPoll.assertBecomes;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Poller;
import org.jfutex.testing.Crew;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a socket is ready for, state by state, as the kernel says it of the same socket.
 * spec/poll.md, section 3.5, and the bugs of section 5.
 */
@SuppressWarnings("try") // what is closed, and when, is what is tested
class TcpStateTest {
  private static final int DEAD = Events.IN | Events.OUT | Events.HUP | Events.RDHUP;
  private static final int STEPS = 500;

  private static RawPoll.Pair open(Discipline discipline) throws IOException {
    return RawPoll.Pair.open(Transport.KERNEL, discipline);
  }

  private static TcpStream fresh(Discipline discipline) throws IOException {
    return TcpStream.open(Transport.KERNEL, discipline);
  }

  private static TcpListener listener(Discipline discipline, int backlog) throws IOException {
    return TcpListener.open(Transport.KERNEL, discipline).bind(RawPoll.LOOPBACK, backlog);
  }

  private static void fill(TcpStream stream) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
    while (stream.tryWrite(buffer.clear()) > 0) {}
  }

  private static int takeAll(TcpStream stream, int most) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(most);
    int taken = 0;
    for (int n = 1; n > 0 && buffer.hasRemaining(); taken += Math.max(n, 0)) {
      n = stream.tryRead(buffer);
    }
    return taken;
  }

  private static void reset(TcpStream stream) throws IOException {
    stream.setOption(StandardSocketOptions.SO_LINGER, 0).close();
  }

  @ParameterizedTest
  @EnumSource
  void freshOnesAreWritableAndHungUp(Discipline discipline) throws Exception {
    try (TcpStream stream = fresh(discipline);
        TcpListener listener = TcpListener.open(Transport.KERNEL, discipline)) {
      assertBecomes(stream, Events.OUT | Events.HUP);
      assertThat(listener.poll(Events.ALL, null)).isEqualTo(RawPoll.mask(listener));
      assertThat(listener.poll(0, null)).isEqualTo(Events.HUP);
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectingIsNothingUntilItIsThere(Discipline discipline) throws Exception {
    try (TcpListener listener = listener(discipline, 0);
        TcpStream first = fresh(discipline);
        TcpStream second = fresh(discipline)) {
      first.connect(listener.localAddress());
      assertBecomes(first, Events.OUT);
      assertThat(second.tryConnect(listener.localAddress())).isFalse(); // its SYN is dropped
      assertBecomes(second, 0);
      assertThat(second.finishConnect()).isFalse();
    }
  }

  /** gVisor's NonBlockingConnect_PollOut: the kernel sends the SYN again after a second. */
  @Test
  void whoWaitsToConnectIsToldWhenThereIsRoom() throws Exception {
    try (TcpListener listener = listener(Discipline.HYBRID, 0);
        TcpStream first = fresh(Discipline.HYBRID);
        TcpStream second = fresh(Discipline.HYBRID);
        Poller poller = new Poller()) {
      first.connect(listener.localAddress());
      assertThat(second.tryConnect(listener.localAddress())).isFalse();
      assertThat(second.poll(Events.OUT, poller)).isZero();
      listener.accept().close();
      while (second.poll(Events.OUT, null) == 0) {
        poller.await(Deadline.NEVER);
      }
      assertBecomes(second, Events.OUT);
      assertThat(second.finishConnect()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRefusalIsEverythingAtOnceAndItsErrorGoesOnceTaken(Discipline discipline) throws Exception {
    InetSocketAddress nobody;
    try (TcpListener listener = listener(discipline, 1)) {
      nobody = listener.localAddress();
    }
    try (TcpStream stream = fresh(discipline)) {
      boolean _ = stream.tryConnect(nobody);
      assertBecomes(stream, DEAD | Events.ERR);
      assertThat(stream.takeError()).hasMessageContaining("ECONNREFUSED");
      assertBecomes(stream, DEAD);
      assertThat(stream.takeError()).isNull();
    }
  }

  /** gVisor's PollAroundAccept. */
  @ParameterizedTest
  @EnumSource
  void listeningIsReadableWhileAConnectionWaits(Discipline discipline) throws Exception {
    try (TcpListener listener = listener(discipline, 5);
        TcpStream first = fresh(discipline);
        TcpStream second = fresh(discipline)) {
      assertListener(listener, 0);
      first.connect(listener.localAddress());
      assertListener(listener, Events.IN);
      second.connect(listener.localAddress());
      TcpStream one = listener.tryAccept();
      assertListener(listener, Events.IN);
      TcpStream two = listener.tryAccept();
      assertListener(listener, 0);
      assertThat(listener.tryAccept()).isNull();
      assertBecomes(one, Events.OUT);
      one.close();
      two.close();
    }
  }

  private static void assertListener(TcpListener listener, int events) {
    for (int i = 0; i < 3; i++) {
      assertThat(RawPoll.mask(listener)).isEqualTo(RawPoll.withSynonyms(events));
      assertThat(listener.poll(Events.ALL, null)).isEqualTo(RawPoll.withSynonyms(events));
    }
  }

  /** gVisor's PollWithFullBufferBlocks, and the third of the room that OUT asks for. */
  @ParameterizedTest
  @EnumSource
  void outWantsAThirdOfTheRoom(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      TcpStream _ = pair.near().setOption(StandardSocketOptions.SO_SNDBUF, 60_000);
      TcpStream _ = pair.far().setOption(StandardSocketOptions.SO_RCVBUF, 60_000);
      assertBecomes(pair.near(), Events.OUT);
      fill(pair.near());
      assertBecomes(pair.near(), 0);
      int differences = 0;
      for (int taken = 1; taken > 0; ) {
        taken = takeAll(pair.far(), 4_000);
        int raw = RawPoll.mask(pair.near());
        if (raw == RawPoll.mask(pair.near())) {
          int ours = pair.near().poll(Events.ALL, null);
          differences += ours == raw || ours == RawPoll.mask(pair.near()) ? 0 : 1;
        }
      }
      assertThat(differences).isZero();
      assertBecomes(pair.near(), Events.OUT);
    }
  }

  /** Bug 2: nobody but this thread changes anything, and each of its calls counts. */
  @ParameterizedTest
  @EnumSource
  void onesOwnCallsAreSeenAtOnce(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      for (int i = 0; i < 20; i++) {
        int _ = pair.far().write(ByteBuffer.allocate(2));
        assertBecomes(pair.near(), Events.IN | Events.OUT);
        assertThat(takeAll(pair.near(), 1)).isEqualTo(1);
        assertBecomes(pair.near(), Events.IN | Events.OUT);
        assertThat(takeAll(pair.near(), 1)).isEqualTo(1);
        assertBecomes(pair.near(), Events.OUT);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void lowWaterMarksCount(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      assertThat(pair.near().setOption(TcpStream.SO_RCVLOWAT, 10).option(TcpStream.SO_RCVLOWAT))
          .isEqualTo(10);
      int _ = pair.far().write(ByteBuffer.allocate(9));
      assertBecomes(pair.near(), Events.OUT);
      int _ = pair.far().write(ByteBuffer.allocate(1));
      assertBecomes(pair.near(), Events.IN | Events.OUT);
      TcpStream _ = pair.near().setOption(TcpStream.SO_RCVLOWAT, 100);
      assertBecomes(pair.near(), Events.OUT);
      TcpStream _ = pair.near().setOption(TcpStream.SO_RCVLOWAT, 1);
      assertBecomes(pair.near(), Events.IN | Events.OUT);
    }
  }

  /** Bug 19 and gVisor's PollAfterShutdown. */
  @ParameterizedTest
  @EnumSource
  void endsShowDirectionByDirection(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      pair.near().shutdownOutput();
      assertBecomes(pair.near(), Events.OUT);
      assertBecomes(pair.far(), Events.IN | Events.OUT | Events.RDHUP);
      assertThat(pair.far().tryRead(ByteBuffer.allocate(1))).isEqualTo(-1);
      assertBecomes(pair.far(), Events.IN | Events.OUT | Events.RDHUP);
      pair.far().shutdownOutput();
      assertBecomes(pair.far(), DEAD);
      assertBecomes(pair.near(), DEAD);
    }
    try (RawPoll.Pair pair = open(discipline)) {
      pair.near().shutdownInput();
      assertBecomes(pair.near(), Events.IN | Events.OUT | Events.RDHUP);
      assertBecomes(pair.far(), Events.OUT);
      pair.near().shutdownOutput();
      assertBecomes(pair.near(), DEAD);
    }
  }

  /** gVisor's TimeWaitPollHUP. */
  @ParameterizedTest
  @EnumSource
  void afterBothHaveClosedItIsHungUp(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      pair.near().shutdownOutput();
      pair.far().close();
      assertBecomes(pair.near(), DEAD);
    }
  }

  /** gVisor's RSTCausesPollHUP. */
  @ParameterizedTest
  @EnumSource
  void aResetIsEverythingAtOnceAndItsErrorGoesOnceTaken(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      reset(pair.far());
      assertBecomes(pair.near(), DEAD | Events.ERR);
      assertThat(pair.near().takeError()).hasMessageContaining("ECONNRESET");
      assertBecomes(pair.near(), DEAD);
    }
    try (RawPoll.Pair pair = open(discipline)) {
      reset(pair.far());
      assertBecomes(pair.near(), DEAD | Events.ERR);
      assertThatThrownBy(() -> pair.near().tryRead(ByteBuffer.allocate(1)))
          .isInstanceOf(ErrnoIOException.class);
      assertBecomes(pair.near(), DEAD);
      assertThat(pair.near().tryRead(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anUrgentByteIsPri(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      assertThat(pair.far().trySendUrgent((byte) 7)).isTrue();
      assertBecomes(pair.near(), Events.OUT | Events.PRI);
      int _ = pair.far().write(ByteBuffer.allocate(1));
      assertBecomes(pair.near(), Events.IN | Events.OUT | Events.PRI);
      assertThat(takeAll(pair.near(), 1)).isEqualTo(1);
      assertThat(pair.near().poll(Events.ALL, null)).isEqualTo(RawPoll.mask(pair.near()));
    }
  }

  /** Bug 7: events of an old state do not survive, and who is registered hears of each state. */
  @ParameterizedTest
  @EnumSource
  void aWalkThroughAllStatesIsToldOf(Discipline discipline) throws Exception {
    try (TcpListener listener = listener(discipline, 5);
        TcpStream near = fresh(discipline);
        Poller poller = new Poller()) {
      assertThat(near.poll(Events.IN, poller)).isEqualTo(Events.HUP);
      assertThat(near.tryConnect(listener.localAddress())).isFalse();
      awaitTold(poller, near, Events.OUT);
      try (TcpStream far = listener.accept()) {
        int _ = far.write(ByteBuffer.allocate(1));
        awaitTold(poller, near, Events.IN | Events.OUT);
        assertThat(takeAll(near, 10)).isEqualTo(1);
        assertBecomes(near, Events.OUT);
        far.shutdownOutput();
        awaitTold(poller, near, Events.IN | Events.OUT | Events.RDHUP);
        reset(far);
      }
      awaitTold(poller, near, DEAD | Events.ERR);
      near.close();
      assertThat(poller.await(Deadline.NEVER)).isNotNull();
      assertThat(near.poll(Events.ALL, null)).isEqualTo(Events.NVAL);
    }
  }

  private static void awaitTold(Poller poller, TcpStream stream, int events) {
    while (stream.poll(Events.ALL, null) != RawPoll.withSynonyms(events)) {
      poller.await(Deadline.NEVER);
    }
    assertBecomes(stream, events);
  }

  /** Bug 10: one direction's events come and go without the other's. */
  @ParameterizedTest
  @EnumSource
  void theDirectionsDoNotTouchEachOther(Discipline discipline) throws Exception {
    try (RawPoll.Pair pair = open(discipline)) {
      fill(pair.near());
      assertBecomes(pair.near(), 0);
      int _ = pair.far().tryWrite(ByteBuffer.allocate(3));
      assertBecomes(pair.near(), Events.IN);
      assertThat(takeAll(pair.near(), 3)).isEqualTo(3);
      assertBecomes(pair.near(), 0);
      Crew.until("all taken", () -> isDrained(pair));
      assertBecomes(pair.near(), Events.OUT);
    }
  }

  private static boolean isDrained(RawPoll.Pair pair) {
    try {
      return takeAll(pair.far(), 1 << 20) == 0
          && RawPoll.mask(pair.near()) == RawPoll.withSynonyms(Events.OUT);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A seeded script on a pair: after each step both ends say what the kernel says of them. */
  @ParameterizedTest
  @EnumSource
  void anyScriptGivesWhatTheKernelSays(Discipline discipline) throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (RawPoll.Pair pair = open(discipline)) {
        for (int step = 0; step < STEPS && pair.far().isOpen(); step++) {
          boolean isNear = random.nextBoolean();
          String did = step(random, isNear ? pair.near() : pair.far(), isNear);
          int mask = discipline == Discipline.STATEFUL ? ~Events.PRI : ~0; // see Descriptor
          String when = "seed %d, step %d, %s".formatted(seed, step, did);
          assertAgrees(pair.near(), mask, when);
          if (pair.far().isOpen()) {
            assertAgrees(pair.far(), mask, when);
          }
        }
      }
    }
  }

  private static String step(SplittableRandom random, TcpStream stream, boolean isNear) {
    int what = random.nextInt(500);
    try {
      if (what < 220) {
        ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(1 << random.nextInt(18)));
        return "write " + stream.tryWrite(buffer);
      } else if (what < 470) {
        ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(1 << random.nextInt(18)));
        return "read " + stream.tryRead(buffer);
      } else if (what < 480) {
        return "urgent " + stream.trySendUrgent((byte) 1);
      } else if (what < 490) {
        return "error " + stream.takeError();
      } else if (what < 493) {
        stream.shutdownOutput();
      } else if (what < 495) {
        stream.shutdownInput();
      } else if (what == 495 && !isNear) {
        reset(stream);
      } else if (what == 496 && !isNear) {
        stream.close();
      }
      return "what " + what;
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The kernel may go on by itself meanwhile, so what it says before or after will do. */
  private static void assertAgrees(TcpStream stream, int mask, String when) {
    for (int i = 0; i < 3; i++) {
      int before = RawPoll.mask(stream);
      int ours = stream.poll(Events.ALL, null);
      int after = RawPoll.mask(stream);
      assertThat(Events.describe(ours & mask))
          .as(when)
          .isIn(Events.describe(before & mask), Events.describe(after & mask));
    }
  }

  /** Bug 30: the kernel tells of more than who waits has asked for. */
  @Test
  void moreThanWasAskedForDoesNoHarm() throws Exception {
    try (RawPoll.Pair pair = open(Discipline.HYBRID);
        Poller poller = new Poller()) {
      assertThat(pair.near().poll(Events.IN, poller)).isZero();
      assertThat(pair.far().trySendUrgent((byte) 1)).isTrue();
      Crew.until("urgent", () -> (RawPoll.mask(pair.near()) & Events.PRI) != 0);
      assertThat(pair.near().poll(Events.IN, null)).isZero();
      reset(pair.far());
      while (pair.near().poll(Events.IN, null) == 0) {
        poller.await(Deadline.NEVER);
      }
      assertBecomes(pair.near(), DEAD | Events.ERR | (RawPoll.mask(pair.near()) & Events.PRI));
    }
  }
}
