package org.jfutex.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** A stream of {@code java.nio}. */
final class NioStream extends TcpStream {
  private final SocketChannel channel;
  private final ChannelSource source;

  NioStream(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.source = ChannelSource.takeOver(channel);
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
  public boolean tryConnect(InetSocketAddress address) throws IOException {
    return channel.connect(address);
  }

  @Override
  public boolean finishConnect() throws IOException {
    return channel.finishConnect();
  }

  @Override
  public int tryRead(ByteBuffer buffer) throws IOException {
    return channel.read(buffer);
  }

  @Override
  public int tryWrite(ByteBuffer buffer) throws IOException {
    return channel.write(buffer);
  }

  @Override
  public boolean trySendUrgent(byte urgent) throws IOException {
    channel.socket().sendUrgentData(urgent);
    return true;
  }

  @Override
  public void shutdownInput() throws IOException {
    boolean _ = channel.shutdownInput().isOpen();
    source.pollee().notifyEvents(Events.IN); // which no selector tells of
  }

  @Override
  public void shutdownOutput() throws IOException {
    boolean _ = channel.shutdownOutput().isOpen();
  }

  @Override
  public @Nullable IOException takeError() {
    return null;
  }

  @Override
  public <T> TcpStream setOption(SocketOption<T> option, T value) throws IOException {
    boolean _ = channel.setOption(option, value).isOpen();
    return this;
  }

  @Override
  public <T> T option(SocketOption<T> option) throws IOException {
    return channel.getOption(option);
  }

  @Override
  public @Nullable InetSocketAddress localAddress() throws IOException {
    return (InetSocketAddress) channel.getLocalAddress();
  }

  @Override
  public @Nullable InetSocketAddress remoteAddress() throws IOException {
    return (InetSocketAddress) channel.getRemoteAddress();
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
