package org.jfutex.shm;

import java.util.function.Consumer;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock in a region. When its owner ends while it holds the lock, killed process
 * or finished thread, the next owner is told; an owner that is stopped or slow keeps it, however
 * long. Each acquisition has a number greater than all before it, its epoch: what guards something
 * outside of the region can refuse an owner of an earlier one.
 *
 * <p>Not reentrant. Memory effects are those of {@link java.util.concurrent.locks.Lock}, between
 * processes too.
 */
public final class SharedMutex {
  /*
   * State       the word: see RobustMutex. epoch: grows by 1 with each acquisition.
   *             inherited: whether the owner has it from one that ended; set by each acquisition.
   * Guards      epoch, inherited: the lock. recovery: volatile.
   * Lock order  that of the user.
   * Ordering    the lock's. An owner killed before it has counted its epoch has had none.
   * Progress    see RobustMutex.
   * Callbacks   recovery, with the lock held and nothing else.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  private static final long EPOCH = 8;

  private final Word word;
  private final Word epoch;
  private final RobustMutex mutex;
  private volatile @Nullable Recovery recovery;
  private boolean inherited;

  /** What makes whole what a lock protects, after an owner has ended while it held the lock. */
  @FunctionalInterface
  public interface Recovery {
    /**
     * Called by the next owner, with the lock held, before its call of lock returns.
     *
     * @param epoch the number of this acquisition
     */
    void recover(long epoch);
  }

  SharedMutex(SharedRegion region, Layout.Cell cell) {
    this.word = region.word(cell, 0, Integer.SIZE);
    this.epoch = region.word(cell, EPOCH, Long.SIZE);
    this.mutex = region.attached().mutex(word);
  }

  /**
   * States how to make whole what the lock protects. If it throws, the lock is freed, the next
   * owner is told again, and the exception comes out of the call that took the lock.
   *
   * @param action called by an acquisition through this object that inherits the lock
   * @return this
   */
  public SharedMutex onOwnerDied(Recovery action) {
    recovery = action;
    return this;
  }

  /**
   * Takes the lock. An interrupt does not end the wait, and is kept.
   *
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock. What it has left
   *     behind has been recovered then, if {@link #onOwnerDied} says how
   * @throws FutexException with EDEADLK if the calling thread holds the lock; with EINVAL if the
   *     word names a thread that does not exist: somebody has overwritten it
   * @throws org.jfutex.word.WordFault if the region is closed
   */
  public LockStatus lock() {
    return begin(Cells.lockUninterruptibly(mutex));
  }

  /**
   * Takes the lock, or gives up at a deadline or an interrupt.
   *
   * @param deadline when to give up; a lock that is free is taken even if it has been reached
   * @return LOCKED or OWNER_DIED, as {@link #lock()}; TIMED_OUT; INTERRUPTED, with the interrupt
   *     flag still set
   * @throws FutexException as {@link #lock()}
   */
  public LockStatus lock(Deadline deadline) {
    return begin(mutex.lock(deadline));
  }

  /**
   * Takes the lock if it is free.
   *
   * @return LOCKED or OWNER_DIED, as {@link #lock()}; BUSY
   * @throws FutexException as {@link #lock()}
   */
  public LockStatus tryLock() {
    return begin(mutex.tryLock());
  }

  /**
   * Takes the lock as {@link #lock()} does, for a {@code try} statement that frees it.
   *
   * @return frees the lock when it is closed, once
   * @throws FutexException as {@link #lock()}
   */
  public Guard acquire() {
    return new Guard(this, lock());
  }

  /** Frees a lock at the end of a {@code try} statement. For the thread that has acquired it. */
  public static final class Guard implements AutoCloseable {
    private final LockStatus status;
    private @Nullable SharedMutex held;

    private Guard(SharedMutex held, LockStatus status) {
      this.held = held;
      this.status = status;
    }

    /**
     * How the lock was taken.
     *
     * @return LOCKED or OWNER_DIED
     */
    public LockStatus status() {
      return status;
    }

    /**
     * Leaves the lock without a claim that what it protects is whole, as {@link
     * SharedMutex#abandon}: for a {@code catch} inside of the statement.
     */
    public void abandon() {
      free(SharedMutex::abandon);
    }

    /** Frees the lock the first time; another owner's is not touched by the second. */
    @Override
    public void close() {
      free(SharedMutex::unlock);
    }

    private void free(Consumer<SharedMutex> how) {
      SharedMutex mutex = held;
      held = null;
      if (mutex != null) {
        how.accept(mutex);
      }
    }
  }

  private LockStatus begin(LockStatus status) {
    if (!status.isLocked()) {
      return status;
    }
    long now = epoch.load() + 1;
    Cells.set(epoch, now);
    inherited = status == LockStatus.OWNER_DIED;
    Recovery action = recovery;
    if (inherited && action != null) {
      boolean recovered = false;
      try {
        action.recover(now);
        recovered = true;
      } finally {
        if (!recovered) {
          abandon();
        }
      }
    }
    return status;
  }

  /**
   * Frees the lock. What it protects is taken to be whole.
   *
   * @throws FutexException with EPERM if the calling thread does not hold the lock; nothing has
   *     changed then
   */
  public void unlock() {
    mutex.unlock();
  }

  /**
   * Frees the lock without a claim that what it protects is whole: the next owner is told, as if
   * the caller had ended.
   *
   * @throws FutexException as {@link #unlock}
   */
  public void abandon() {
    mutex.abandon();
  }

  /**
   * Whether the calling thread holds the lock.
   *
   * @return whether it does
   */
  public boolean isHeldByCurrentThread() {
    return mutex.isHeldByCurrentThread();
  }

  /**
   * Whether the calling thread has the lock from one that ended while it held it.
   *
   * @return whether its acquisition was one of OWNER_DIED
   */
  public boolean isInherited() {
    return mutex.isHeldByCurrentThread() && inherited;
  }

  /**
   * The number of the calling thread's acquisition: a fencing token.
   *
   * @return greater than those of all earlier acquisitions in the region's life
   * @throws FutexException with EPERM if the calling thread does not hold the lock
   */
  public long epoch() {
    if (!mutex.isHeldByCurrentThread()) {
      throw new FutexException(Errno.EPERM, "the calling thread does not hold the lock in " + word);
    }
    return epoch.load();
  }

  @Override
  public String toString() {
    return "shared mutex in " + word;
  }
}
