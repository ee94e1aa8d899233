package org.jfutex.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.park.DeadlineTimer;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * A wait that no thread sleeps in: queued like any other, its outcome goes to a listener.
 *
 * <p>Either {@link #immediate()} has the outcome, or the listener is told exactly once, or {@link
 * #cancel()} returned true; never two of them.
 */
public final class AsyncWait {
  /*
   * State       QUEUEING  the entries are being queued, some may be live
   *             EARLY     an entry was woken while others were being queued
   *             QUEUED    all are queued; wakes, the deadline and cancel compete for the entries
   *             TELLING   the first waker tells the listener
   *             TOLD      the listener took the outcome
   *             GONE      the listener refused it: this and every later wake goes to the next
   *             ENDED     ended on the waiting side: immediate, cancelled, or timed out
   *
   *             QUEUEING -> EARLY           a waker; the queueing thread will report WOKEN
   *             QUEUEING -> QUEUED or ENDED  the queueing thread; EARLY -> ENDED likewise
   *             QUEUED -> TELLING           the first waker that calls unpark
   *             TELLING -> TOLD or GONE     that waker
   *             QUEUED -> ENDED             who finds every entry still queued and takes them out
   * Guards      state: atomic. entries: written before QUEUED is published, read after it is seen.
   *             timer: written by the queueing thread, read by whoever ends the wait (volatile).
   *             immediate: the queueing thread, before it hands the wait out.
   * Lock order  holds no lock while it calls the listener; leaving an entry locks its bucket.
   * Ordering    compareAndSet QUEUEING -> QUEUED (D) publishes the entries to a waker, whose
   *             compareAndSet from QUEUED or from QUEUEING (D) fails or succeeds against it: the
   *             outcome has exactly one reporter. One variable, as in Waiter (C).
   *             The queueing thread writes timer, then reads state (E); who ends the wait changes
   *             state, then reads timer (E). All are volatile, so not both read old values, and one
   *             of them cancels the timer.
   * Progress    a second waker of one vector wait naps while the first is TELLING, which lasts
   *             as long as the listener, which must be short.
   * Callbacks   the listener, with no lock held.
   * Checked by  AsyncWaitTest, AsyncWaitRaces and EndedWaitTimer (jcstress), EngineFuzzTest.
   */
  private static final int QUEUEING = 0;
  private static final int EARLY = 1;
  private static final int QUEUED = 2;
  private static final int TELLING = 3;
  private static final int TOLD = 4;
  private static final int GONE = 5;
  private static final int ENDED = 6;

  /** How long a waker waits until it looks again whether the listener has been told. */
  private static final long NAP_NANOS = 50_000;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(AsyncWait.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final WaitMany.Entries entries;
  private final WaitListener listener;
  private volatile int state;
  private volatile @Nullable DeadlineTimer timer;
  private @Nullable AnyWait immediate;

  private AsyncWait(WaitMany.Entries entries, WaitListener listener) {
    this.entries = entries;
    this.listener = Objects.requireNonNull(listener, "listener");
  }

  static AsyncWait queue(
      WaitMany waitMany,
      List<WaitEntry> words,
      Deadline deadline,
      WaitOptions options,
      WaitListener listener,
      Ticker ticker) {
    AsyncWait wait = new AsyncWait(waitMany.newEntries(words.size()), listener);
    AnyWait result = wait.entries.queue(words, options, wait);
    if (result == null && !STATE.compareAndSet(wait, QUEUEING, QUEUED)) { // (D) pairs with woken
      result = new AnyWait(WaitStatus.WOKEN, wait.entries.leave());
    }
    if (result != null) {
      wait.state = ENDED;
      wait.immediate = result;
      return wait;
    }
    try {
      wait.startTimer(deadline, ticker);
    } catch (RuntimeException | Error e) {
      if (wait.cancel()) {
        throw e; // with nobody left in a queue
      } // otherwise a waker took it, and it needs no timer
    }
    return wait;
  }

  private void startTimer(Deadline deadline, Ticker ticker) {
    if (deadline.isNever()) {
      return;
    }
    if (deadline.isReached(ticker)) {
      if (cancel()) {
        immediate = new AnyWait(WaitStatus.TIMED_OUT, -1);
      }
      return;
    }
    DeadlineTimer started = DeadlineTimer.start(deadline, ticker, this::timeOut);
    timer = started; // (E) pairs with stopTimer
    if (state != QUEUED) {
      started.cancel();
    }
  }

  /**
   * The outcome, if it was decided while the wait was being queued.
   *
   * @return the outcome, which the listener will not be told; null if the wait was queued
   */
  public @Nullable AnyWait immediate() {
    return immediate;
  }

  /**
   * The futexes it is queued on now: a requeue may have moved it since it was made.
   *
   * @return the keys of the entries still queued, in their order; empty once the wait has ended
   */
  public List<Key> keys() {
    return entries.keys();
  }

  /**
   * Leaves the queue without an outcome.
   *
   * @return true if no waker had taken the wait: the listener will not be told. False if the
   *     outcome is, or is about to be, the listener's.
   */
  public boolean cancel() {
    if (state == ENDED || entries.leave() >= 0) {
      return false; // a waker took an entry and will tell, or it ended before
    }
    boolean ended = STATE.compareAndSet(this, QUEUED, ENDED);
    stopTimer();
    return ended;
  }

  /** Called by the timer once the deadline is reached. */
  void timeOut() {
    if (cancel()) {
      boolean _ = listener.onOutcome(WaitStatus.TIMED_OUT, -1);
    }
  }

  private void stopTimer() {
    DeadlineTimer started = timer; // (E) pairs with startTimer; the caller has changed the state
    if (started != null) {
      started.cancel();
    }
  }

  /** Called by a waker that has taken an entry; see {@link Waiter#unpark}. */
  boolean woken() {
    if (STATE.compareAndSet(this, QUEUEING, EARLY) || state == EARLY) {
      return true; // (D) the queueing thread will find the entry and report it
    }
    if (STATE.compareAndSet(this, QUEUED, TELLING)) { // (D) pairs with queue
      int index = entries.leave();
      stopTimer();
      boolean taken = false;
      try {
        taken = listener.onOutcome(WaitStatus.WOKEN, index);
      } finally {
        state = taken ? TOLD : GONE;
      }
      return taken;
    }
    boolean wasInterrupted = false;
    while (state == TELLING) {
      wasInterrupted |= ThreadParker.nap(this, NAP_NANOS); // the listener is short
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
    return state != GONE;
  }

  /** What the listener calls itself. */
  String describe() {
    return listener.toString();
  }
}
