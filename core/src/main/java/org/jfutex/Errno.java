package org.jfutex;

/**
 * The errors of the futex calls and of the C library's locks, with their Linux numbers (errno(3),
 * asm-generic/errno.h).
 */
public enum Errno {
  /** Operation not permitted. */
  EPERM(1),
  /** No such process: a word names an owner that does not exist. */
  ESRCH(3),
  /** Interrupted. */
  EINTR(4),
  /** The word does not hold the expected value. */
  EAGAIN(11),
  /** Out of memory. */
  ENOMEM(12),
  /** Bad address: memory that cannot be read or written. */
  EFAULT(14),
  /** Invalid argument. */
  EINVAL(22),
  /** Resource deadlock avoided. */
  EDEADLK(35),
  /** Operation not implemented. */
  ENOSYS(38),
  /** A value too large: a semaphore that holds the most it can. */
  EOVERFLOW(75),
  /** The deadline was reached. */
  ETIMEDOUT(110),
  /** The previous owner died. */
  EOWNERDEAD(130),
  /** A lock whose previous owner died and whose next one did not make its state consistent. */
  ENOTRECOVERABLE(131);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /**
   * The Linux number of this error.
   *
   * @return a positive number
   */
  public int number() {
    return number;
  }
}
