package org.jfutex.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.kernel.EpollCalls;
import org.jfutex.kernel.SocketCalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor of the kernel: what it is ready for, and nobody in a call on it once it is closed.
 */
final class Descriptor implements Pollable {
  /*
   * State       uses      how many threads are in a call on it, and CLOSED
   *                       n          -> n + 1        a call begins
   *                       n (CLOSED) -> n - 1        it ends; 0 CLOSED: who gets there closes the
   *                                                  descriptor
   *                       n          -> n + 1 CLOSED it is closed: no call begins any more
   * Guards      atomic.
   * Lock order  none; closing takes the bridge's, with none held.
   * Ordering    a call that has begun is on this descriptor: its number is given back after all
   *             calls have ended, and is taken out of the bridge before.
   *             A call ends with an invalidation, whatever its result: what is known is then of
   *             the time before it, and a result of "would block" contradicts it.
   *             What goes without a call of ours, and without an edge, is PRI alone: a new urgent
   *             pointer voids the byte before it (tcp_check_urg). A check that finds it keeps
   *             nothing; but a STATEFUL pollee says PRI until the next edge.
   * Progress    calls do not block, so the last of them is soon. close does not wait for it.
   * Callbacks   observers, by close.
   * Checked by  TcpTest.
   */
  private static final int CLOSED = Integer.MIN_VALUE;

  private final int number;
  private final Bridge bridge;
  private final int slot;
  private final Discipline discipline;
  private final Pollee pollee;
  private final AtomicInteger uses = new AtomicInteger();

  /** Takes over a descriptor; if that fails it is closed. */
  Descriptor(int number, Discipline discipline) throws IOException {
    this.number = number;
    this.discipline = discipline;
    boolean isDone = false;
    try {
      bridge = Bridge.get();
      pollee = new Pollee(discipline, this::check, bridge);
      slot = bridge.add(number, pollee);
      isDone = true;
    } finally {
      if (!isDone) {
        long _ = SocketCalls.close(number);
      }
    }
  }

  /** The result of a call; a failure is thrown. */
  static long check(long result, String what) throws IOException {
    if (result < 0) {
      throw failure((int) -result, what);
    }
    return result;
  }

  /** What a call failed with. */
  static IOException failure(int number, String what) {
    for (Errno errno : Errno.values()) {
      if (errno.number() == number) {
        return new ErrnoIOException(errno, what);
      }
    }
    return new IOException("errno " + number + ": " + what);
  }

  private int check() {
    if (!tryEnter()) {
      return Events.NVAL;
    }
    try {
      int found = Math.max(0, EpollCalls.poll(number, Events.ALL));
      if ((found & Events.PRI) != 0 && discipline == Discipline.HYBRID) {
        pollee.invalidate(); // not to be kept: the other end can take it back without an edge
      }
      return found;
    } finally {
      exit();
    }
  }

  private boolean tryEnter() {
    int now;
    do {
      now = uses.get();
      if (now < 0) {
        return false;
      }
    } while (!uses.compareAndSet(now, now + 1));
    return true;
  }

  /** Ends a call that has changed nothing. */
  void exit() {
    if (uses.decrementAndGet() == CLOSED) {
      long _ = SocketCalls.close(number);
    }
  }

  /** Begins a call; its end is {@link #leave} or {@link #exit}. Returns the descriptor. */
  int enter() throws ClosedChannelException {
    if (!tryEnter()) {
      throw new ClosedChannelException();
    }
    return number;
  }

  /** Ends a call that may have changed what it is ready for. */
  void leave() {
    pollee.invalidate();
    exit();
  }

  /** The address it is bound to; null if it is none yet. */
  @Nullable InetSocketAddress localAddress() throws IOException {
    int socket = enter();
    try {
      InetSocketAddress address = SocketCalls.localAddress(socket);
      return address == null || address.getPort() == 0 ? null : address;
    } finally {
      exit();
    }
  }

  /** Its number, for tests: nothing keeps it from being closed. */
  int number() {
    return number;
  }

  boolean isOpen() {
    return uses.get() >= 0;
  }

  void close() {
    int now;
    do {
      now = uses.get();
      if (now < 0) {
        return;
      }
    } while (!uses.compareAndSet(now, now + 1 | CLOSED));
    bridge.remove(number, slot);
    pollee.close();
    exit();
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }
}
