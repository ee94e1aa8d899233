package org.jfutex.cli.run;

import java.util.List;

/** Reads the user stack of a thread that waits for the reply to a call. */
@FunctionalInterface
interface StackSource {

  /**
   * The stack of a stopped thread.
   *
   * @param tgid its process
   * @param tid the thread
   * @return its frames, innermost first; empty where they cannot be read
   */
  List<String> stackOf(int tgid, int tid);
}
