package org.jfutex.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.Errno;
import org.jfutex.kernel.EpollCalls;
import org.jfutex.kernel.SocketCalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollee;
import org.jspecify.annotations.Nullable;

/** A stream of the kernel's. */
final class KernelStream extends TcpStream {
  /*
   * State       target    where it connects to; taken by the one who finishes that.
   * Guards      target: atomic. All else is the kernel's.
   * Lock order  none.
   * Ordering    who has taken the target calls connect(2) again, which gives the outcome once, and
   *             after a failure lets the socket be connected anew; one call more would do that.
   * Progress    no call blocks.
   * Callbacks   none.
   * Checked by  TcpTest.
   */

  /** What goes through memory of ours at once, as the kernel does not take a heap buffer. */
  private static final int CHUNK_BYTES = 1 << 16;

  /** What is not worth an object for the kernel to have it without a copy. */
  private static final int SMALL_BYTES = 1 << 13;

  private static final int POOLED = 16;

  /** Memory outside the heap. */
  private record Chunk(MemorySegment memory, ByteBuffer bytes) {
    Chunk(MemorySegment memory) {
      this(memory, memory.asByteBuffer());
    }
  }

  /** Memory that nobody uses; what does not fit in is left to the garbage collector. */
  private static final ArrayBlockingQueue<Chunk> POOL = new ArrayBlockingQueue<>(POOLED);

  private static final int RECEIVE = 0;
  private static final int SEND = 1;

  /** An option's level and name. */
  private record Option(int level, int name) {}

  private static final Map<SocketOption<?>, Option> OPTIONS =
      Map.of(
          StandardSocketOptions.TCP_NODELAY, tcp(SocketCalls.TCP_NODELAY),
          StandardSocketOptions.SO_SNDBUF, socket(SocketCalls.SO_SNDBUF),
          StandardSocketOptions.SO_RCVBUF, socket(SocketCalls.SO_RCVBUF),
          StandardSocketOptions.SO_KEEPALIVE, socket(SocketCalls.SO_KEEPALIVE),
          StandardSocketOptions.SO_LINGER, socket(SocketCalls.SO_LINGER),
          TcpStream.SO_RCVLOWAT, socket(SocketCalls.SO_RCVLOWAT));

  private final Descriptor descriptor;
  private final AtomicReference<@Nullable InetSocketAddress> target = new AtomicReference<>();

  KernelStream(int socket, Discipline discipline) throws IOException {
    this.descriptor = new Descriptor(socket, discipline);
  }

  static KernelStream open(Discipline discipline) throws IOException {
    return new KernelStream((int) Descriptor.check(SocketCalls.open(), "a socket"), discipline);
  }

  private static Option socket(int name) {
    return new Option(SocketCalls.SOL_SOCKET, name);
  }

  private static Option tcp(int name) {
    return new Option(SocketCalls.IPPROTO_TCP, name);
  }

  /** The descriptor, for tests. */
  Descriptor descriptor() {
    return descriptor;
  }

  @Override
  public Pollee pollee() {
    return descriptor.pollee();
  }

  @Override
  public boolean tryConnect(InetSocketAddress address) throws IOException {
    if (address.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
    int socket = descriptor.enter();
    try {
      long result = SocketCalls.connect(socket, address);
      if (result == -Errno.EINPROGRESS.number()) {
        target.set(address);
        return false;
      }
      long _ = Descriptor.check(result, "connecting to " + address);
      return true;
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public boolean finishConnect() throws IOException {
    int socket = descriptor.enter();
    try {
      if (target.get() != null && EpollCalls.poll(socket, Events.OUT) == 0) {
        return false;
      }
      InetSocketAddress address = target.getAndSet(null);
      if (address == null) {
        if (SocketCalls.remoteAddress(socket) == null) {
          throw new ErrnoIOException(Errno.ENOTCONN, "connecting was not begun, or has failed");
        }
        return true;
      }
      long result = SocketCalls.connect(socket, address);
      if (result != -Errno.EISCONN.number()) {
        long _ = Descriptor.check(result, "connecting to " + address);
      }
      return true;
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public int tryRead(ByteBuffer buffer) throws IOException {
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException(buffer + " is read-only: expected one to read into");
    }
    int bytes = buffer.remaining();
    if (buffer.isDirect() && bytes > SMALL_BYTES) {
      return advance(buffer, receive(MemorySegment.ofBuffer(buffer), bytes));
    }
    Chunk chunk = takeChunk();
    try {
      int count = receive(chunk.memory, Math.min(bytes, CHUNK_BYTES));
      if (count > 0) {
        ByteBuffer _ = buffer.put(buffer.position(), chunk.bytes, 0, count);
      }
      return advance(buffer, count);
    } finally {
      boolean _ = POOL.offer(chunk);
    }
  }

  @Override
  public int tryWrite(ByteBuffer buffer) throws IOException {
    int bytes = buffer.remaining();
    if (buffer.isDirect() && bytes > SMALL_BYTES) {
      return advance(buffer, send(MemorySegment.ofBuffer(buffer), bytes, 0));
    }
    Chunk chunk = takeChunk();
    try {
      int length = Math.min(bytes, CHUNK_BYTES);
      ByteBuffer _ = chunk.bytes.put(0, buffer, buffer.position(), length);
      return advance(buffer, send(chunk.memory, length, 0));
    } finally {
      boolean _ = POOL.offer(chunk);
    }
  }

  private static Chunk takeChunk() {
    Chunk chunk = POOL.poll();
    return chunk == null ? new Chunk(Arena.ofAuto().allocate(CHUNK_BYTES)) : chunk;
  }

  private static int advance(ByteBuffer buffer, int count) {
    if (count > 0) {
      ByteBuffer _ = buffer.position(buffer.position() + count);
    }
    return count;
  }

  private int receive(MemorySegment memory, long bytes) throws IOException {
    int socket = descriptor.enter();
    try {
      if (bytes == 0) {
        return 0;
      }
      long count = SocketCalls.receive(socket, memory, bytes);
      return count == 0 ? -1 : transferred(count, "reading");
    } finally {
      descriptor.leave();
    }
  }

  private int send(MemorySegment memory, long bytes, int flags) throws IOException {
    int socket = descriptor.enter();
    try {
      return bytes == 0
          ? 0
          : transferred(SocketCalls.send(socket, memory, bytes, flags), "writing");
    } finally {
      descriptor.leave();
    }
  }

  private static int transferred(long count, String what) throws IOException {
    return count == -Errno.EAGAIN.number() ? 0 : (int) Descriptor.check(count, what);
  }

  @Override
  public boolean trySendUrgent(byte urgent) throws IOException {
    Chunk chunk = takeChunk();
    try {
      ByteBuffer _ = chunk.bytes.put(0, urgent);
      return send(chunk.memory, 1, SocketCalls.MSG_OOB) == 1;
    } finally {
      boolean _ = POOL.offer(chunk);
    }
  }

  @Override
  public void shutdownInput() throws IOException {
    shutdown(RECEIVE);
  }

  @Override
  public void shutdownOutput() throws IOException {
    shutdown(SEND);
  }

  private void shutdown(int how) throws IOException {
    int socket = descriptor.enter();
    try {
      long _ = Descriptor.check(SocketCalls.shutdown(socket, how), "shutting down");
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public @Nullable IOException takeError() throws IOException {
    int socket = descriptor.enter();
    try {
      long error =
          Descriptor.check(
              SocketCalls.option(socket, SocketCalls.SOL_SOCKET, SocketCalls.SO_ERROR, 0),
              "SO_ERROR");
      return error == 0 ? null : Descriptor.failure((int) error, "pending on the socket");
    } finally {
      descriptor.leave();
    }
  }

  private static Option find(SocketOption<?> option) {
    Option found = OPTIONS.get(option);
    if (found == null) {
      throw new UnsupportedOperationException(
          option.name() + ": expected one of " + OPTIONS.keySet());
    }
    return found;
  }

  @Override
  public <T> TcpStream setOption(SocketOption<T> option, T value) throws IOException {
    Option found = find(option);
    int[] values =
        switch (value) {
          case Boolean flag -> new int[] {flag ? 1 : 0};
          case Integer seconds when option.equals(StandardSocketOptions.SO_LINGER) ->
              new int[] {seconds < 0 ? 0 : 1, Math.max(0, seconds)};
          case Integer number -> new int[] {number};
          default -> throw new IllegalArgumentException(option.name() + ": " + value);
        };
    int socket = descriptor.enter();
    try {
      long result = SocketCalls.setOption(socket, found.level, found.name, values);
      long _ = Descriptor.check(result, option.name() + " = " + value);
      return this;
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public <T> T option(SocketOption<T> option) throws IOException {
    Option found = find(option);
    int socket = descriptor.enter();
    try {
      int value = value(socket, found, 0, option);
      if (option.equals(StandardSocketOptions.SO_LINGER)) {
        value = value == 0 ? -1 : value(socket, found, 1, option);
      }
      Object result = option.type() == Boolean.class ? (Object) (value != 0) : (Object) value;
      return option.type().cast(result);
    } finally {
      descriptor.exit();
    }
  }

  private static int value(int socket, Option found, int index, SocketOption<?> option)
      throws IOException {
    long value = SocketCalls.option(socket, found.level, found.name, index);
    return (int) Descriptor.check(value, option.name());
  }

  @Override
  public @Nullable InetSocketAddress localAddress() throws IOException {
    return descriptor.localAddress();
  }

  @Override
  public @Nullable InetSocketAddress remoteAddress() throws IOException {
    int socket = descriptor.enter();
    try {
      return SocketCalls.remoteAddress(socket);
    } finally {
      descriptor.exit();
    }
  }

  @Override
  public boolean isOpen() {
    return descriptor.isOpen();
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
