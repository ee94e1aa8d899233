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
   *             QUEUED  about to be queued, or in a queue
   *             WOKEN   taken by a waker and counted
   *             LEFT    has left the queue by itself: timed out, interrupted, undone
   *
   *             QUEUED -> WOKEN   a waker, under the bucket's lock; it calls unpark afterwards
   *             QUEUED -> LEFT    the waiter itself, or for an asynchronous wait whoever ends it,
   *                        under the bucket's lock
   * Guards      key, next, prev, chain: the lock of the bucket, which is the one that the key
   *             hashes to. After WOKEN next belongs to the waker's list. key: written under the
   *             locks of the old and the new bucket; read without a lock by HashTable.lockOf, which
   *             locks that key's bucket and reads it again. stateAndSince: written under the lock
   *             of the bucket, read without.
   * Lock order  none of its own.
   * Ordering    the waker writes WOKEN, then calls unpark, with a full fence between (C,
   *             fenceBeforeUnpark). The thread takes its permit, or finds none and sleeps, and then
   *             reads the state (C). Each side writes, then looks at what the other wrote: either
   *             the thread reads WOKEN, or unpark finds the permit taken and gives another, with
   *             which the thread reads the state once more. Without the fence unpark may see a
   *             permit that somebody had left before, and give none, while WOKEN is still on its
   *             way: the thread takes the old permit, reads QUEUED and sleeps for ever.
   *             A thread that sees WOKEN sees all that the waker did before.
   *             The constructor writes in plain mode: others find a waiter in a queue, under the
   *             lock under which it was put there, or through AsyncWait, whose (D) publishes it.
   * Progress    a waiter that leaves locks its bucket and looks again: a requeue may move it there
   *             any number of times, but each move is another thread's progress.
   * Callbacks   none.
   * Checked by  WakeBeforePark, LeaveAgainstRequeue, MemoryModel (jcstress), QueueLincheckTest,
   *             EngineFuzzTest, WaiterTest.
   */
  static final int QUEUED = 0;
  static final int WOKEN = 1;
  static final int LEFT = 2;

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
   * @param nowNanos when it comes, or a little before, on the monotonic clock of the engine's
   *     ticker
   */
  Waiter(Key key, WaitOptions options, long nowNanos) {
    this.key = key;
    this.options = Objects.requireNonNull(options, "options");
    this.stateAndSince = ((int) (nowNanos >> NANOS_SHIFT) & ~STATE) | QUEUED;
  }

  /**
   * Tells the waiter that it was taken from a queue. Called by the waker with no lock held, once
   * for each of the waiter's entries that was taken.
   *
   * @return false if the waiter has gone without leaving its queue, so that the wake must go to the
   *     next one
   */
  abstract boolean unpark();

  /** Who waits, as {@link SleepingWaiter#kind} tells it. */
  abstract String kind();

  /** A name for people: a thread's, or what a callback calls itself. Called with no lock held. */
  abstract String describe();

  boolean isWoken() {
    return state() == WOKEN;
  }

  boolean isQueued() {
    return state() == QUEUED;
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

  /** Taken by a waker, under the bucket's lock; who calls unpark once that is free. */
  void markWoken() {
    mark(WOKEN);
  }

  /** Comes between marking waiters and unparking the first of them. */
  static void fenceBeforeUnpark() {
    VarHandle.fullFence(); // (C) pairs with stateAndSince
  }

  /** Has left by itself, under the bucket's lock. */
  void markLeft() {
    mark(LEFT);
  }

  /** The state was QUEUED, whose bits are 0. */
  private void mark(int state) {
    int queued = (int) STATE_AND_SINCE.get(this); // pairs with nothing: the lock guards it
    STATE_AND_SINCE.setRelease(this, queued | state); // (C) pairs with stateAndSince
  }

  /** Its key as it was a moment ago, for who holds no lock. */
  Key keyUnlocked() {
    return (Key) KEY.getOpaque(this); // pairs with nothing: HashTable.lockOf looks again
  }

  private int state() {
    return stateAndSince() & STATE;
  }

  private int stateAndSince() {
    return (int) STATE_AND_SINCE.getVolatile(this); // (C) pairs with mark
  }
}
