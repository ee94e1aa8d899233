package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A mutual exclusion lock in a word, whose owner inherits the rank of who waits for it; see {@link
 * Futex#lockPi} and {@link OwnerWord}. A lock that is freed is handed to the first of who waits.
 * Thread dumps show its owner.
 *
 * <p>On the kernel the owner is a thread of the kernel, so callers must be platform threads, and an
 * interrupt does not end a wait: it is kept for later. On the engine any thread may call.
 *
 * <p>If an owner ends without unlocking while others wait, the first of them is told so by {@link
 * LockStatus#OWNER_DIED}; if none waits, the next is refused with ESRCH. See {@link RobustMutex}
 * for locks that survive their owner in any case. Not reentrant.
 *
 * <p><b>Memory effects</b> are those of {@link Lock}; between processes too.
 *
 * <p><b>Errors.</b> As {@link Futex#lockPi}: {@link FutexException} with EDEADLK if the calling
 * thread owns the lock, with EPERM if it frees one that it does not own, with ESRCH, EPERM or
 * EINVAL if the word holds what the operations do not put there; {@link WrongThreadException} on a
 * virtual thread, if the lock is on the kernel; {@link org.jfutex.word.WordFault}, or {@link
 * FutexException} with EFAULT, if the memory has gone.
 */
@SuppressWarnings("serial") // not meant to be serialized: a word is not
public final class PiMutex extends AbstractOwnableSynchronizer {
  /*
   * State       the word                  as the table of OwnerWord
   *                                       0 -> id   taken, by compare-and-set
   *                                       id -> 0   freed, by compare-and-set
   *                                       else      the backend
   *             the owner thread: for thread dumps.
   * Guards      the word: atomic, and the backend's. The owner thread: written by the owner.
   * Lock order  none.
   * Ordering    the compare-and-sets of the word order one critical section before the next; the
   *             backend's hand-over does the same.
   * Progress    the backend's.
   * Callbacks   none.
   * Checked by  PiMutexTest.
   */
  private final Cell cell;
  private final Lock view = new View();

  private PiMutex(Cell cell) {
    this.cell = cell;
  }

  /**
   * The lock in a word, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param word 0 at first
   * @return the lock
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or in a mapped file
   */
  public static PiMutex of(Futex futex, Word word) {
    return new PiMutex(Cell.local(futex, word));
  }

  /**
   * The lock in a word of a mapped file, for all processes that map it.
   *
   * @param word 0 at first
   * @return the lock
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or not in a mapped file
   */
  public static PiMutex shared(Word word) {
    return new PiMutex(Cell.shared(word));
  }

  /**
   * Takes the lock. An interrupt is kept for later.
   *
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock
   */
  public LockStatus lock() {
    if (tryTake()) {
      return LockStatus.LOCKED;
    }
    boolean interrupted = false;
    try {
      while (true) {
        LockStatus status = lockPi(Deadline.NEVER);
        if (status.isLocked()) {
          return status;
        }
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Takes the lock.
   *
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock
   * @throws InterruptedException if the thread is interrupted, before or, on the engine, while it
   *     waits; the lock was not taken
   */
  public LockStatus lockInterruptibly() throws InterruptedException {
    return tryLock(Deadline.NEVER);
  }

  /**
   * Takes the lock if it is free.
   *
   * @return LOCKED, OWNER_DIED or BUSY
   */
  public LockStatus tryLock() {
    return tryTake() ? LockStatus.LOCKED : owned(cell.futex().tryLockPi(cell.word()));
  }

  /**
   * Takes the lock, or gives up at a deadline.
   *
   * @param deadline when to give up; a lock that is free is taken even if it has been reached
   * @return LOCKED, OWNER_DIED or TIMED_OUT
   * @throws InterruptedException as {@link #lockInterruptibly}
   */
  public LockStatus tryLock(Deadline deadline) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryTake() ? LockStatus.LOCKED : lockInterruptibly(deadline);
  }

  /**
   * Takes the lock, or gives up after a while.
   *
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return LOCKED, OWNER_DIED or TIMED_OUT
   * @throws InterruptedException as {@link #lockInterruptibly}
   */
  public LockStatus tryLock(long timeout, TimeUnit unit) throws InterruptedException {
    Sleep.checkInterrupt();
    return tryTake() ? LockStatus.LOCKED : lockInterruptibly(Deadline.after(timeout, unit));
  }

  /**
   * Frees the lock, and hands it to the first of who waits. Clears {@link OwnerWord#OWNER_DIED}.
   *
   * @throws FutexException with EPERM if the calling thread does not own the lock; nothing has
   *     changed then
   */
  public void unlock() {
    int id = cell.futex().ownerId();
    if (OwnerWord.owner(cell.load()) == id) {
      setExclusiveOwnerThread(null); // before the word says so, as the next owner sets it then
    }
    if (!cell.compareAndSet(id, 0)) {
      cell.futex().unlockPi(cell.word());
    }
  }

  /**
   * Whether the lock's last owner ended while it held it, and it has not been freed since.
   *
   * @return whether the word says so just now
   */
  public boolean isOwnerDead() {
    return OwnerWord.hasOwnerDied(cell.load());
  }

  /**
   * The lock as the JDK has it. There a lock whose owner has died is taken like every other; {@link
   * #isOwnerDead} tells it apart until it is freed.
   *
   * @return always the same view; its conditions are not supported
   */
  public Lock asLock() {
    return view;
  }

  private boolean tryTake() {
    if (!cell.compareAndSet(0, cell.futex().ownerId())) {
      return false;
    }
    setExclusiveOwnerThread(Thread.currentThread());
    return true;
  }

  private LockStatus lockInterruptibly(Deadline deadline) throws InterruptedException {
    while (true) {
      LockStatus status = lockPi(deadline);
      if (status != LockStatus.INTERRUPTED) {
        return status;
      }
      Sleep.checkInterrupt();
    }
  }

  private LockStatus lockPi(Deadline deadline) {
    return owned(cell.futex().lockPi(cell.word(), deadline, 0));
  }

  private LockStatus owned(LockStatus status) {
    if (status.isLocked()) {
      setExclusiveOwnerThread(Thread.currentThread());
    }
    return status;
  }

  @Override
  public String toString() {
    return "priority-inheritance mutex in " + cell.word();
  }

  /** Without the status. */
  private final class View implements Lock {
    @Override
    public void lock() {
      LockStatus _ = PiMutex.this.lock();
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
      LockStatus _ = PiMutex.this.lockInterruptibly();
    }

    @Override
    public boolean tryLock() {
      return PiMutex.this.tryLock().isLocked();
    }

    @Override
    public boolean tryLock(long timeout, TimeUnit unit) throws InterruptedException {
      return PiMutex.this.tryLock(timeout, unit).isLocked();
    }

    @Override
    public void unlock() {
      try {
        PiMutex.this.unlock();
      } catch (FutexException e) {
        if (e.errno() != Errno.EPERM) {
          throw e;
        }
        throw (IllegalMonitorStateException)
            new IllegalMonitorStateException(String.valueOf(e.getMessage())).initCause(e);
      }
    }

    @Override
    public Condition newCondition() {
      throw new UnsupportedOperationException("a priority-inheritance lock has no conditions");
    }

    @Override
    public String toString() {
      return PiMutex.this.toString();
    }
  }
}
