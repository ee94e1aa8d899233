package org.jfutex;

import org.jspecify.annotations.Nullable;

/** How a wait ended. When several are true at once, the one that stands first here is reported. */
public enum WaitStatus {
  /**
   * A waker took this waiter from the queue and counted it. The word may hold any value by now, and
   * a correct caller checks it again.
   */
  WOKEN(null),
  /** The word did not hold the expected value; the caller never slept. */
  CHANGED(Errno.EAGAIN),
  /** The deadline was reached; no waker counted this waiter. */
  TIMED_OUT(Errno.ETIMEDOUT),
  /**
   * The thread was interrupted; no waker counted this waiter, and the interrupt flag is still set.
   */
  INTERRUPTED(Errno.EINTR);

  private final @Nullable Errno errno;

  WaitStatus(@Nullable Errno errno) {
    this.errno = errno;
  }

  /**
   * The error by which a Linux system call reports this outcome.
   *
   * @return the error; null for {@link #WOKEN}, which is success
   */
  public @Nullable Errno errno() {
    return errno;
  }
}
