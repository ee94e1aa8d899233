package org.jfutex.kernel;

import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/** What the results of system calls mean to callers of the typed face. */
final class Outcome {
  private Outcome() {}

  /** How a wait ended; null for a failure. INTERRUPTED stands for having left unwoken. */
  static @Nullable WaitStatus of(int result) {
    if (result >= 0) {
      return WaitStatus.WOKEN;
    }
    return switch (result) {
      case FutexCalls.EAGAIN -> WaitStatus.CHANGED;
      case FutexCalls.ETIMEDOUT -> WaitStatus.TIMED_OUT;
      case FutexCalls.EINTR, FutexCalls.ECANCELED -> WaitStatus.INTERRUPTED;
      default -> null;
    };
  }

  /** What to throw for a result that is a failure. */
  static RuntimeException failure(int result, Object word) {
    return switch (result) {
      case FutexCalls.EFAULT -> new FutexException(Errno.EFAULT, word + " cannot be accessed");
      case FutexCalls.ENOMEM ->
          new FutexException(Errno.ENOMEM, "no kernel memory to wait on " + word);
      case FutexCalls.EINVAL -> // all else that is refused so has been checked before
          new FutexException(
              Errno.EINVAL,
              word + ": expected plain waiters, met one for a priority-inheritance lock");
      default ->
          new IllegalStateException("futex call on " + word + " failed with errno " + -result);
    };
  }

  /** The count that a system call returned. */
  static int count(int result, Object word) {
    if (result < 0) {
      throw failure(result, word);
    }
    return result;
  }

  static boolean isReached(Deadline deadline) {
    return deadline.isReached(Ticker.system());
  }
}
