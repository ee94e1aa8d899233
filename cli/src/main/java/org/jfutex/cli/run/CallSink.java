package org.jfutex.cli.run;

/**
 * Is told what the program does. Called by the threads of the supervisor with its lock held, so
 * calls never overlap; must be short, must not throw and must not call back.
 */
interface CallSink {
  /**
   * Takes a finished call.
   *
   * @param call the call
   */
  void served(ServedCall call);

  /**
   * A process made its first call, or became another program by execve.
   *
   * @param tgid the process
   * @param name its name, as in /proc/TGID/comm
   * @param unserved32 true for a 32-bit process, whose calls go to the kernel unserved
   */
  void processSeen(int tgid, String name, boolean unserved32);

  /**
   * A thread made its first call.
   *
   * @param tgid its process
   * @param tid the thread
   */
  void threadSeen(int tgid, int tid);
}
