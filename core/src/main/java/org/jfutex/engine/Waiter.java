package org.jfutex.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a wait queue: a waiter, or one word of a vector wait. Subclasses know who waits and
 * how it is told. One for each sleeping thread, so every field counts: {@link ThreadWaiter} has 40
 * bytes.
 */
abstract class Waiter {
  /*
   * State       stateAndSince: two bits of state, below 30 bits that tell when it came (see
   *             sinceNanos) and never change.
   *             QUEUED  in a queue, its thread has not announced that it parks
   *             PARKED  in a queue, whoever takes it must call unpark
   *             WOKEN   taken by a waker and counted
   *             LEFT    has left the queue by itself: timed out, interrupted, undone
   *
   *             QUEUED -> PARKED  the waiting thread, before it parks, under no lock
   *             QUEUED -> WOKEN   a waker, under the bucket's lock; the thread does not park
   *             PARKED -> WOKEN   a waker, under the bucket's lock; it calls unpark afterwards
   *             QUEUED or PARKED -> LEFT   the waiter itself, or for an asynchronous wait whoever
   *                        ends it, under the bucket's lock
   *             Entries of vector and asynchronous waits begin PARKED.
   * Guards      key, next, prev, chain: the lock of the bucket, which is the one that the key
   *             hashes to. After WOKEN next belongs to the waker's list. key: written under the
   *             locks of the old and the new bucket; read without a lock by HashTable.lockOf, which
   *             locks that key's bucket and reads it again. stateAndSince: atomic.
   * Lock order  none of its own.
   * Ordering    the waker's getAndSet(WOKEN) (C) pairs with the thread's compareAndSet(PARKED) and
   *             its volatile reads of state (C): either the thread sees WOKEN and does not park,
   *             or the waker sees PARKED and unparks. Both are read-modify-writes of one variable,
   *             so one of them comes first; no order between variables is needed for that. A thread
   *             that sees WOKEN sees all that the waker did before.
   *             The constructor writes in plain mode: others find a waiter in a queue, under the
   *             lock under which it was put there, or through AsyncWait, whose (D) publishes it.
   * Progress    a waiter that leaves locks its bucket and looks again: a requeue may move it there
   *             any number of times, but each move is another thread's progress.
   * Callbacks   none.
   * Checked by  WakeBeforePark, LeaveAgainstRequeue, MemoryModel (jcstress), QueueLincheckTest,
   *             EngineFuzzTest, WaiterTest.
   */
  static final int QUEUED = 0;
  static final int PARKED = 1;
  static final int WOKEN = 2;
  static final int LEFT = 3;

  /** The bits of the state; the others tell when it came. */
  private static final int STATE = 3;

  /** What the lowest bit of the whole counts of time, as a power of two nanoseconds. */
  private static final int NANOS_SHIFT = 24;

  private static final VarHandle STATE_AND_SINCE;
  private static final VarHandle KEY;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE_AND_SINCE = lookup.findVarHandle(Waiter.class, "stateAndSince", int.class);
      KEY = lookup.findVarHandle(Waiter.class, "key", Key.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final WaitOptions options;

  Key key;
  @Nullable Waiter next;
  @Nullable Waiter prev;

  /** Next in the slot of the queue's table, for the first waiter of a key. */
  @Nullable Waiter chain;

  @SuppressWarnings("UnusedVariable") // by its handle; not volatile, as the first write is plain
  private int stateAndSince;

  /**
   * A waiter that is in no queue yet.
   *
   * @param nowNanos when it comes, on the monotonic clock of the engine's ticker
   * @param state QUEUED or PARKED
   */
  Waiter(Key key, WaitOptions options, long nowNanos, int state) {
    this.key = key;
    this.options = Objects.requireNonNull(options, "options");
    this.stateAndSince = ((int) (nowNanos >> NANOS_SHIFT) & ~STATE) | state;
  }

  /**
   * Tells the waiter that it was taken from a queue. Called by the waker with no lock held, once
   * for each of the waiter's entries that was taken while it slept.
   *
   * @return false if the waiter has gone without leaving its queue, so that the wake must go to the
   *     next one
   */
  abstract boolean unpark();

  /** Who waits, as {@link SleepingWaiter#kind} tells it. */
  abstract String kind();

  /** A name for people: a thread's, or what a callback calls itself. Called with no lock held. */
  abstract String describe();

  /** Announces that the thread is about to park; false if it has been woken already. */
  boolean beginPark() {
    int before = stateAndSince(); // only a waker may change it meanwhile, to WOKEN
    return (before & STATE) == QUEUED
        && STATE_AND_SINCE.compareAndSet(this, before, before | PARKED); // (C) with markWoken
  }

  boolean isWoken() {
    return state() == WOKEN;
  }

  boolean isQueued() {
    return state() <= PARKED;
  }

  boolean hasLeft() {
    return state() == LEFT;
  }

  /**
   * When it came, in steps of 2^26 ns (67 ms) and never later than it did; but for who has slept
   * 2^56 ns (2.2 years) or longer, as only that much fits.
   *
   * @param nowNanos a time after that, on the same clock
   */
  long sinceNanos(long nowNanos) {
    long now = nowNanos >> NANOS_SHIFT;
    int age = (int) now - (stateAndSince() & ~STATE); // unsigned, and right when now has wrapped
    return (now - Integer.toUnsignedLong(age)) << NANOS_SHIFT;
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

  /** Taken by a waker, under the bucket's lock; true if unpark must be called. */
  boolean markWoken() {
    int woken = (stateAndSince() & ~STATE) | WOKEN;
    return ((int) STATE_AND_SINCE.getAndSet(this, woken) & STATE) == PARKED; // (C) with beginPark
  }

  /** Has left by itself, under the bucket's lock. */
  void markLeft() {
    STATE_AND_SINCE.setVolatile(this, stateAndSince() | LEFT);
  }

  /** Its key as it was a moment ago, for who holds no lock. */
  Key keyUnlocked() {
    return (Key) KEY.getOpaque(this); // pairs with nothing: HashTable.lockOf looks again
  }

  private int state() {
    return stateAndSince() & STATE;
  }

  private int stateAndSince() {
    return (int) STATE_AND_SINCE.getVolatile(this); // (C) pairs with markWoken
  }
}
