package org.jfutex.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Feed;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;

/**
 * Any channel of {@code java.nio} that a {@link Selector} takes, as a thing to wait for: a socket,
 * a datagram channel, an end of a {@link java.nio.channels.Pipe}. It is used as before, but
 * non-blocking, and is closed through this.
 *
 * <p>Ready for IN if something can be read or accepted, for OUT if something can be written or a
 * connection that was begun is there or has failed. Selectors tell no more: where the other end has
 * gone or something is wrong, it is ready for all that it can be ready for, without HUP, ERR or
 * RDHUP. A socket that is neither connected nor about to be is ready for OUT and HUP, as Linux says
 * it.
 *
 * <p>A poll asks the channel, and is exact; one of many such channels asks all of them. A thread,
 * one for all, brings the events to those who sleep. It tells of what was found missing before:
 * edge-triggered entries of an {@link org.jfutex.poll.Epoll} miss what goes and comes between two
 * polls. Each has a selector of its own, which takes two descriptors on Linux.
 */
public final class ChannelSource implements Pollable, Closeable {
  /*
   * State       own, key: a selector and its only key, to ask the channel. armed: its key with the
   *             selector of the thread; interest in what a check has found missing, until it comes.
   * Guards      own, key: lock. armed: its interest is atomic.
   * Lock order  lock; inside of it those of the selector own.
   * Ordering    a check asks the channel, then sets the interest in what is missing, and wakes the
   *             thread, which asks the kernel again: what came in between is found then, as it
   *             still holds. The thread takes the interest back, then tells: who polls after that
   *             sets it again. Who attempts instead of polling sets it after the attempt.
   *             Nothing is kept between polls, as the channel is used without telling this.
   * Progress    the thread is woken only where an interest is new.
   * Callbacks   none; the thread calls observers with no lock held.
   * Checked by  ChannelSourceTest.
   */
  private static final int READS = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
  private static final int WRITES = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;

  private final SelectableChannel channel;
  private final Selector own;
  private final SelectionKey key;
  private final SelectionKey armed;
  private final ReentrantLock lock = new ReentrantLock();
  private final Pollee pollee = new Pollee(Discipline.STATELESS, this::check, new Asking());

  /** Who polls or waits asks the channel first. */
  private final class Asking implements Feed {
    @Override
    public void drain() {
      ChannelSource.this.drain();
    }

    @Override
    public void watch() {
      // the thread waits in any case
    }

    @Override
    public void unwatch() {
      // likewise
    }
  }

  private ChannelSource(SelectableChannel channel, Selector own) throws IOException {
    this.channel = channel;
    this.own = own;
    this.key = channel.register(own, 0);
    this.armed = ChannelWatch.get().register(channel, this);
  }

  /**
   * A channel as a thing to wait for.
   *
   * @param channel the channel; from now on non-blocking
   * @return a new source
   * @throws IOException if it is closed, or there are too many descriptors
   */
  public static ChannelSource of(SelectableChannel channel) throws IOException {
    boolean _ = channel.configureBlocking(false).isBlocking();
    Selector own = channel.provider().openSelector();
    boolean isDone = false;
    try {
      ChannelSource source = new ChannelSource(channel, own);
      isDone = true;
      return source;
    } finally {
      if (!isDone) {
        own.close();
      }
    }
  }

  /** Takes over a channel; if that fails it is closed. */
  static ChannelSource takeOver(SelectableChannel channel) throws IOException {
    boolean isDone = false;
    try {
      ChannelSource source = of(channel);
      isDone = true;
      return source;
    } finally {
      if (!isDone) {
        channel.close();
      }
    }
  }

  /** What operations to ask about; 0 for a socket that is not yet to be asked. */
  private int interest() {
    if (channel instanceof SocketChannel socket && !socket.isConnected()) {
      return socket.isConnectionPending() ? SelectionKey.OP_CONNECT : 0;
    }
    return channel.validOps() & ~SelectionKey.OP_CONNECT;
  }

  private int check() {
    int found = ask();
    return found >= 0 ? events(found) : -found;
  }

  /** The operations that can be done now, what is missing is armed; or minus some events. */
  private int ask() {
    lock.lock();
    try {
      int interest = interest();
      if (interest == 0) {
        return -(Events.OUT | Events.HUP);
      }
      boolean _ = key.interestOps(interest).isValid();
      int found = own.selectNow() == 0 ? 0 : key.readyOps();
      own.selectedKeys().clear();
      arm(interest & ~found);
      return found;
    } catch (CancelledKeyException | ClosedSelectorException e) {
      return -Events.NVAL;
    } catch (IOException e) {
      return -Events.ERR;
    } finally {
      lock.unlock();
    }
  }

  private void arm(int operations) {
    if (operations != 0 && (armed.interestOpsOr(operations) & operations) != operations) {
      boolean _ = armed.selector().wakeup().isOpen();
    }
  }

  @Override
  public <E extends Exception> WaitStatus await(int mask, Deadline deadline, Attempt<E> attempt)
      throws E {
    return Pollable.super.await(
        mask,
        deadline,
        () -> {
          boolean isDone = attempt.attempt();
          if (!isDone) {
            armFor(mask); // whether it is missing or not: who attempts does not ask
          }
          return isDone;
        });
  }

  private void armFor(int mask) {
    int operations =
        ((mask & Events.IN) != 0 ? READS : 0) | ((mask & Events.OUT) != 0 ? WRITES : 0);
    try {
      arm(operations & interest());
    } catch (CancelledKeyException e) {
      // closed, which the attempt finds when it is told
    }
  }

  /** Asks, and tells what the thread has not told yet. */
  private void drain() {
    int found = ask();
    if (found > 0) {
      tell(found);
    }
  }

  private static int events(int operations) {
    return ((operations & READS) != 0 ? Events.IN : 0)
        | ((operations & WRITES) != 0 ? Events.OUT : 0);
  }

  /** Called by the thread: something that was missing is there. */
  void tell() {
    try {
      tell(armed.readyOps());
    } catch (CancelledKeyException e) {
      // closed, and everybody was told
    }
  }

  private void tell(int found) {
    int news;
    try {
      news = armed.interestOpsAnd(~found) & found;
    } catch (CancelledKeyException e) {
      return;
    }
    if (news != 0) {
      pollee.notifyEvents(events(news));
    }
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /**
   * The channel.
   *
   * @return the one that was given
   */
  public SelectableChannel channel() {
    return channel;
  }

  /**
   * Closes the channel; who waits for it is told. Idempotent.
   *
   * @throws IOException if something fails; it is closed all the same
   */
  @Override
  public void close() throws IOException {
    try (own;
        channel) {
      armed.cancel();
      boolean _ = armed.selector().wakeup().isOpen(); // which lets go of the descriptor
    } finally {
      pollee.close();
    }
  }
}
