package org.jfutex.poll;

import org.jspecify.annotations.Nullable;

/** An object in the interest list of an {@link Epoll}, whose locks guard it. */
final class EpollEntry<T> extends Chain.Node<EpollEntry<T>> {
  /*
   * State       idle, ready, taken, disabled, gone: see Epoll.
   * Guards      the locks of the epoll; registration: volatile, set once.
   * Lock order  none.
   * Ordering    who forgets the entry before it sees the registration leaves it to who adds, who
   *             finds the object closed.
   * Progress    see Epoll.
   * Callbacks   none.
   * Checked by  EpollTest, EpollCallbackTest.
   */

  /** What is not an event. */
  static final int FLAGS = Epoll.ET | Epoll.ONESHOT | Epoll.WAKEUP | Epoll.EXCLUSIVE;

  final Pollable object;
  final Pollee target;
  int interest;
  T data;

  /** Read without the locks by who closes the object. */
  volatile @Nullable Registration registration;

  /** Reported, and not to be again until it is modified. */
  boolean isDisabled;

  /** Out of the interest list. */
  boolean isGone;

  EpollEntry(Pollable object, Pollee target, int interest, T data) {
    this.object = object;
    this.target = target;
    this.interest = interest;
    this.data = data;
  }

  /** What becomes of an entry that a scan has taken and looked at. */
  enum After {
    /** It is ready no more, unless it was told meanwhile. */
    IDLE,
    /** Nor may it be ready. */
    DISABLED,
    /** The first that is ready. */
    FIRST,
    /** The last that is ready. */
    LAST
  }

  After afterReport() {
    return has(Epoll.ONESHOT) ? After.DISABLED : has(Epoll.ET) ? After.IDLE : After.LAST;
  }

  boolean has(int flag) {
    return (interest & flag) != 0;
  }

  int mask() {
    return interest & ~FLAGS;
  }
}
