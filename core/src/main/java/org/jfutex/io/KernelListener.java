package org.jfutex.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import org.jfutex.Errno;
import org.jfutex.kernel.SocketCalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Pollee;
import org.jspecify.annotations.Nullable;

/** A listener of the kernel's. */
final class KernelListener extends TcpListener {
  private final Descriptor descriptor;
  private final Discipline discipline;

  private KernelListener(int socket, Discipline discipline) throws IOException {
    this.descriptor = new Descriptor(socket, discipline);
    this.discipline = discipline;
  }

  static KernelListener open(Discipline discipline) throws IOException {
    int socket = (int) Descriptor.check(SocketCalls.open(), "a socket");
    long _ = SocketCalls.setOption(socket, SocketCalls.SOL_SOCKET, SocketCalls.SO_REUSEADDR, 1);
    return new KernelListener(socket, discipline);
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
  public TcpListener bind(InetSocketAddress address, int backlog) throws IOException {
    if (address.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
    int socket = descriptor.enter();
    try {
      long _ = Descriptor.check(SocketCalls.bind(socket, address), "binding " + address);
      long _ = Descriptor.check(SocketCalls.listen(socket, backlog), "listening on " + address);
      return this;
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public @Nullable TcpStream tryAccept() throws IOException {
    int socket = descriptor.enter();
    try {
      long accepted = SocketCalls.accept(socket);
      if (accepted == -Errno.EAGAIN.number()) {
        return null;
      }
      return new KernelStream((int) Descriptor.check(accepted, "accepting"), discipline);
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public @Nullable InetSocketAddress localAddress() throws IOException {
    return descriptor.localAddress();
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
