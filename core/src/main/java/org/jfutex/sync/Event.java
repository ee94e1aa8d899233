package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * An event in a word, which threads wait for until somebody sets it. 0, not set, at first.
 * Immutable; all objects that are made of the same word must be of the same mode.
 *
 * <p><b>Memory effects.</b> What a thread did before it set the event happens before the return of
 * a wait that this ended; between processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word holds what no event puts there;
 * {@link org.jfutex.word.WordFault}, or {@link FutexException} with EFAULT, if the memory has gone.
 */
public final class Event {
  /*
   * State       bits 2-31: how often it has been set, modulo 2^30
   *             WAITERS  SET
   *             0        0      not set, nobody waits
   *             1        0      not set, somebody may sleep
   *             0        1      set
   *             1        1      damaged: refused
   *             set    n00 -> (n+1)01; n10 -> (n+1)01, and wake: all, or one if auto-reset
   *             reset  n01 -> n00
   *             wait   n00 -> n10, sleep while n10
   *                    auto-reset: n01 -> n00, taken; n10 by who has slept, as others may sleep on
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    Who sleeps does so at a value with WAITERS; who sets takes that bit away, then
   *             wakes, so it either changes the value first or finds the sleeper.
   * Progress    Manual: who waits leaves when the count has changed, so a reset just after the set
   *             keeps nobody; only 2^30 sets meanwhile would. Auto: who was woken looks before it
   *             gives up, then takes the event or puts WAITERS back for those who sleep on.
   * Callbacks   none.
   * Checked by  EventTest, the jcstress test Publication.
   */
  private static final int SET = 1;
  private static final int WAITERS = 2;
  private static final int ONE = 4;

  /** Whom a set event lets go. */
  public enum Reset {
    /** One thread, which resets the event in the same step: the one who waited or the next. */
    AUTO,
    /** All who wait and all who come, until {@link Event#reset}. */
    MANUAL
  }

  private final Cell cell;
  private final Reset mode;

  private Event(Cell cell, Reset mode) {
    this.cell = cell;
    this.mode = mode;
  }

  /**
   * The event in a word, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param word 0 at first
   * @param mode whom it lets go
   * @return the event
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or in a mapped file
   */
  public static Event of(Futex futex, Word word, Reset mode) {
    return new Event(Cell.local(futex, word), mode);
  }

  /**
   * The event in a word of a mapped file, for all processes that map it.
   *
   * @param word 0 at first
   * @param mode whom it lets go
   * @return the event
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or not in a mapped file
   */
  public static Event shared(Word word, Reset mode) {
    return new Event(Cell.shared(word), mode);
  }

  /** Sets the event, and lets go whom its mode says. Does nothing if it is set. */
  public void set() {
    while (true) {
      int value = load();
      if ((value & SET) != 0) {
        return;
      }
      if (cell.compareAndSet(value, ((value + ONE) & ~WAITERS) | SET)) {
        if ((value & WAITERS) != 0) {
          int _ = cell.wake(mode == Reset.AUTO ? 1 : Integer.MAX_VALUE);
        }
        return;
      }
    }
  }

  /** Resets the event: from now on threads wait for it. Does nothing if it is not set. */
  public void reset() {
    int value;
    do {
      value = load();
    } while ((value & SET) != 0 && !cell.compareAndSet(value, value & ~SET));
  }

  /**
   * Whether the event is set.
   *
   * @return whether it is just now
   */
  public boolean isSet() {
    return (load() & SET) != 0;
  }

  /**
   * Waits for the event.
   *
   * @throws InterruptedException if the thread is interrupted, before or while it waits; an event
   *     of mode AUTO has not been taken then
   */
  public void await() throws InterruptedException {
    Sleep.checkInterrupt();
    if (!tryAwait()) {
      boolean _ = await(Sleep.until(Deadline.NEVER));
    }
  }

  /** Waits for the event. An interrupt is kept for later. */
  public void awaitUninterruptibly() {
    if (!tryAwait()) {
      boolean _ = await(Sleep.UNINTERRUPTIBLE);
    }
  }

  /**
   * Waits for the event, or gives up at a deadline.
   *
   * @param deadline when to give up; an event that is set lets go even if it has been reached
   * @return whether the event let the caller go
   * @throws InterruptedException as {@link #await()}
   */
  public boolean await(Deadline deadline) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAwait() || await(Sleep.until(deadline));
  }

  /**
   * Waits for the event, or gives up after a while.
   *
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return whether the event let the caller go
   * @throws InterruptedException as {@link #await()}
   */
  public boolean await(long timeout, TimeUnit unit) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAwait() || await(Sleep.until(Deadline.after(timeout, unit)));
  }

  /**
   * Goes through if the event is set; resets it if its mode is AUTO.
   *
   * @return whether the event let the caller go
   */
  public boolean tryAwait() {
    while (true) {
      int value = load();
      if ((value & SET) == 0) {
        return false;
      }
      if (mode == Reset.MANUAL || cell.compareAndSet(value, value & ~SET)) {
        return true;
      }
    }
  }

  private <E extends Exception> boolean await(Sleep<E> sleep) throws E {
    int came = load();
    int left = 0; // what who takes the event leaves: WAITERS once it has slept beside others
    while (true) {
      int value = load();
      boolean isSet = (value & SET) != 0;
      if (mode == Reset.MANUAL && (isSet || ((value ^ came) & ~WAITERS) != 0)) {
        return true; // it is set, or has been since we came
      }
      if (isSet) {
        if (cell.compareAndSet(value, (value & ~SET) | left)) {
          return true;
        }
      } else if ((value & WAITERS) != 0 || cell.compareAndSet(value, value | WAITERS)) {
        switch (sleep.on(cell, value | WAITERS, WaitOptions.DEFAULT)) {
          case WOKEN -> left = WAITERS;
          case TIMED_OUT -> {
            return false;
          }
          case CHANGED, INTERRUPTED -> {}
        }
      }
    }
  }

  private int load() {
    int value = cell.load();
    if ((value & (SET | WAITERS)) == (SET | WAITERS)) {
      throw cell.damaged(value, "the state of an event: not its two lowest bits at once");
    }
    return value;
  }

  @Override
  public String toString() {
    return mode == Reset.AUTO
        ? "auto-reset event in " + cell.word()
        : "manual-reset event in " + cell.word();
  }
}
