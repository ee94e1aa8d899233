package org.jfutex.bench.frame;

/** A contender that this machine cannot measure. */
public final class SkippedException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * Skips a contender.
   *
   * @param reason what is missing
   */
  public SkippedException(String reason) {
    super(reason);
  }
}
