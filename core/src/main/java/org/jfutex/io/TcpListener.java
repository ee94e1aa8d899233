package org.jfutex.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Where TCP connections come in; IPv4 and IPv6. Ready for IN while one waits to be accepted, and
 * for nothing else; before {@link #bind} for OUT and HUP. For any number of threads: each
 * connection wakes one of those that accept. To be closed: the garbage collector does not.
 *
 * <p>Its address can be bound again as soon as it is closed (SO_REUSEADDR is set).
 */
public abstract sealed class TcpListener implements Closeable, Pollable
    permits KernelListener, NioListener {
  /** How many connections wait, unless said otherwise; as much as Linux allows by default. */
  private static final int BACKLOG = 4096;

  TcpListener() {}

  /**
   * A socket that is to listen.
   *
   * @return a new one, with the best transport
   * @throws IOException if there are too many descriptors
   */
  public static TcpListener open() throws IOException {
    return open(Transport.best());
  }

  /**
   * A socket that is to listen.
   *
   * @param transport who carries the bytes, of its connections too
   * @return a new one
   * @throws IOException if there are too many descriptors
   * @throws UnsupportedOperationException if there is no such transport here
   */
  public static TcpListener open(Transport transport) throws IOException {
    return open(transport, Discipline.HYBRID);
  }

  /**
   * A socket that is to listen.
   *
   * @param transport who carries the bytes, of its connections too
   * @param discipline what its readiness keeps, and that of its connections; NIO keeps nothing in
   *     any case
   * @return a new one
   * @throws IOException if there are too many descriptors
   * @throws UnsupportedOperationException if there is no such transport here
   */
  public static TcpListener open(Transport transport, Discipline discipline) throws IOException {
    return switch (transport.checked()) {
      case KERNEL -> KernelListener.open(discipline);
      case NIO -> new NioListener(ServerSocketChannel.open());
    };
  }

  /**
   * Gives it an address, and listens.
   *
   * @param address the address; with port 0 some free one
   * @return this
   * @throws IOException if it is refused; ErrnoIOException with EADDRINUSE, EADDRNOTAVAIL, ...
   */
  public final TcpListener bind(InetSocketAddress address) throws IOException {
    return bind(address, BACKLOG);
  }

  /**
   * Gives it an address, and listens.
   *
   * @param address the address; with port 0 some free one
   * @param backlog about how many connections wait to be accepted
   * @return this
   * @throws IOException if it is refused; ErrnoIOException with EADDRINUSE, EADDRNOTAVAIL, ...
   */
  public abstract TcpListener bind(InetSocketAddress address, int backlog) throws IOException;

  /**
   * Takes a connection that waits.
   *
   * @return the connection; null if there is none
   * @throws IOException if it does not listen, or is closed, or there are too many descriptors
   */
  public abstract @Nullable TcpStream tryAccept() throws IOException;

  /**
   * Takes a connection, and waits for one.
   *
   * @return the connection
   * @throws InterruptedIOException if the thread is interrupted and there is none; the flag stays
   *     set
   * @throws ClosedChannelException if this is closed; AsynchronousCloseException if that happens
   *     meanwhile
   * @throws IOException as {@link #tryAccept}
   */
  public final TcpStream accept() throws IOException {
    TcpStream stream = accept(Deadline.NEVER);
    if (stream == null) {
      throw new AssertionError("there is no end of never");
    }
    return stream;
  }

  /**
   * Takes a connection, and waits for one until a deadline.
   *
   * @param deadline when to give up
   * @return the connection; null if the deadline was reached
   * @throws InterruptedIOException as {@link #accept()}
   * @throws IOException as {@link #accept()}
   */
  public final @Nullable TcpStream accept(Deadline deadline) throws IOException {
    TcpStream first = tryAccept();
    if (first != null) {
      return first;
    }
    @Nullable TcpStream[] found = new @Nullable TcpStream[1];
    Attempt<IOException> attempt =
        () -> {
          TcpStream stream = tryAccept();
          found[0] = stream;
          return stream != null;
        };
    WaitStatus end = TcpStream.block(this, "accepting", Events.IN, deadline, attempt);
    return end == WaitStatus.WOKEN ? found[0] : null;
  }

  /**
   * Its address.
   *
   * @return the address; null if it has none yet
   * @throws IOException if it is closed
   */
  public abstract @Nullable InetSocketAddress localAddress() throws IOException;

  /**
   * Whether {@link #close} has not been called.
   *
   * @return as stated
   */
  public abstract boolean isOpen();

  /**
   * Closes it; who waits for a connection is told, and connections that wait are reset. Idempotent.
   *
   * @throws IOException if something fails; it is closed all the same
   */
  @Override
  public abstract void close() throws IOException;
}
