package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jfutex.Errno;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams and listeners: what they carry, how they block, and how that ends. */
@SuppressWarnings("try") // what is closed, and when, is what is tested
class TcpTest {
  private static final int LARGE = 1 << 20;

  static Stream<Arguments> transportsAndKinds() {
    return Stream.of(Transport.values())
        .flatMap(each -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(each, kind)));
  }

  private static RawPoll.Pair open(Transport transport) throws IOException {
    return RawPoll.Pair.open(transport, Discipline.HYBRID);
  }

  private static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8));
    }
    return bytes;
  }

  private static byte[] readAll(TcpStream stream, ByteBuffer buffer) throws IOException {
    var bytes = new java.io.ByteArrayOutputStream();
    while (stream.read(buffer.clear()) >= 0) {
      buffer.flip();
      while (buffer.hasRemaining()) {
        bytes.write(buffer.get());
      }
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("transportsAndKinds")
  void carriesAllBytesInOrderAndThenTheEnd(Transport transport, ThreadKind kind) throws Exception {
    byte[] sent = pattern(LARGE);
    try (Crew crew = new Crew();
        RawPoll.Pair pair = open(transport)) {
      var heap = crew.start(kind, () -> readAll(pair.far(), ByteBuffer.allocate(100_000)));
      var direct = crew.start(kind, () -> readAll(pair.near(), ByteBuffer.allocateDirect(5_000)));
      var back =
          crew.start(
              kind,
              () -> {
                ByteBuffer bytes = ByteBuffer.allocateDirect(LARGE).put(sent).flip();
                int count = pair.far().write(bytes);
                pair.far().shutdownOutput();
                return count;
              });
      ByteBuffer bytes = ByteBuffer.wrap(sent).asReadOnlyBuffer();
      assertThat(pair.near().write(bytes)).isEqualTo(LARGE);
      assertThat(bytes.hasRemaining()).isFalse();
      pair.near().shutdownOutput();
      assertThat(heap.join()).isEqualTo(sent);
      assertThat(direct.join()).isEqualTo(sent);
      assertThat(back.join()).isEqualTo(LARGE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void triesWithoutBlocking(Transport transport) throws Exception {
    try (RawPoll.Pair pair = open(transport)) {
      ByteBuffer buffer = ByteBuffer.allocate(10);
      assertThat(pair.near().tryRead(buffer)).isZero();
      assertThat(pair.near().tryRead(ByteBuffer.allocate(0))).isZero();
      assertThat(pair.near().read(ByteBuffer.allocate(0))).isZero();
      assertThat(pair.near().tryWrite(ByteBuffer.allocate(0))).isZero();
      assertThat(pair.far().tryWrite(ByteBuffer.wrap(pattern(3)))).isEqualTo(3);
      assertThat(pair.near().await(Events.IN, Deadline.NEVER)).isNotNull();
      buffer.position(1).limit(3);
      assertThat(pair.near().tryRead(buffer)).isEqualTo(2);
      assertThat(buffer.position()).isEqualTo(3);
      assertThat(buffer.get(2)).isEqualTo(pattern(3)[1]);
      assertThat(pair.near().tryRead(buffer.clear())).isEqualTo(1);
      assertThatThrownBy(() -> pair.near().tryRead(buffer.asReadOnlyBuffer()))
          .isInstanceOf(IllegalArgumentException.class);
      pair.far().close();
      assertThat(pair.near().read(buffer)).isEqualTo(-1);
      assertThat(pair.near().tryRead(buffer)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @MethodSource("transportsAndKinds")
  void anInterruptEndsAReadAndClosesNothing(Transport transport, ThreadKind kind) throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair pair = open(transport)) {
      var reader =
          crew.start(
              kind,
              () -> {
                ByteBuffer buffer = ByteBuffer.allocate(1);
                assertThatExceptionOfType(InterruptedIOException.class)
                    .isThrownBy(() -> pair.near().read(buffer));
                return Thread.interrupted();
              });
      Crew.until("sleeps", () -> isAsleep(reader.thread()));
      reader.thread().interrupt();
      assertThat(reader.join()).isTrue();
      int _ = pair.far().write(ByteBuffer.wrap(pattern(1)));
      assertThat(pair.near().read(ByteBuffer.allocate(1))).isEqualTo(1);
    }
  }

  private static boolean isAsleep(Thread thread) {
    return thread.getState() == Thread.State.WAITING;
  }

  @ParameterizedTest
  @MethodSource("transportsAndKinds")
  void anInterruptedWriteSaysHowMuchWasTaken(Transport transport, ThreadKind kind)
      throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair pair = open(transport)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(64 * LARGE);
      var writer =
          crew.start(
              kind,
              () -> {
                try {
                  return pair.near().write(buffer);
                } catch (InterruptedIOException e) {
                  assertThat(Thread.interrupted()).isTrue();
                  return e.bytesTransferred;
                }
              });
      Crew.until("sleeps", () -> isAsleep(writer.thread()));
      writer.thread().interrupt();
      assertThat(writer.join()).isBetween(1, buffer.capacity() - 1).isEqualTo(buffer.position());
    }
  }

  @ParameterizedTest
  @MethodSource("transportsAndKinds")
  void closingEndsWhoBlocks(Transport transport, ThreadKind kind) throws Exception {
    try (Crew crew = new Crew();
        RawPoll.Pair pair = open(transport);
        TcpListener listener = TcpListener.open(transport).bind(RawPoll.LOOPBACK)) {
      List<Crew.Job<?>> jobs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        jobs.add(
            crew.start(
                kind,
                () ->
                    assertThatThrownBy(() -> pair.near().read(ByteBuffer.allocate(1)))
                        .isInstanceOf(AsynchronousCloseException.class)));
        jobs.add(
            crew.start(
                kind,
                () ->
                    assertThatThrownBy(listener::accept)
                        .isInstanceOf(AsynchronousCloseException.class)));
      }
      ByteBuffer large = ByteBuffer.allocateDirect(64 * LARGE);
      jobs.add(
          crew.start(
              kind,
              () ->
                  assertThatThrownBy(() -> pair.near().write(large))
                      .isInstanceOf(AsynchronousCloseException.class)));
      jobs.forEach(job -> Crew.until("sleeps", () -> isAsleep(job.thread())));
      pair.near().close();
      listener.close();
      crew.joinAll();
      assertThat(pair.near().isOpen()).isFalse();
      assertThat(listener.isOpen()).isFalse();
      assertThat(pair.near().poll(Events.IN, null)).isEqualTo(Events.NVAL);
      assertThatThrownBy(() -> pair.near().read(ByteBuffer.allocate(1)))
          .isInstanceOf(ClosedChannelException.class)
          .isNotInstanceOf(AsynchronousCloseException.class);
      assertThatThrownBy(listener::tryAccept).isInstanceOf(ClosedChannelException.class);
      pair.near().close();
      listener.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transportsAndKinds")
  void eachConnectionWakesOneWhoAccepts(Transport transport, ThreadKind kind) throws Exception {
    try (Crew crew = new Crew();
        TcpListener listener = TcpListener.open(transport).bind(RawPoll.LOOPBACK)) {
      List<Crew.Job<TcpStream>> jobs = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        jobs.add(crew.start(kind, listener::accept));
      }
      jobs.forEach(job -> Crew.until("sleeps", () -> isAsleep(job.thread())));
      for (Crew.Job<TcpStream> _ : jobs) {
        try (TcpStream near = TcpStream.open(transport)) {
          near.connect(listener.localAddress());
        }
      }
      for (Crew.Job<TcpStream> job : jobs) {
        try (TcpStream far = job.join()) {
          assertThat(far.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
      }
      assertThat(listener.tryAccept()).isNull();
      assertThat(listener.accept(Deadline.after(Delays.SHORT))).isNull();
    }
  }

  @Test
  void failuresHaveNumbers() throws Exception {
    InetSocketAddress nobody;
    try (TcpListener listener = TcpListener.open().bind(RawPoll.LOOPBACK)) {
      nobody = listener.localAddress();
      try (TcpListener second = TcpListener.open()) {
        assertErrno(Errno.EADDRINUSE, () -> second.bind(listener.localAddress()));
      }
    }
    try (TcpStream stream = TcpStream.open()) {
      assertErrno(Errno.ENOTCONN, () -> stream.tryRead(ByteBuffer.allocate(1)));
      assertErrno(Errno.ENOTCONN, stream::finishConnect);
      assertErrno(Errno.ENOTCONN, stream::shutdownOutput);
      assertErrno(Errno.ECONNREFUSED, () -> stream.connect(nobody));
      assertThat(stream.remoteAddress()).isNull();
      assertThatThrownBy(() -> stream.connect(InetSocketAddress.createUnresolved("nowhere", 1)))
          .isInstanceOf(UnresolvedAddressException.class);
    }
    try (RawPoll.Pair pair = RawPoll.Pair.open()) {
      assertErrno(Errno.EISCONN, () -> pair.near().connect(pair.near().remoteAddress()));
      pair.near().shutdownOutput();
      assertErrno(Errno.EPIPE, () -> pair.near().write(ByteBuffer.allocate(1)));
      TcpStream _ = pair.far().setOption(StandardSocketOptions.SO_LINGER, 0);
      pair.far().close();
      assertErrno(Errno.ECONNRESET, () -> pair.near().read(ByteBuffer.allocate(1)));
    }
  }

  private static void assertErrno(
      Errno errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatExceptionOfType(ErrnoIOException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void aStreamCanBeOpenedAgainAfterARefusal() throws Exception {
    try (TcpListener listener = TcpListener.open();
        TcpStream stream = TcpStream.open()) {
      InetSocketAddress nobody = freeAddress();
      assertErrno(Errno.ECONNREFUSED, () -> stream.connect(nobody));
      TcpListener _ = listener.bind(nobody);
      stream.connect(nobody);
      assertThat(stream.remoteAddress()).isEqualTo(nobody);
    }
  }

  private static InetSocketAddress freeAddress() throws IOException {
    try (TcpListener listener = TcpListener.open().bind(RawPoll.LOOPBACK)) {
      return listener.localAddress();
    }
  }

  @ParameterizedTest
  @EnumSource
  void optionsAreKept(Transport transport) throws Exception {
    try (TcpStream stream = TcpStream.open(transport)) {
      assertThat(stream.option(StandardSocketOptions.TCP_NODELAY)).isFalse();
      assertThat(
              stream
                  .setOption(StandardSocketOptions.TCP_NODELAY, true)
                  .option(StandardSocketOptions.TCP_NODELAY))
          .isTrue();
      assertThat(stream.option(StandardSocketOptions.SO_LINGER)).isEqualTo(-1);
      TcpStream _ = stream.setOption(StandardSocketOptions.SO_LINGER, 7);
      assertThat(stream.option(StandardSocketOptions.SO_LINGER)).isEqualTo(7);
      TcpStream _ = stream.setOption(StandardSocketOptions.SO_LINGER, -1);
      assertThat(stream.option(StandardSocketOptions.SO_LINGER)).isEqualTo(-1);
      TcpStream _ = stream.setOption(StandardSocketOptions.SO_SNDBUF, 50_000);
      assertThat(stream.option(StandardSocketOptions.SO_SNDBUF)).isGreaterThanOrEqualTo(50_000);
      TcpStream _ = stream.setOption(StandardSocketOptions.SO_RCVBUF, 50_000);
      assertThat(stream.option(StandardSocketOptions.SO_RCVBUF)).isGreaterThanOrEqualTo(50_000);
      assertThatThrownBy(() -> stream.option(StandardSocketOptions.IP_MULTICAST_LOOP))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void bothFamiliesAreServed(String host) throws Exception {
    InetAddress address = InetAddress.getByName(host);
    try (TcpListener listener = TcpListener.open();
        TcpStream near = TcpStream.open()) {
      assertThat(listener.localAddress()).isNull();
      assertThat(near.localAddress()).isNull();
      TcpListener _ = listener.bind(new InetSocketAddress(0));
      InetSocketAddress target = new InetSocketAddress(address, listener.localAddress().getPort());
      near.connect(target);
      try (TcpStream far = listener.accept()) {
        assertThat(near.remoteAddress()).isEqualTo(target);
        assertThat(far.localAddress()).isEqualTo(target);
        assertThat(far.remoteAddress()).isEqualTo(near.localAddress());
        assertThat(target.getAddress() instanceof Inet6Address).isEqualTo(host.equals("::1"));
      }
    }
  }

  @Test
  void theBacklogIsBounded() throws Exception {
    List<TcpStream> streams = new ArrayList<>();
    try (TcpListener listener = TcpListener.open().bind(RawPoll.LOOPBACK, 1)) {
      for (int i = 0; i < 5; i++) {
        TcpStream stream = TcpStream.open();
        streams.add(stream);
        boolean _ = stream.tryConnect(listener.localAddress());
      }
      int connected = 0;
      for (TcpStream stream : streams) {
        connected += stream.finishConnect() ? 1 : 0;
      }
      assertThat(connected).isEqualTo(2); // one more than asked for, as Linux has it
      listener.accept().close();
      listener.accept().close();
      assertThat(listener.tryAccept()).isNull();
    } finally {
      for (TcpStream stream : streams) {
        stream.close();
      }
    }
  }

  @Test
  void connectingGivesUpAtADeadline() throws Exception {
    try (TcpListener listener = TcpListener.open().bind(RawPoll.LOOPBACK, 0);
        TcpStream first = TcpStream.open();
        TcpStream second = TcpStream.open()) {
      first.connect(listener.localAddress());
      assertThat(second.connect(listener.localAddress(), Deadline.after(Delays.SHORT))).isFalse();
      assertThat(second.finishConnect()).isFalse();
    }
  }

  @Test
  void aBufferOfAClosedArenaIsRefused() throws Exception {
    try (RawPoll.Pair pair = RawPoll.Pair.open()) {
      Arena arena = Arena.ofShared();
      ByteBuffer buffer = arena.allocate(100).asByteBuffer();
      assertThat(pair.near().tryWrite(buffer)).isEqualTo(100);
      arena.close();
      assertThatThrownBy(() -> pair.near().tryWrite(buffer.clear()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void tryingMakesNoGarbage() throws Exception {
    try (RawPoll.Pair pair = RawPoll.Pair.open()) {
      ByteBuffer direct = ByteBuffer.allocateDirect(64);
      ByteBuffer heap = ByteBuffer.allocate(64);
      Allocation.assertNone(8_000, 500, () -> echo(pair, direct));
      Allocation.assertNone(8_000, 500, () -> echo(pair, heap));
    }
  }

  /** One message there and taken, with a poll before each step. */
  private static void echo(RawPoll.Pair pair, ByteBuffer buffer) {
    try {
      assertReady(pair.near().poll(Events.OUT, null));
      int _ = pair.near().tryWrite(buffer.clear());
      while (pair.far().poll(Events.IN, null) == 0) {
        Thread.onSpinWait();
      }
      int _ = pair.far().tryRead(buffer.clear());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertReady(int events) {
    if (events == 0) {
      throw new AssertionError("not ready");
    }
  }
}
