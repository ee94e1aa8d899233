package org.jfutex.poll;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jfutex.Errno;
import org.jfutex.FutexException;

/** Where an {@link Epoll} is among those that contain each other. */
final class Nesting {
  /*
   * State       outer, inner: who contains it, and whom it contains; as often as there are entries.
   * Guards      they grow with GROWTH held; they shrink at any time, as that makes no circle.
   * Lock order  GROWTH, before the scan lock of any epoll.
   * Ordering    none.
   * Progress    the graph has no circle, so a walk ends.
   * Callbacks   none.
   * Checked by  EpollTest.
   */

  /** How many epolls may be in a chain: EP_MAX_NESTS and one, fs/eventpoll.c. */
  private static final int MAX_CHAIN = 5;

  private static final ReentrantLock GROWTH = new ReentrantLock();

  private final List<Nesting> outer = new CopyOnWriteArrayList<>();
  private final List<Nesting> inner = new CopyOnWriteArrayList<>();

  /** Inserts an entry for another one, which connects them, if that makes no circle. */
  void insert(Nesting other, Runnable insertion) {
    GROWTH.lock();
    try {
      if (other.contains(this)
          || depth(this, each -> each.outer) + depth(other, each -> each.inner) > MAX_CHAIN) {
        throw new FutexException(
            Errno.ELOOP,
            "an epoll that contains this one, or a chain of more than %d epolls: expected neither"
                .formatted(MAX_CHAIN));
      }
      insertion.run();
    } finally {
      GROWTH.unlock();
    }
  }

  void connect(Nesting other) {
    inner.add(other);
    other.outer.add(this);
  }

  void disconnect(Nesting other) {
    boolean _ = inner.remove(other);
    boolean _ = other.outer.remove(this);
  }

  private boolean contains(Nesting other) {
    return inner.contains(other) || inner.stream().anyMatch(each -> each.contains(other));
  }

  /** The longest chain that begins here, itself counted. */
  private static int depth(Nesting from, Function<Nesting, List<Nesting>> next) {
    return 1 + next.apply(from).stream().mapToInt(each -> depth(each, next)).max().orElse(0);
  }
}
