package org.jfutex.sync;

import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;

/**
 * A {@link Mutex} that knows which thread has locked it through this object: thread dumps show it
 * among the thread's ownable synchronizers, and misuse is refused. Not reentrant.
 *
 * <p>The mutex can also be locked directly, or through another view: it excludes whoever uses this
 * one, and has no owner here.
 */
public final class MutexLock extends AbstractOwnableSynchronizer implements Lock {
  private static final long serialVersionUID = 1L;

  private final transient Mutex mutex;

  MutexLock(Mutex mutex) {
    this.mutex = mutex;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalMonitorStateException if the calling thread holds the lock already
   */
  @Override
  public void lock() {
    refuseOwner();
    mutex.lock();
    setExclusiveOwnerThread(Thread.currentThread());
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalMonitorStateException if the calling thread holds the lock already
   */
  @Override
  public void lockInterruptibly() throws InterruptedException {
    refuseOwner();
    mutex.lockInterruptibly();
    setExclusiveOwnerThread(Thread.currentThread());
  }

  /** {@inheritDoc} False too if the calling thread holds the lock already. */
  @Override
  public boolean tryLock() {
    return owned(mutex.tryLock());
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalMonitorStateException if the calling thread holds the lock already
   */
  @Override
  public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
    refuseOwner();
    return owned(mutex.tryLock(time, unit));
  }

  private boolean owned(boolean isLocked) {
    if (isLocked) {
      setExclusiveOwnerThread(Thread.currentThread());
    }
    return isLocked;
  }

  private void refuseOwner() {
    if (isHeldByCurrentThread()) {
      throw new IllegalMonitorStateException(
          mutex + " is not reentrant, and the calling thread holds it");
    }
  }

  /**
   * Whether the calling thread has locked this.
   *
   * @return whether it is the owner
   */
  @SuppressWarnings("ReferenceEquality") // a thread is its own identity
  public boolean isHeldByCurrentThread() {
    return getExclusiveOwnerThread() == Thread.currentThread();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalMonitorStateException if the calling thread does not hold the lock
   */
  @Override
  public void unlock() {
    disown();
    mutex.unlock();
  }

  private void disown() {
    if (!isHeldByCurrentThread()) {
      throw new IllegalMonitorStateException("the calling thread does not hold the " + mutex);
    }
    setExclusiveOwnerThread(null);
  }

  /**
   * A condition of this lock, whose word is in the heap.
   *
   * @throws UnsupportedOperationException if the lock's backend cannot wait on words in the heap;
   *     use {@link #newCondition(Word)} there
   */
  @Override
  public Condition newCondition() {
    Futex futex = mutex.futex;
    if (!futex.capabilities().heapWords()) {
      throw new UnsupportedOperationException(
          "the backend %s cannot wait on words in the heap: give newCondition a word"
              .formatted(futex.capabilities().backend()));
    }
    return new MutexCondition(Condvar.of(futex, Word.of(new int[1], 0)));
  }

  /**
   * A condition of this lock, in a word.
   *
   * @param word a 32-bit word, in a mapped file if the lock's is in one
   * @return the condition; others of the same word are the same one
   * @throws org.jfutex.FutexException with EINVAL if the word is of another kind
   */
  public Condition newCondition(Word word) {
    return new MutexCondition(
        mutex.isShared() ? Condvar.shared(word) : Condvar.of(mutex.futex, word));
  }

  @Override
  public String toString() {
    Thread owner = getExclusiveOwnerThread();
    return mutex + (owner == null ? ", not owned" : ", owned by " + owner.getName());
  }

  /** Refuses threads that do not hold the lock. */
  private final class MutexCondition implements Condition {
    private final Condvar condvar;

    MutexCondition(Condvar condvar) {
      this.condvar = condvar;
    }

    @Override
    public void await() throws InterruptedException {
      WaitStatus _ = waitUntil(Deadline.NEVER);
    }

    @Override
    public long awaitNanos(long nanosTimeout) throws InterruptedException {
      Deadline deadline = Deadline.after(nanosTimeout, TimeUnit.NANOSECONDS);
      return waitUntil(deadline) == WaitStatus.TIMED_OUT
          ? Math.min(0, deadline.remainingNanos(Ticker.system()))
          : deadline.remainingNanos(Ticker.system());
    }

    @Override
    public boolean await(long time, TimeUnit unit) throws InterruptedException {
      return waitUntil(Deadline.after(time, unit)) == WaitStatus.WOKEN;
    }

    @Override
    public boolean awaitUntil(Date deadline) throws InterruptedException {
      return waitUntil(Deadline.at(deadline.toInstant())) == WaitStatus.WOKEN;
    }

    private WaitStatus waitUntil(Deadline deadline) throws InterruptedException {
      disown();
      try {
        return condvar.await(mutex, deadline);
      } finally {
        setExclusiveOwnerThread(Thread.currentThread());
      }
    }

    @Override
    public void awaitUninterruptibly() {
      disown();
      try {
        condvar.awaitUninterruptibly(mutex);
      } finally {
        setExclusiveOwnerThread(Thread.currentThread());
      }
    }

    @Override
    public void signal() {
      requireOwner();
      condvar.signal(mutex);
    }

    @Override
    public void signalAll() {
      requireOwner();
      condvar.signalAll(mutex);
    }

    private void requireOwner() {
      if (!isHeldByCurrentThread()) {
        throw new IllegalMonitorStateException("the calling thread does not hold the " + mutex);
      }
    }
  }
}
