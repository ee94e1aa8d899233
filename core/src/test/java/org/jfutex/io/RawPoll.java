package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jfutex.kernel.Syscalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.testing.Crew;

/** What the kernel itself says of the sockets of a test, past all that is under test. */
final class RawPoll {
  static final InetSocketAddress LOOPBACK =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final int NR_POLL = 7;

  private RawPoll() {}

  /** The answer of poll(2) about a descriptor, asked for everything. */
  static int mask(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8, 8);
      entry.set(ValueLayout.JAVA_INT, 0, descriptor);
      entry.set(ValueLayout.JAVA_SHORT, 4, (short) Events.ALL);
      assertThat(Syscalls.call(NR_POLL, entry.address(), 1, 0)).isBetween(0L, 1L);
      return Short.toUnsignedInt(entry.get(ValueLayout.JAVA_SHORT, 6));
    }
  }

  static int mask(TcpStream stream) {
    return mask(((KernelStream) stream).descriptor().number());
  }

  static int mask(TcpListener listener) {
    return mask(((KernelListener) listener).descriptor().number());
  }

  /** Both ends of a connection. */
  record Pair(TcpStream near, TcpStream far) implements AutoCloseable {
    static Pair open(Transport transport, Discipline discipline) throws IOException {
      try (TcpListener listener = TcpListener.open(transport, discipline).bind(LOOPBACK)) {
        TcpStream near = TcpStream.open(transport, discipline);
        near.connect(listener.localAddress());
        return new Pair(near, listener.accept());
      }
    }

    static Pair open() throws IOException {
      return open(Transport.KERNEL, Discipline.HYBRID);
    }

    @Override
    public void close() throws IOException {
      near.close();
      far.close();
    }
  }

  /** What the kernel says becomes this, and then the stream says the same, time and again. */
  static void assertBecomes(TcpStream stream, int events) {
    int expected = withSynonyms(events);
    Crew.until(Events.describe(events), () -> mask(stream) == expected);
    for (int i = 0; i < 3; i++) {
      assertThat(Events.describe(stream.poll(Events.ALL, null)))
          .isEqualTo(Events.describe(expected));
    }
  }

  static int withSynonyms(int events) {
    return events
        | ((events & Events.IN) != 0 ? Events.RDNORM : 0)
        | ((events & Events.OUT) != 0 ? Events.WRNORM : 0);
  }
}
