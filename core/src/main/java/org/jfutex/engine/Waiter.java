package org.jfutex.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jfutex.park.Parker;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/** One entry of a wait queue: a waiter, or one word of a vector wait. */
class Waiter {
  /*
   * State       QUEUED  in a queue, its thread has not announced that it parks
   *             PARKED  in a queue, whoever takes it must call the parker
   *             WOKEN   taken by a waker and counted
   *             LEFT    has left the queue by itself: timed out, interrupted, undone
   *
   *             QUEUED -> PARKED  the waiting thread, before it parks, under no lock
   *             QUEUED -> WOKEN   a waker, under the bucket's lock; the thread does not park
   *             PARKED -> WOKEN   a waker, under the bucket's lock; it calls the parker afterwards
   *             QUEUED or PARKED -> LEFT   the waiter itself, or for an asynchronous wait whoever
   *                        ends it, under the bucket's lock
   *             Entries of vector and asynchronous waits begin PARKED.
   * Guards      key, next, prev, chain: the lock of the bucket. After WOKEN next belongs to the
   *             waker's list. bucket: written under the locks of the old and the new bucket, read
   *             by anyone who then locks it and reads it again. state: atomic.
   * Lock order  none of its own.
   * Ordering    the waker's getAndSet(WOKEN) (C) pairs with the thread's compareAndSet(PARKED) and
   *             its volatile reads of state (C): either the thread sees WOKEN and does not park,
   *             or the waker sees PARKED and unparks. Both are read-modify-writes of one variable,
   *             so one of them comes first; no order between variables is needed for that. A thread
   *             that sees WOKEN sees all that the waker did before.
   * Progress    a waiter that leaves locks its bucket and looks again: a requeue may move it there
   *             any number of times, but each move is another thread's progress.
   * Callbacks   none.
   * Checked by  WakeBeforePark, LeaveAgainstRequeue, MemoryModel (jcstress), QueueLincheckTest,
   *             EngineFuzzTest.
   */
  static final int QUEUED = 0;
  static final int PARKED = 1;
  static final int WOKEN = 2;
  static final int LEFT = 3;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Waiter.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final int bitset;
  final int rank;
  final Parker parker;

  /** When it came, on the monotonic clock of the engine's ticker. */
  final long sinceNanos;

  Key key;
  volatile @Nullable Bucket bucket;
  @Nullable Waiter next;
  @Nullable Waiter prev;

  /** Next in the slot of the queue's table, for the first waiter of a key. */
  @Nullable Waiter chain;

  private volatile int state;

  Waiter(Key key, int bitset, int rank, Parker parker, long sinceNanos, int state) {
    this.key = key;
    this.bitset = bitset;
    this.rank = rank;
    this.parker = parker;
    this.sinceNanos = sinceNanos;
    this.state = state;
  }

  /** Announces that the thread is about to park; false if it has been woken already. */
  boolean beginPark() {
    return STATE.compareAndSet(this, QUEUED, PARKED); // (C) pairs with markWoken
  }

  boolean isWoken() {
    return state == WOKEN;
  }

  boolean isQueued() {
    return state <= PARKED;
  }

  boolean hasLeft() {
    return state == LEFT;
  }

  /** Whether a plain wake or requeue that meets it is refused: it waits for a lock. */
  boolean refusesWakes() {
    return false;
  }

  /** Whether it is told of wakes, and is neither taken nor moved nor counted. */
  boolean isObserver() {
    return false;
  }

  /** Is told, under the bucket's lock, that it has left its queue by itself. */
  void leaveLocked() {}

  /** Taken by a waker, under the bucket's lock; true if the parker must be called. */
  boolean markWoken() {
    return (int) STATE.getAndSet(this, WOKEN) == PARKED; // (C) pairs with beginPark
  }

  /** Has left by itself, under the bucket's lock. */
  void markLeft() {
    state = LEFT;
  }
}
