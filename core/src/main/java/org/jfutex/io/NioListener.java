package org.jfutex.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** A listener of {@code java.nio}. */
final class NioListener extends TcpListener {
  private final ServerSocketChannel channel;
  private final ChannelSource source;

  NioListener(ServerSocketChannel channel) throws IOException {
    this.channel = channel;
    this.source = ChannelSource.takeOver(channel);
    var _ = channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
  }

  @Override
  public Pollee pollee() {
    return source.pollee();
  }

  @Override
  public <E extends Exception> WaitStatus await(int mask, Deadline deadline, Attempt<E> attempt)
      throws E {
    return source.await(mask, deadline, attempt);
  }

  @Override
  public TcpListener bind(InetSocketAddress address, int backlog) throws IOException {
    boolean _ = channel.bind(address, backlog).isOpen();
    return this;
  }

  @Override
  public @Nullable TcpStream tryAccept() throws IOException {
    SocketChannel accepted = channel.accept();
    return accepted == null ? null : new NioStream(accepted);
  }

  @Override
  public @Nullable InetSocketAddress localAddress() throws IOException {
    return (InetSocketAddress) channel.getLocalAddress();
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
