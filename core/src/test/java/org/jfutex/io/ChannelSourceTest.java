package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Events;
import org.jfutex.poll.Poller;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Channels of java.nio as things to wait for. */
@SuppressWarnings("try") // what is closed, and when, is what is tested
class ChannelSourceTest {
  private static final int ROUNDS = 500;

  private static void awaitTold(ChannelSource source, int mask) {
    try (Poller poller = new Poller()) {
      int events = source.poll(mask, poller);
      while (events == 0) {
        assertThat(poller.await(Deadline.after(Delays.GIVE_UP))).isEqualTo(WaitStatus.WOKEN);
        events = source.poll(mask, null);
      }
    }
  }

  private static ByteBuffer one() {
    return ByteBuffer.allocate(1);
  }

  @ParameterizedTest
  @EnumSource
  void aPipeHandsOverAgainAndAgain(ThreadKind kind) throws Exception {
    Pipe pipe = Pipe.open();
    try (Crew crew = new Crew();
        ChannelSource in = ChannelSource.of(pipe.source());
        ChannelSource out = ChannelSource.of(pipe.sink())) {
      assertThat(in.poll(Events.IN, null)).isZero();
      assertThat(out.poll(Events.OUT, null)).isEqualTo(Events.OUT);
      var reader =
          crew.start(
              kind,
              () -> {
                int taken = 0;
                while (taken < ROUNDS) {
                  awaitTold(in, Events.IN);
                  taken += Math.max(0, pipe.source().read(one()));
                }
                return taken;
              });
      for (int i = 0; i < ROUNDS; i++) {
        awaitTold(out, Events.OUT);
        assertThat(pipe.sink().write(one())).isEqualTo(1);
      }
      assertThat(reader.join()).isEqualTo(ROUNDS);
    }
  }

  @Test
  void whatIsThereIsSeenAtOnce() throws Exception {
    Pipe pipe = Pipe.open();
    try (ChannelSource in = ChannelSource.of(pipe.source());
        ChannelSource out = ChannelSource.of(pipe.sink())) {
      for (int i = 0; i < ROUNDS; i++) {
        assertThat(in.poll(Events.IN, null)).isZero();
        assertThat(pipe.sink().write(one())).isEqualTo(1);
        assertThat(in.poll(Events.IN, null)).isEqualTo(Events.IN);
        assertThat(pipe.source().read(one())).isEqualTo(1);
      }
      out.close();
      awaitTold(in, Events.IN);
      assertThat(pipe.source().read(one())).isEqualTo(-1);
    }
  }

  @Test
  void aFullPipeWaitsForRoom() throws Exception {
    Pipe pipe = Pipe.open();
    try (Crew crew = new Crew();
        ChannelSource in = ChannelSource.of(pipe.source());
        ChannelSource out = ChannelSource.of(pipe.sink())) {
      ByteBuffer chunk = ByteBuffer.allocate(4096);
      while (pipe.sink().write(chunk.clear()) > 0) {}
      assertThat(out.poll(Events.OUT, null)).isZero();
      var writer =
          crew.start(
              () ->
                  out.await(
                      Events.OUT, Deadline.NEVER, () -> pipe.sink().write(chunk.clear()) > 0));
      Crew.until("sleeps", () -> writer.thread().getState() == Thread.State.WAITING);
      ByteBuffer all = ByteBuffer.allocate(1 << 16);
      assertThat(in.poll(Events.IN, null)).isEqualTo(Events.IN);
      while (all.hasRemaining() && pipe.source().read(all) > 0) {}
      assertThat(writer.join()).isEqualTo(WaitStatus.WOKEN);
    }
  }

  @Test
  void socketsConnectAndAccept() throws Exception {
    ServerSocketChannel server = ServerSocketChannel.open().bind(RawPoll.LOOPBACK);
    SocketChannel client = SocketChannel.open();
    try (ChannelSource accepting = ChannelSource.of(server);
        ChannelSource connecting = ChannelSource.of(client)) {
      assertThat(connecting.poll(Events.IN, null)).isEqualTo(Events.HUP);
      assertThat(connecting.poll(Events.OUT, null)).isEqualTo(Events.OUT | Events.HUP);
      assertThat(accepting.poll(Events.ALL, null)).isZero();
      boolean isThere = client.connect(server.getLocalAddress());
      awaitTold(accepting, Events.IN);
      awaitTold(connecting, Events.OUT);
      assertThat(isThere || client.finishConnect()).isTrue();
      try (SocketChannel accepted = server.accept()) {
        assertThat(accepting.poll(Events.IN, null)).isZero();
        assertThat(connecting.poll(Events.IN | Events.OUT, null)).isEqualTo(Events.OUT);
        assertThat(accepted.write(one())).isEqualTo(1);
        awaitTold(connecting, Events.IN);
      }
    }
  }

  @Test
  void datagramsAreTold() throws Exception {
    DatagramChannel channel = DatagramChannel.open().bind(RawPoll.LOOPBACK);
    try (ChannelSource source = ChannelSource.of(channel)) {
      assertThat(source.poll(Events.IN | Events.OUT, null)).isEqualTo(Events.OUT);
      InetSocketAddress self = (InetSocketAddress) channel.getLocalAddress();
      assertThat(channel.send(one(), self)).isEqualTo(1);
      awaitTold(source, Events.IN);
      assertThat(channel.receive(one())).isEqualTo(self);
      assertThat(source.poll(Events.IN, null)).isZero();
    }
  }

  @Test
  void closingTellsWhoWaits() throws Exception {
    Pipe pipe = Pipe.open();
    try (Crew crew = new Crew();
        ChannelSource _ = ChannelSource.of(pipe.sink())) {
      ChannelSource in = ChannelSource.of(pipe.source());
      var waiter = crew.start(() -> in.await(Events.IN, Deadline.NEVER));
      Crew.until("sleeps", () -> waiter.thread().getState() == Thread.State.WAITING);
      in.close();
      assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(in.poll(Events.IN, null)).isEqualTo(Events.NVAL);
      assertThat(in.channel().isOpen()).isFalse();
      in.close();
    }
  }
}
