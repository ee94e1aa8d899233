package org.jfutex;

import org.jspecify.annotations.Nullable;

/** How an attempt to take a priority-inheritance lock ended. */
public enum LockStatus {
  /** The caller owns the lock. */
  LOCKED(null),
  /**
   * The caller owns the lock, whose last owner ended without unlocking it: what the lock protects
   * may be half done. {@link OwnerWord#OWNER_DIED} is set in the word until the lock is released by
   * {@link Futex#unlockPi}, or by whoever clears the bit.
   */
  OWNER_DIED(Errno.EOWNERDEAD),
  /** Somebody else owns the lock, and the caller did not want to wait. */
  BUSY(Errno.EAGAIN),
  /**
   * Nothing was taken: the word that was waited on did not hold the expected value, or the wait was
   * disturbed after it had been moved to the lock.
   */
  CHANGED(Errno.EAGAIN),
  /** The deadline was reached; the caller does not own the lock. */
  TIMED_OUT(Errno.ETIMEDOUT),
  /** The thread was interrupted and does not own the lock; the interrupt flag is still set. */
  INTERRUPTED(Errno.EINTR);

  private final @Nullable Errno errno;

  LockStatus(@Nullable Errno errno) {
    this.errno = errno;
  }

  /**
   * Whether the caller owns the lock.
   *
   * @return true for {@link #LOCKED} and {@link #OWNER_DIED}
   */
  public boolean isLocked() {
    return this == LOCKED || this == OWNER_DIED;
  }

  /**
   * The error that stands for this outcome.
   *
   * @return the error; null for {@link #LOCKED}. The system calls themselves report {@link
   *     #OWNER_DIED} as success and leave it to the caller to look at the word.
   */
  public @Nullable Errno errno() {
    return errno;
  }
}
