package org.jfutex.cli.machine;

/**
 * A thread of a {@link MachineProcess} that does what it is told, one thing at a time. Used by one
 * thread of this JVM.
 */
public interface MachineThread {
  /**
   * Its thread id, as a futex word would name it.
   *
   * @return from 1 to 2^30 - 1
   */
  int tid();

  /**
   * Memory of its own that system calls may read: timespecs, waitv arrays, a robust list head.
   *
   * @return the address of {@link Machine#SCRATCH_BYTES} readable and writable private bytes
   */
  long scratch();

  /**
   * Starts a system call and returns at once.
   *
   * @param nr the x86-64 number: futex, the futex2 calls, set_robust_list, prctl; others as the
   *     machine can
   * @param args up to six argument registers; the rest are 0
   * @throws IllegalStateException if the thread is not IDLE
   */
  void call(long nr, long... args);

  /**
   * Starts an aligned 32-bit store of the thread itself; it ends with result 0, or -EFAULT where
   * the thread could not write.
   *
   * @param address where
   * @param value what
   * @throws IllegalStateException if the thread is not IDLE
   */
  void store(long address, int value);

  /**
   * Starts an aligned 32-bit compare-and-set of the thread itself; it ends with result 1 or 0, or
   * -EFAULT where the thread could not write.
   *
   * @param address where
   * @param expected the value it must have
   * @param value the value it gets
   * @throws IllegalStateException if the thread is not IDLE
   */
  void compareAndSet(long address, int expected, int value);

  /**
   * How the thread stands just now. SLEEPING is never guessed from a delay.
   *
   * @return its state
   */
  ThreadState state();

  /**
   * Waits until the thread is not RUNNING.
   *
   * @param nanos how long at most; 0 or less is a look
   * @return its state by then
   */
  ThreadState settle(long nanos);

  /**
   * Waits until the thread is neither RUNNING nor SLEEPING.
   *
   * @param nanos how long at most; 0 or less is a look
   * @return its state by then
   */
  ThreadState join(long nanos);

  /**
   * The result of the call that has RETURNED; the thread is IDLE then.
   *
   * @return what the system call returned, a negative errno if it failed
   * @throws IllegalStateException if the thread has not RETURNED
   */
  long takeResult();

  /**
   * Sends a signal whose handler does nothing, and returns when it has been handled or the thread
   * sleeps in its restarted call.
   *
   * @param restart whether the handler was installed with SA_RESTART
   */
  void signal(boolean restart);

  /**
   * The real-time priority it runs at just now: its own, or that of somebody who waits for a
   * priority-inheritance lock it holds. Asked only of a machine that has {@link Capability#PI} and
   * {@link Capability#RT}, of a thread that is not GONE.
   *
   * @return from 1 to 99, 0 for an ordinary thread
   */
  default int priority() {
    throw new UnsupportedOperationException(this + " has no priority to look at");
  }

  /** Ends the thread without unlocking anything. It must be IDLE. Returns when it is GONE. */
  void exit();
}
