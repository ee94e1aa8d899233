package org.jfutex.io;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection, or a socket that is to become one; IPv4 and IPv6. For any number of threads,
 * platform or virtual: those that read do not disturb those that write, but pieces of two writers
 * may mix.
 *
 * <p>It is ready as a socket of Linux is, see tcp(7) and poll(2):
 *
 * <ul>
 *   <li>neither connected nor about to be: OUT and HUP;
 *   <li>connecting: nothing; after that as connected, or IN, OUT, RDHUP, ERR and HUP;
 *   <li>IN: something can be read, or the end has come; OUT: a third of the room for what is to be
 *       sent is free; PRI: an urgent byte has come;
 *   <li>RDHUP: the other end sends no more, or this one receives no more; HUP: both directions are
 *       shut; ERR: there is an {@link #takeError error}.
 * </ul>
 *
 * <p>{@code tryRead} and {@code tryWrite} make no garbage with a direct buffer. An interrupt ends a
 * call that blocks, and closes nothing. To be closed: the garbage collector does not.
 */
public abstract sealed class TcpStream implements ByteChannel, Pollable
    permits KernelStream, NioStream {
  /** How many bytes there must be for IN; at least 1. With {@link Transport#KERNEL} only. */
  public static final SocketOption<Integer> SO_RCVLOWAT =
      new SocketOption<>() {
        @Override
        public String name() {
          return "SO_RCVLOWAT";
        }

        @Override
        public Class<Integer> type() {
          return Integer.class;
        }
      };

  TcpStream() {}

  /**
   * A socket that is to be connected.
   *
   * @return a new one, with the best transport
   * @throws IOException if there are too many descriptors
   */
  public static TcpStream open() throws IOException {
    return open(Transport.best());
  }

  /**
   * A socket that is to be connected.
   *
   * @param transport who carries the bytes
   * @return a new one
   * @throws IOException if there are too many descriptors
   * @throws UnsupportedOperationException if there is no such transport here
   */
  public static TcpStream open(Transport transport) throws IOException {
    return open(transport, Discipline.HYBRID);
  }

  /**
   * A socket that is to be connected.
   *
   * @param transport who carries the bytes
   * @param discipline what its readiness keeps; NIO keeps nothing in any case
   * @return a new one
   * @throws IOException if there are too many descriptors
   * @throws UnsupportedOperationException if there is no such transport here
   */
  public static TcpStream open(Transport transport, Discipline discipline) throws IOException {
    return switch (transport.checked()) {
      case KERNEL -> KernelStream.open(discipline);
      case NIO -> new NioStream(SocketChannel.open());
    };
  }

  /**
   * Begins to connect. When it goes on, it is ready for OUT, or has ERR or HUP, when it is over;
   * then {@link #finishConnect} tells.
   *
   * @param address whereto
   * @return true if it is connected; false if it goes on
   * @throws IOException if it fails at once; ErrnoIOException with ECONNREFUSED, ENETUNREACH, ...
   * @throws java.nio.channels.UnresolvedAddressException if the address has no number
   */
  public abstract boolean tryConnect(InetSocketAddress address) throws IOException;

  /**
   * Whether a connection that was begun is there.
   *
   * @return true if it is connected; false if it goes on
   * @throws IOException if it has failed; ErrnoIOException with ECONNREFUSED, ETIMEDOUT, ...; with
   *     ENOTCONN if none was begun, or another call was told of its failure
   */
  public abstract boolean finishConnect() throws IOException;

  /**
   * Connects.
   *
   * @param address whereto
   * @throws InterruptedIOException if the thread is interrupted; the flag stays set, and the
   *     connection may still come
   * @throws IOException as {@link #tryConnect} and {@link #finishConnect}
   */
  public final void connect(InetSocketAddress address) throws IOException {
    boolean _ = connect(address, Deadline.NEVER);
  }

  /**
   * Connects, or gives up at a deadline.
   *
   * @param address whereto
   * @param deadline when to give up
   * @return false if the deadline was reached first; the connection may still come
   * @throws InterruptedIOException if the thread is interrupted; the flag stays set, and the
   *     connection may still come
   * @throws IOException as {@link #tryConnect} and {@link #finishConnect}
   */
  public final boolean connect(InetSocketAddress address, Deadline deadline) throws IOException {
    return tryConnect(address)
        || block("connecting", Events.OUT, deadline, this::finishConnect) == WaitStatus.WOKEN;
  }

  /**
   * Reads what there is.
   *
   * @param buffer where to put it
   * @return how many bytes, at least 1; 0 if there are none yet, or the buffer is full; -1 at the
   *     end
   * @throws IOException as {@link #read}
   */
  public abstract int tryRead(ByteBuffer buffer) throws IOException;

  /**
   * Writes what there is room for.
   *
   * @param buffer the bytes
   * @return how many were taken; 0 if there is no room, or the buffer is empty
   * @throws IOException as {@link #write}
   */
  public abstract int tryWrite(ByteBuffer buffer) throws IOException;

  /**
   * Reads, and waits until there is something.
   *
   * @param buffer where to put it
   * @return how many bytes, at least 1; 0 if the buffer is full; -1 at the end
   * @throws InterruptedIOException if the thread is interrupted and there is nothing; the flag
   *     stays set
   * @throws ClosedChannelException if this is closed; AsynchronousCloseException if that happens
   *     meanwhile
   * @throws IOException if the connection has failed; ErrnoIOException with ECONNRESET, ENOTCONN,
   *     ...
   */
  @Override
  public final int read(ByteBuffer buffer) throws IOException {
    int first = tryRead(buffer);
    if (first != 0 || !buffer.hasRemaining()) {
      return first;
    }
    int[] count = new int[1];
    Attempt<IOException> attempt =
        () -> {
          count[0] = tryRead(buffer);
          return count[0] != 0;
        };
    WaitStatus _ = block("reading", Events.IN, Deadline.NEVER, attempt);
    return count[0];
  }

  /**
   * Writes all of a buffer, and waits for room.
   *
   * @param buffer the bytes
   * @return how many there were
   * @throws InterruptedIOException if the thread is interrupted and there is no room; it says how
   *     many bytes were taken, as the buffer does; the flag stays set
   * @throws ClosedChannelException if this is closed; AsynchronousCloseException if that happens
   *     meanwhile
   * @throws IOException if the connection has failed; ErrnoIOException with EPIPE, ECONNRESET, ...
   */
  @Override
  public final int write(ByteBuffer buffer) throws IOException {
    int start = buffer.position();
    Attempt<IOException> attempt =
        () -> {
          while (buffer.hasRemaining() && tryWrite(buffer) > 0) {} // until it has to wait
          return !buffer.hasRemaining();
        };
    try {
      if (!attempt.attempt()) {
        WaitStatus _ = block("writing", Events.OUT, Deadline.NEVER, attempt);
      }
    } catch (InterruptedIOException e) {
      e.bytesTransferred = buffer.position() - start;
      throw e;
    }
    return buffer.position() - start;
  }

  /**
   * Sends an urgent byte. It makes the other end ready for PRI; who reads there does not get it, as
   * it is not among the others (the option SO_OOBINLINE of socket(7) is off).
   *
   * @param urgent the byte
   * @return whether it was taken; false if there is no room
   * @throws IOException as {@link #write}
   */
  public abstract boolean trySendUrgent(byte urgent) throws IOException;

  /**
   * Receives no more: who reads gets what has come, and then the end.
   *
   * @throws IOException if it is closed or not connected
   */
  public abstract void shutdownInput() throws IOException;

  /**
   * Sends no more: after what was sent the other end gets the end.
   *
   * @throws IOException if it is closed or not connected
   */
  public abstract void shutdownOutput() throws IOException;

  /**
   * Takes the error that is pending: ERR is over then.
   *
   * @return the error, null if there is none; with {@link Transport#NIO} always null
   * @throws IOException if it is closed
   */
  public abstract @Nullable IOException takeError() throws IOException;

  /**
   * Sets an option: TCP_NODELAY, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE and SO_LINGER of {@link
   * java.net.StandardSocketOptions}, or {@link #SO_RCVLOWAT}. After SO_LINGER with 0 seconds {@link
   * #close} resets the connection.
   *
   * @param <T> the type of its value
   * @param option the option
   * @param value what to set it to
   * @return this
   * @throws IOException if it is closed, or the value is refused
   * @throws UnsupportedOperationException if there is no such option
   */
  public abstract <T> TcpStream setOption(SocketOption<T> option, T value) throws IOException;

  /**
   * The value of an option.
   *
   * @param <T> the type of its value
   * @param option as {@link #setOption}
   * @return what the kernel says, such as a size that it has doubled
   * @throws IOException if it is closed
   * @throws UnsupportedOperationException if there is no such option
   */
  public abstract <T> T option(SocketOption<T> option) throws IOException;

  /**
   * The address of this end.
   *
   * @return the address; null if it has none yet
   * @throws IOException if it is closed
   */
  public abstract @Nullable InetSocketAddress localAddress() throws IOException;

  /**
   * The address of the other end.
   *
   * @return the address; null if it is not connected
   * @throws IOException if it is closed
   */
  public abstract @Nullable InetSocketAddress remoteAddress() throws IOException;

  /**
   * Closes it; who waits in a call is told. What was sent is still delivered, unless SO_LINGER is
   * 0. Idempotent.
   *
   * @throws IOException if something fails; it is closed all the same
   */
  @Override
  public abstract void close() throws IOException;

  private WaitStatus block(String what, int mask, Deadline deadline, Attempt<IOException> attempt)
      throws IOException {
    return block(this, what, mask, deadline, attempt);
  }

  /** The loop of all calls that block: an interrupt is an InterruptedIOException. */
  static WaitStatus block(
      Pollable object, String what, int mask, Deadline deadline, Attempt<IOException> attempt)
      throws IOException {
    try {
      WaitStatus end = object.await(mask, deadline, attempt);
      if (end == WaitStatus.INTERRUPTED) {
        throw new InterruptedIOException("interrupted while " + what);
      }
      return end;
    } catch (AsynchronousCloseException e) {
      throw e;
    } catch (ClosedChannelException e) {
      AsynchronousCloseException closed = new AsynchronousCloseException();
      closed.initCause(e);
      throw closed;
    }
  }
}
