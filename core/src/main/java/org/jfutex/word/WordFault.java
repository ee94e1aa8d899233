package org.jfutex.word;

/**
 * A word's memory cannot be read or written: unmapped, closed, read-only, or in a process that has
 * gone. The futex operations report it as {@code FutexException} with {@code EFAULT}.
 */
public final class WordFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A fault with its reason.
   *
   * @param message which access failed and why
   */
  public WordFault(String message) {
    super(message);
  }

  /**
   * A fault with its reason and cause.
   *
   * @param message which access failed and why
   * @param cause what the access threw
   */
  public WordFault(String message, Throwable cause) {
    super(message, cause);
  }
}
