package org.jfutex.io;

import java.io.IOException;
import org.jfutex.Errno;

/** Input or output has failed for a reason that Linux has a number for. */
public final class ErrnoIOException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The error. */
  private final Errno errno;

  /**
   * A failure.
   *
   * @param errno the error that a Linux system call gives or has given
   * @param message what was attempted, and with what
   */
  public ErrnoIOException(Errno errno, String message) {
    super(errno + ": " + message);
    this.errno = errno;
  }

  /**
   * The error that a Linux system call gives or has given.
   *
   * @return the error
   */
  public Errno errno() {
    return errno;
  }
}
