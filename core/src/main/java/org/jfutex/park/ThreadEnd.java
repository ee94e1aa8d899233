package org.jfutex.park;

/**
 * Notices the end of a thread, however it ends, without asking the thread for anything: a virtual
 * thread waits for it. So what is run comes a little after {@link Thread#join} returns to others.
 */
public final class ThreadEnd {
  private ThreadEnd() {}

  /**
   * Runs an action when a thread has ended. The action sees all that the thread did.
   *
   * @param thread the thread, platform or virtual
   * @param action what to run, on a thread of its own
   */
  public static void watch(Thread thread, Runnable action) {
    Thread.ofVirtual()
        .name("jfutex-end-of-" + thread.threadId())
        .inheritInheritableThreadLocals(false) // they are the watched thread's
        .start(
            () -> {
              join(thread);
              action.run();
            });
  }

  @SuppressWarnings("ThreadJoinLoop") // the loop it suggests, without the library
  private static void join(Thread thread) {
    while (true) {
      try {
        thread.join();
        return;
      } catch (InterruptedException e) {
        // nobody has a reason to interrupt the watcher, and the end must not be missed
      }
    }
  }
}
