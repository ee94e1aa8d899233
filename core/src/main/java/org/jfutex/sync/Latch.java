package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A latch in a word: threads wait until it has been counted down to 0. The word holds the count to
 * begin with, or 0 until {@link #arm}. Immutable; any number of objects may be made of one word.
 *
 * <p><b>Memory effects.</b> What a thread did before it counted down happens before the return of a
 * wait that found the latch open; between processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word holds what no latch puts there;
 * {@link org.jfutex.word.WordFault}, or {@link FutexException} with EFAULT, if the memory has gone.
 */
public final class Latch {
  /*
   * State       WAITERS  count (31 bits)
   *             0        0      open
   *             0        n      n to go, nobody waits
   *             1        n      n to go, somebody may sleep
   *             1        0      damaged: refused
   *             arm        0 -> n
   *             countDown  n -> n-1, keeps WAITERS; the last one -> 0, and wakes all if it was set
   *             await      n -> WAITERS|n, and sleep while the word is that
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    Who sleeps has seen WAITERS beside a count; whoever counts further down keeps
   *             the bit, so the last one finds it and wakes after it has stored 0. That other
   *             counts pass by a sleeper unseen does no harm.
   * Progress    each failure of a compare-and-set is a step of somebody else, down to 0.
   * Callbacks   none.
   * Checked by  LatchTest, the jcstress test Publication.
   */
  private static final int WAITERS = 0x8000_0000;

  private final Cell cell;

  private Latch(Cell cell) {
    this.cell = cell;
  }

  /**
   * The latch in a word, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param word holds the count, 0 or more
   * @return the latch
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or in a mapped file
   */
  public static Latch of(Futex futex, Word word) {
    return new Latch(Cell.local(futex, word));
  }

  /**
   * The latch in a word of a mapped file, for all processes that map it.
   *
   * @param word holds the count, 0 or more
   * @return the latch
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or not in a mapped file
   */
  public static Latch shared(Word word) {
    return new Latch(Cell.shared(word));
  }

  /**
   * Closes an open latch. Nobody may be waiting, or on its way out of a wait: who has not left yet
   * would wait again.
   *
   * @param count how often it is to be counted down; 1 or more
   * @throws IllegalArgumentException if the count is less than 1
   * @throws IllegalStateException if the latch is not open; nothing has changed then
   */
  public void arm(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count " + count + ": expected 1 or more");
    }
    if (!cell.compareAndSet(0, count)) {
      throw new IllegalStateException(
          "%s counts %d: expected 0, an open latch".formatted(cell.word(), getCount()));
    }
  }

  /** Counts down by one, and lets all go who wait if that was the last. Does nothing at 0. */
  public void countDown() {
    while (true) {
      int value = load();
      if (value == 0) {
        return;
      }
      int next = (value & ~WAITERS) == 1 ? 0 : value - 1;
      if (cell.compareAndSet(value, next)) {
        if (next == 0 && value < 0) {
          int _ = cell.wakeAll();
        }
        return;
      }
    }
  }

  /**
   * How often the latch is still to be counted down.
   *
   * @return the count just now
   */
  public int getCount() {
    return load() & ~WAITERS;
  }

  /**
   * Waits until the latch is open.
   *
   * @throws InterruptedException if the thread is interrupted, before or while it waits
   */
  public void await() throws InterruptedException {
    Sleep.checkInterrupt();
    if (!tryAwait()) {
      boolean _ = await(Sleep.until(Deadline.NEVER));
    }
  }

  /** Waits until the latch is open. An interrupt is kept for later. */
  public void awaitUninterruptibly() {
    if (!tryAwait()) {
      boolean _ = await(Sleep.UNINTERRUPTIBLE);
    }
  }

  /**
   * Waits until the latch is open, or a deadline.
   *
   * @param deadline when to give up; one already reached still looks at the latch
   * @return whether the latch is open
   * @throws InterruptedException as {@link #await()}
   */
  public boolean await(Deadline deadline) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAwait() || await(Sleep.until(deadline));
  }

  /**
   * Waits until the latch is open, or for a while.
   *
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return whether the latch is open
   * @throws InterruptedException as {@link #await()}
   */
  public boolean await(long timeout, TimeUnit unit) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAwait() || await(Sleep.until(Deadline.after(timeout, unit)));
  }

  /**
   * Whether the latch is open.
   *
   * @return whether its count is 0
   */
  public boolean tryAwait() {
    return load() == 0;
  }

  private <E extends Exception> boolean await(Sleep<E> sleep) throws E {
    while (true) {
      int value = load();
      if (value == 0) {
        return true;
      }
      if (value < 0 || cell.compareAndSet(value, value | WAITERS)) {
        if (sleep.on(cell, value | WAITERS, WaitOptions.DEFAULT) == WaitStatus.TIMED_OUT) {
          return false;
        }
      }
    }
  }

  private int load() {
    int value = cell.load();
    if (value == WAITERS) {
      throw cell.damaged(value, "a count, or 1 or more with the highest bit for waiters");
    }
    return value;
  }

  @Override
  public String toString() {
    return "latch in " + cell.word();
  }
}
