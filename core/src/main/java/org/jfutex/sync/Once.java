package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * Runs an action once, in a word that is 0 at first: who comes first runs its action, the others
 * wait until it is done. If the action throws, the next one runs its own. A process that is killed
 * while it runs the action leaves the others waiting.
 *
 * <p><b>Memory effects.</b> What the action did happens before the return of every call; between
 * processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word holds what nobody puts there,
 * with EDEADLK if the action calls the object it is run by; {@link org.jfutex.word.WordFault}, or
 * {@link FutexException} with EFAULT, if the memory has gone.
 */
public final class Once {
  /*
   * State       the word     NEW      nobody has run an action to its end
   *                          RUNNING  somebody runs one, nobody waits
   *                          WAITED   somebody runs one, others may sleep
   *                          DONE     for ever
   *                          other    damaged: refused
   *             run    NEW -> RUNNING; NEW -> WAITED by who has slept, as others may sleep on
   *             wait   RUNNING -> WAITED, and sleep while WAITED
   *             done   RUNNING -> DONE; WAITED -> DONE, and wake all
   *             failed RUNNING -> NEW; WAITED -> NEW, and wake one
   *             runner: the thread that runs the action through this object.
   * Guards      the word: atomic. runner: written by who runs the action, volatile.
   * Lock order  none.
   * Ordering    Who sleeps does so at WAITED; who ends replaces that value and wakes then, so it
   *             changes the word before the sleeper compares, or finds it asleep.
   * Progress    Who was woken after a failure looks before it gives up: it runs its own action, or
   *             finds another that does and puts WAITED back for those who sleep on.
   * Callbacks   the action, with no lock of this library held.
   * Checked by  OnceTest.
   */
  private static final int NEW = 0;
  private static final int RUNNING = 1;
  private static final int WAITED = 2;
  private static final int DONE = 3;

  private final Cell cell;
  private volatile @Nullable Thread runner;

  private Once(Cell cell) {
    this.cell = cell;
  }

  /**
   * The once in a word, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param word 0 at first
   * @return an object that runs an action unless it has been done
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or in a mapped file
   */
  public static Once of(Futex futex, Word word) {
    return new Once(Cell.local(futex, word));
  }

  /**
   * The once in a word of a mapped file, for all processes that map it.
   *
   * @param word 0 at first
   * @return an object that runs an action unless it has been done
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or not in a mapped file
   */
  public static Once shared(Word word) {
    return new Once(Cell.shared(word));
  }

  /**
   * Whether an action has been run to its end.
   *
   * @return whether none will be run any more
   */
  public boolean isDone() {
    return load() == DONE;
  }

  /**
   * Runs the action, or waits until that of another is done. An interrupt is kept for later; the
   * action may look at it.
   *
   * @param action what to run
   * @return whether this call has run it
   */
  public boolean run(Runnable action) {
    return !isDone() && claim(Sleep.UNINTERRUPTIBLE) == Turn.OURS && perform(action);
  }

  /**
   * Runs the action, or waits until that of another is done.
   *
   * @param action what to run
   * @return whether this call has run it
   * @throws InterruptedException if the thread is interrupted, before or while it waits
   */
  public boolean runInterruptibly(Runnable action) throws InterruptedException {
    Sleep.checkInterrupt();
    return !isDone() && claim(Sleep.until(Deadline.NEVER)) == Turn.OURS && perform(action);
  }

  /**
   * Runs the action, or waits until that of another is done, or gives up at a deadline.
   *
   * @param action what to run
   * @param deadline when to give up waiting; it does not end the action
   * @return whether this call has run it
   * @throws InterruptedException if the thread is interrupted, before or while it waits
   * @throws TimeoutException if another still runs its action
   */
  public boolean runInterruptibly(Runnable action, Deadline deadline)
      throws InterruptedException, TimeoutException {
    Sleep.checkInterrupt();
    return !isDone() && runUntil(deadline, action);
  }

  /**
   * Runs the action, or waits until that of another is done, or gives up after a while.
   *
   * @param action what to run
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return whether this call has run it
   * @throws InterruptedException if the thread is interrupted, before or while it waits
   * @throws TimeoutException if another still runs its action
   */
  public boolean runInterruptibly(Runnable action, long timeout, TimeUnit unit)
      throws InterruptedException, TimeoutException {
    Sleep.checkInterrupt();
    return !isDone() && runUntil(Deadline.after(timeout, unit), action);
  }

  private boolean runUntil(Deadline deadline, Runnable action)
      throws InterruptedException, TimeoutException {
    return switch (claim(Sleep.until(deadline))) {
      case OURS -> perform(action);
      case OVER -> false;
      case NONE -> throw new TimeoutException(cell.word() + ": another still runs its action");
    };
  }

  /** Whose turn it is to run an action. */
  private enum Turn {
    OURS,
    OVER,
    NONE
  }

  private <E extends Exception> Turn claim(Sleep<E> sleep) throws E {
    checkNotRunByCaller();
    int claimed = RUNNING;
    while (true) {
      int value = load();
      if (value == DONE) {
        return Turn.OVER;
      }
      if (value == NEW) {
        if (cell.compareAndSet(NEW, claimed)) {
          return Turn.OURS;
        }
      } else if (value == WAITED || cell.compareAndSet(RUNNING, WAITED)) {
        switch (sleep.on(cell, WAITED, WaitOptions.DEFAULT)) {
          case WOKEN -> claimed = WAITED;
          case TIMED_OUT -> {
            return Turn.NONE;
          }
          case CHANGED, INTERRUPTED -> {}
        }
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // a thread is its own identity
  private void checkNotRunByCaller() {
    if (runner == Thread.currentThread()) {
      throw new FutexException(
          Errno.EDEADLK, "the calling thread runs the action of " + cell.word());
    }
  }

  private boolean perform(Runnable action) {
    runner = Thread.currentThread();
    try {
      action.run();
    } catch (Throwable e) {
      try {
        finish(NEW, 1);
      } catch (RuntimeException damage) {
        e.addSuppressed(damage);
      }
      throw e;
    }
    finish(DONE, Integer.MAX_VALUE);
    return true;
  }

  private void finish(int next, int wake) {
    runner = null;
    int value;
    do {
      value = load();
      if (value != RUNNING && value != WAITED) {
        throw cell.damaged(value, "1 or 2, as an action was being run");
      }
    } while (!cell.compareAndSet(value, next));
    if (value == WAITED) {
      int _ = cell.wake(wake);
    }
  }

  private int load() {
    int value = cell.load();
    if (value < NEW || value > DONE) {
      throw cell.damaged(value, "0 to 3, the states of a once");
    }
    return value;
  }

  @Override
  public String toString() {
    return "once in " + cell.word();
  }
}
