package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A counting semaphore in two words: the permits, and how many threads wait for one. Both are 0 at
 * first, or the first holds the permits to begin with. Immutable; any number of objects may be made
 * of the same words.
 *
 * <p>Not fair: who comes just then may take a permit before one who was woken for it. A process
 * that is killed keeps the permits it has taken.
 *
 * <p><b>Memory effects.</b> What a thread did before it released a permit happens before the return
 * of the call that takes the permit; between processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if a word holds what no semaphore puts
 * there; {@link org.jfutex.word.WordFault}, or {@link FutexException} with EFAULT, if the memory
 * has gone. A release looks at the second word last: its memory must outlive every release, also
 * the one by which somebody learns that the semaphore is not needed any more.
 */
public final class Semaphore {
  /*
   * State       permits   waiters
   *             n > 0     any        n can be taken
   *             0         0          none left
   *             0         w          none left, w threads are about to sleep, asleep or just awake
   *             any       w < 0      damaged: refused by who would wait
   *             n < 0     any        damaged: refused by everybody
   * Guards      both words: atomic.
   * Lock order  none.
   * Ordering    who waits                            who releases
   *             waiters += 1                (A)      permits += n                (B)
   *             asleep only at permits == 0 (B)      waiters == 0 ? return : wake n    (A)
   *             All four are volatile accesses: the one sees the permits, or the other the waiter.
   * Progress    A sleeper went to sleep at 0 permits, and every permit since then came with a wake:
   *             a permit that nobody takes has a woken thread on its way. Who was woken tries
   *             before it gives up, whatever else happened to it, so no permit is left beside a
   *             sleeper. A count of waiters that is too high, after a kill, costs idle wakes.
   * Callbacks   none.
   * Checked by  SemaphoreTest, SemaphoreLincheckTest.
   */
  private final Cell permits;
  private final Cell waiters;

  private Semaphore(Cell permits, Cell waiters) {
    permits.checkOther(waiters);
    this.permits = permits;
    this.waiters = waiters;
  }

  /**
   * The semaphore in two words, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param permits holds how many permits there are, at most 2^31 - 1
   * @param waiters 0 at first
   * @return the semaphore
   * @throws FutexException with EINVAL if a word is not 32 bits wide or in a mapped file, or if
   *     both are the same
   */
  public static Semaphore of(Futex futex, Word permits, Word waiters) {
    return new Semaphore(Cell.local(futex, permits), Cell.local(futex, waiters));
  }

  /**
   * The semaphore in two words of mapped files, for all processes that map them.
   *
   * @param permits holds how many permits there are, at most 2^31 - 1
   * @param waiters 0 at first
   * @return the semaphore
   * @throws FutexException with EINVAL if a word is not 32 bits wide or not in a mapped file, or if
   *     both are the same
   */
  public static Semaphore shared(Word permits, Word waiters) {
    return new Semaphore(Cell.shared(permits), Cell.shared(waiters));
  }

  /**
   * Takes a permit, waiting for one if need be.
   *
   * @throws InterruptedException if the thread is interrupted, before or while it waits; no permit
   *     was taken
   */
  public void acquire() throws InterruptedException {
    Sleep.checkInterrupt();
    if (!tryAcquire()) {
      boolean _ = await(Sleep.until(Deadline.NEVER));
    }
  }

  /** Takes a permit, waiting for one if need be. An interrupt is kept for later. */
  public void acquireUninterruptibly() {
    if (!tryAcquire()) {
      boolean _ = await(Sleep.UNINTERRUPTIBLE);
    }
  }

  /**
   * Takes a permit if there is one.
   *
   * @return whether it was taken
   */
  public boolean tryAcquire() {
    while (true) {
      int value = available();
      if (value == 0) {
        return false;
      }
      if (permits.compareAndSet(value, value - 1)) {
        return true;
      }
    }
  }

  /**
   * Takes a permit, or gives up at a deadline.
   *
   * @param deadline when to give up; a permit that is there is taken even if it has been reached
   * @return whether one was taken
   * @throws InterruptedException as {@link #acquire}
   */
  public boolean tryAcquire(Deadline deadline) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAcquire() || await(Sleep.until(deadline));
  }

  /**
   * Takes a permit, or gives up after a while.
   *
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return whether one was taken
   * @throws InterruptedException as {@link #acquire}
   */
  public boolean tryAcquire(long timeout, TimeUnit unit) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryAcquire() || await(Sleep.until(Deadline.after(timeout, unit)));
  }

  private <E extends Exception> boolean await(Sleep<E> sleep) throws E {
    waiters.countIn();
    try {
      while (!tryAcquire()) {
        if (sleep.on(permits, 0, WaitOptions.DEFAULT) == WaitStatus.TIMED_OUT) {
          return false;
        }
      }
      return true;
    } finally {
      int _ = waiters.countOut();
    }
  }

  /** Adds a permit; see {@link #release(int)}. */
  public void release() {
    release(1);
  }

  /**
   * Adds permits, and wakes as many threads, if so many wait. Makes no system call if none waits.
   *
   * @param count how many permits; 0 adds none
   * @throws IllegalArgumentException if the count is negative
   * @throws IllegalStateException if there would be more than 2^31 - 1; nothing has changed then
   */
  public void release(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count + ": expected 0 or more");
    }
    int value;
    do {
      value = available();
      if (value > Integer.MAX_VALUE - count) {
        throw new IllegalStateException(
            "%s holds %d permits, %d more: expected at most %d together"
                .formatted(permits.word(), value, count, Integer.MAX_VALUE));
      }
    } while (!permits.compareAndSet(value, value + count));
    if (waiters.load() != 0) {
      int _ = permits.wake(count);
    }
  }

  /**
   * How many permits there are.
   *
   * @return the number just now
   */
  public int availablePermits() {
    return available();
  }

  private int available() {
    int value = permits.load();
    if (value < 0) {
      throw permits.damaged(value, "a number of permits, 0 or more");
    }
    return value;
  }

  @Override
  public String toString() {
    return "semaphore in " + permits.word();
  }
}
