package org.jfutex.kernel;

/**
 * The futex system calls of the running kernel, raw: registers in, a count, an index, 0 or a
 * negative errno out. What {@code org.jfutex.linux.RawFutex} is to the engine, this is to the
 * kernel, so one can be compared with the other.
 *
 * <p>Addresses are those of this process and may be anything: what cannot be accessed is answered
 * EFAULT by the kernel, never by an exception or a crash. But the kernel writes where it is told to
 * write, like any native code: FUTEX_WAKE_OP to its second word, the priority-inheritance
 * operations to their words, FUTEX2_NUMA to the node behind its word, get_robust_list to both its
 * pointers, and a thread that ends to the words of its robust list. An address of memory that is
 * not the caller's destroys what is there.
 *
 * <p>Nothing is retried and nothing is interrupted by {@link Thread#interrupt}: a signal shows as
 * {@code -EINTR}, and a call that sleeps sleeps until it is woken or times out.
 */
public final class KernelCalls {
  private static final int COMMAND = ~(FutexCalls.PRIVATE | FutexCalls.CLOCK_REALTIME);

  private KernelCalls() {}

  /**
   * Executes futex(2), futex_waitv(2), futex_wake(2), futex_wait(2), futex_requeue(2),
   * set_robust_list(2) or get_robust_list(2).
   *
   * @param nr the x86-64 system call number, of which the kernel reads the low 32 bits; any other
   *     call than those named is answered ENOSYS and not made
   * @param a0 the first argument register
   * @param a1 the second
   * @param a2 the third
   * @param a3 the fourth
   * @param a4 the fifth
   * @param a5 the sixth
   * @return what the kernel returned
   * @throws WrongThreadException on a virtual thread, if the call may sleep, which would hold the
   *     carrier, or is about the thread itself (a robust list, the owner of a priority-inheritance
   *     lock), as a virtual thread is none to the kernel
   */
  public static long call(long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    boolean needsThread =
        switch ((int) nr) {
          case FutexCalls.NR_FUTEX -> needsThread((int) a1 & COMMAND);
          case FutexCalls.NR_FUTEX_WAKE, FutexCalls.NR_FUTEX_REQUEUE -> false;
          default -> true;
        };
    return switch ((int) nr) {
      case FutexCalls.NR_FUTEX,
          FutexCalls.NR_FUTEX_WAITV,
          FutexCalls.NR_FUTEX_WAKE,
          FutexCalls.NR_FUTEX_WAIT,
          FutexCalls.NR_FUTEX_REQUEUE,
          FutexCalls.NR_SET_ROBUST_LIST,
          FutexCalls.NR_GET_ROBUST_LIST -> {
        if (needsThread && Thread.currentThread().isVirtual()) {
          throw new WrongThreadException(
              "system call %d, operation %d on a virtual thread: expected a platform thread"
                  .formatted((int) nr, (int) a1));
        }
        yield Syscalls.call(nr, a0, a1, a2, a3, a4, a5);
      }
      default -> FutexCalls.ENOSYS;
    };
  }

  /** Whether an operation of futex(2) may sleep, or speaks of its thread. */
  private static boolean needsThread(int command) {
    return switch (command) {
      case FutexCalls.WAKE,
          FutexCalls.REQUEUE,
          FutexCalls.CMP_REQUEUE,
          FutexCalls.WAKE_OP,
          FutexCalls.WAKE_BITSET ->
          false;
      default -> true;
    };
  }
}
