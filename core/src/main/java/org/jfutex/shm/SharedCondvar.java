package org.jfutex.shm;

import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A condition in a region, for waiters that hold a {@link SharedMutex} of it. A waiter may return
 * without a signal, so it looks again in a loop; in particular all waiters do when a process of the
 * region dies, so that a signal is not lost with the waiter that was given it.
 */
public final class SharedCondvar {
  /*
   * State       word: grows by 1 with each signal.
   * Guards      the word: atomic.
   * Lock order  the user's mutex is not held while sleeping.
   * Ordering    a waiter reads the word (N) with the mutex held, then frees it and sleeps while the
   *             word is the same. A signaller has changed what is waited for with the mutex held,
   *             then changes the word (N) and wakes: before the waiter's look, or after its read.
   *             2^32 signals between the read and the sleep would be missed.
   * Progress    a signal wakes all who wait, and so does a death, see Members.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  private final Futex futex = Futex.kernel();
  private final SharedRegion region;
  private final Members members;
  private final Word word;

  SharedCondvar(SharedRegion region, Layout.Cell cell) {
    this.region = region;
    this.members = region.attached();
    this.word = region.word(cell, 0, Integer.SIZE);
  }

  /**
   * Frees a lock, waits for a signal, and takes the lock again. The lock is held in any case
   * afterwards; whether it was inherited then is told by {@link SharedMutex#isInherited}.
   *
   * @param mutex the lock, which the calling thread holds
   * @param deadline when to give up, on its own clock
   * @return WOKEN, maybe without a signal; TIMED_OUT; INTERRUPTED, with the interrupt flag still
   *     set
   * @throws FutexException with EPERM if the calling thread does not hold the lock
   * @throws RuntimeException or Error, if {@link SharedMutex#onOwnerDied} says how to recover and
   *     that throws it; the lock is not held then
   */
  public WaitStatus await(SharedMutex mutex, Deadline deadline) {
    if (!mutex.isHeldByCurrentThread()) {
      throw new FutexException(Errno.EPERM, "the calling thread does not hold " + mutex);
    }
    return region.use(() -> awaitFreed(mutex, deadline));
  }

  private WaitStatus awaitFreed(SharedMutex mutex, Deadline deadline) {
    Members.Watch watch = members.watch();
    int before = (int) word.load(); // (N) with the mutex held
    mutex.unlock();
    WaitStatus status;
    try {
      status = watch.await(word, before, deadline);
    } finally {
      LockStatus _ = mutex.lock();
    }
    return status == WaitStatus.CHANGED ? WaitStatus.WOKEN : status;
  }

  /**
   * As {@link #await(SharedMutex, Deadline)} without a deadline.
   *
   * @param mutex the lock, which the calling thread holds
   * @return WOKEN or INTERRUPTED
   */
  public WaitStatus await(SharedMutex mutex) {
    return await(mutex, Deadline.NEVER);
  }

  /**
   * Wakes all who wait: one alone might end or give up before it has looked. With the mutex held or
   * not, after the change.
   */
  public void signalAll() {
    int _ = Cells.increment(word); // (N) before the wake
    int _ = futex.wakeAll(word);
  }

  @Override
  public String toString() {
    return "shared condition in " + word;
  }
}
