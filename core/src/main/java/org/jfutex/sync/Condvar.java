package org.jfutex.sync;

import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A condition variable in a 32-bit word: threads that hold a {@link Mutex} wait until another
 * signals. The word is all the state there is; it may hold anything at first.
 *
 * <p>A waiter may be woken without a signal that was meant for it, so it looks at what it waits for
 * again, in a loop. A signal wakes waiters in order of arrival: one that begins to wait after the
 * signal does not take it from one that waited before. A signal may be given with or without the
 * mutex; what it is about must be changed with the mutex held, or a waiter may miss it.
 *
 * <p>Signalled waiters are moved to the queue of the mutex while it is locked, and wake up one at a
 * time as it is unlocked: they do not crowd around it.
 *
 * <p><b>Bound.</b> A waiter that is interrupted by the operating system between giving up the mutex
 * and going to sleep, and for as long as exactly a multiple of 2^32 signals take, does not see
 * them.
 *
 * <p><b>Memory effects</b> are those of the mutex. Errors are those of {@link Mutex}, too.
 */
public final class Condvar {
  /*
   * State       the word: counts signals, and wraps. Waiters are in its queue, or have been moved
   *             to that of the mutex.
   * Guards      the word: atomic. It is read by a waiter with the mutex held.
   * Lock order  none.
   * Ordering    a waiter reads the count (R), unlocks the mutex (U) and sleeps if the count is what
   *             it was. Who changes the condition locks the mutex after (U), so its signal counts
   *             after (R): the waiter is queued, or sees another count and does not sleep.
   * Progress    a waiter that was moved is queued at the mutex before admitMoved reads that word:
   *             whoever unlocks it later wakes a waiter, and if it is free one is woken at once. A
   *             waiter that takes the lock after a wake says that others may wait.
   *             A waiter that gives up may have been moved before, and its queue does not tell. If
   *             the count has changed it reports a signal: at worst one too many, never one lost.
   * Callbacks   none.
   * Checked by  CondvarTest, MutexModelTest.
   */
  private final Futex futex;
  private final Word word;

  private Condvar(Cell cell) {
    this.futex = cell.futex();
    this.word = cell.word();
  }

  /**
   * The condition variable in a word, for threads of this process.
   *
   * @param futex where its waiters meet; that of the mutex
   * @param word a 32-bit word that other processes cannot map; not that of the mutex
   * @return the condition variable
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Condvar of(Futex futex, Word word) {
    return new Condvar(Cell.local(futex, word));
  }

  /**
   * The condition variable in a word of a mapped file, for all processes that map it.
   *
   * @param word a 32-bit word in a mapped file; not that of the mutex
   * @return the condition variable
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Condvar shared(Word word) {
    return new Condvar(Cell.shared(word));
  }

  /**
   * Gives up the mutex, waits for a signal, and takes the mutex again.
   *
   * @param mutex the mutex, which the caller holds; all waiters at one time use the same
   * @throws InterruptedException if the thread is interrupted, now or while it waits, and has not
   *     been signalled; the flag is clear then, and the mutex held
   * @throws IllegalMonitorStateException if the mutex is not locked
   * @throws IllegalArgumentException if the mutex is on another backend, of another scope, or in
   *     the same word
   */
  public void await(Mutex mutex) throws InterruptedException {
    WaitStatus _ = await(mutex, Deadline.NEVER);
  }

  /**
   * Gives up the mutex, waits for a signal or a deadline, and takes the mutex again, which may take
   * longer.
   *
   * @param mutex the mutex, which the caller holds; all waiters at one time use the same
   * @param deadline when to give up waiting for a signal, on its own clock
   * @return WOKEN if there was a signal, even if the deadline has been reached or the thread been
   *     interrupted since; TIMED_OUT if there was none
   * @throws InterruptedException if the thread is interrupted, now or while it waits, and has not
   *     been signalled; the flag is clear then, and the mutex held
   * @throws IllegalMonitorStateException if the mutex is not locked
   * @throws IllegalArgumentException if the mutex is on another backend, of another scope, or in
   *     the same word
   */
  public WaitStatus await(Mutex mutex, Deadline deadline) throws InterruptedException {
    check(mutex);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    int count = (int) word.load();
    mutex.unlock();
    WaitStatus end = WaitStatus.CHANGED;
    try {
      end = futex.await(word, count, deadline, Mutex.ORDINARY);
      if (!word.holds(count)) {
        end = end == WaitStatus.WOKEN ? end : WaitStatus.CHANGED;
      }
    } finally {
      relock(mutex, end);
    }
    if (end == WaitStatus.INTERRUPTED && Thread.interrupted()) {
      throw new InterruptedException();
    }
    return end == WaitStatus.TIMED_OUT ? end : WaitStatus.WOKEN;
  }

  /**
   * Gives up the mutex, waits for a signal, and takes the mutex again. An interrupt does not end
   * the wait, and is kept.
   *
   * @param mutex the mutex, which the caller holds; all waiters at one time use the same
   * @throws IllegalMonitorStateException if the mutex is not locked
   * @throws IllegalArgumentException if the mutex is on another backend, of another scope, or in
   *     the same word
   */
  public void awaitUninterruptibly(Mutex mutex) {
    check(mutex);
    int count = (int) word.load();
    mutex.unlock();
    boolean interrupted = false;
    WaitStatus end = WaitStatus.CHANGED;
    try {
      do {
        interrupted |= Thread.interrupted();
        end = futex.await(word, count, Deadline.NEVER, Mutex.ORDINARY);
      } while (end == WaitStatus.INTERRUPTED && word.holds(count));
    } finally {
      relock(mutex, end);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void relock(Mutex mutex, WaitStatus end) {
    // only a wake may have come from an unlock, which leaves the other waiters to who was woken
    mutex.lockUninterruptibly(end == WaitStatus.WOKEN ? Mutex.CONTENDED : Mutex.LOCKED);
  }

  /**
   * Signals the first waiter, if there is one.
   *
   * @param mutex the mutex that the waiters have given up; the caller may hold it
   * @throws IllegalArgumentException if the mutex is on another backend, of another scope, or in
   *     the same word
   */
  public void signal(Mutex mutex) {
    signal(mutex, 1);
  }

  /**
   * Signals all waiters.
   *
   * @param mutex the mutex that the waiters have given up; the caller may hold it
   * @throws IllegalArgumentException if the mutex is on another backend, of another scope, or in
   *     the same word
   */
  public void signalAll(Mutex mutex) {
    signal(mutex, Integer.MAX_VALUE);
  }

  private void signal(Mutex mutex, int limit) {
    check(mutex);
    int count;
    do {
      count = (int) word.load();
    } while (!word.compareAndSet(count, count + 1));
    int wake = mutex.isLocked() ? 0 : 1;
    if (futex.requeue(word, wake, mutex.word, limit - wake) > wake) {
      mutex.admitMoved();
    }
  }

  private void check(Mutex mutex) {
    if (!mutex.futex.equals(futex)) {
      throw new IllegalArgumentException(mutex + " is on another backend than " + this);
    }
    if (mutex.isShared() != Cell.isShared(word)) {
      throw new IllegalArgumentException(
          mutex + " and " + this + ": expected both or neither in a mapped file");
    }
    if (mutex.word.key().equals(word.key())) {
      throw new IllegalArgumentException(mutex + " and " + this + ": expected two words");
    }
  }

  @Override
  public String toString() {
    return "condition variable in " + word;
  }
}
