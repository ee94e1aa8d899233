package org.jfutex;

/**
 * A futex operation was refused: misuse, or memory that is not there. Outcomes that a correct
 * program meets (woken, changed, timed out, interrupted) are values, never this exception.
 */
public final class FutexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The error. */
  private final Errno errno;

  /**
   * A refusal.
   *
   * @param errno the error a Linux system call would have given
   * @param message which argument, its value, and what was expected
   */
  public FutexException(Errno errno, String message) {
    super(errno + ": " + message);
    this.errno = errno;
  }

  /**
   * A refusal with its cause.
   *
   * @param errno the error a Linux system call would have given
   * @param message which argument, its value, and what was expected
   * @param cause what led to it
   */
  public FutexException(Errno errno, String message, Throwable cause) {
    super(errno + ": " + message, cause);
    this.errno = errno;
  }

  /**
   * The error a Linux system call would have given.
   *
   * @return the error
   */
  public Errno errno() {
    return errno;
  }
}
