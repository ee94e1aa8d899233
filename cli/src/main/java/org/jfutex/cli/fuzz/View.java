package org.jfutex.cli.fuzz;

/** What whoever makes the next step of a program may know of the steps before. */
interface View {
  /** Whether a thread is in no call. */
  boolean isIdle(String thread);

  /** What a word holds. */
  int value(String word);

  /** What the step before returned; {@link Moment#NONE} before the first. */
  long lastResult();
}
