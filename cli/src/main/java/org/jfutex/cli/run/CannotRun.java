package org.jfutex.cli.run;

/** The program was not started. The message says why, in one line. */
final class CannotRun extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  CannotRun(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The exit status that says the same. */
  int status() {
    return status;
  }
}
