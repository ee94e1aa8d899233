package org.jfutex.kernel;

/**
 * The futex system calls that return at once, each as one call with numbers in and a count or a
 * negative errno out. Allocates nothing and reads no memory through Java.
 */
final class FutexCalls {
  /** System call numbers of x86-64. */
  static final int NR_FUTEX = 202;

  static final int NR_SET_ROBUST_LIST = 273;
  static final int NR_GET_ROBUST_LIST = 274;
  private static final int NR_GETTID = 186;
  static final int NR_FUTEX_WAITV = 449;
  static final int NR_FUTEX_WAKE = 454;
  static final int NR_FUTEX_WAIT = 455;
  static final int NR_FUTEX_REQUEUE = 456;

  /** Operations of futex(2), include/uapi/linux/futex.h. */
  static final int WAIT = 0;

  static final int WAKE = 1;
  static final int REQUEUE = 3;
  static final int CMP_REQUEUE = 4;
  static final int WAKE_OP = 5;
  static final int LOCK_PI = 6;
  static final int UNLOCK_PI = 7;
  static final int TRYLOCK_PI = 8;
  static final int WAIT_BITSET = 9;
  static final int WAKE_BITSET = 10;
  static final int WAIT_REQUEUE_PI = 11;
  static final int CMP_REQUEUE_PI = 12;
  static final int LOCK_PI2 = 13;

  /** FUTEX_PRIVATE_FLAG and FUTEX2_PRIVATE. */
  static final int PRIVATE = 128;

  /** FUTEX_CLOCK_REALTIME. */
  static final int CLOCK_REALTIME = 256;

  /** FUTEX2_SIZE_U32. */
  static final int SIZE_U32 = 2;

  /** FUTEX_BITSET_MATCH_ANY, as futex(2) and the futex2 calls take it. */
  static final long MATCH_ANY = 0xffff_ffffL;

  /** Errors as system calls return them; asm-generic/errno.h. */
  static final int EPERM = -1;

  static final int EINTR = -4;
  static final int EAGAIN = -11;
  static final int ENOMEM = -12;
  static final int EFAULT = -14;
  static final int EBUSY = -16;
  static final int EINVAL = -22;
  static final int ENOSYS = -38;
  static final int ETIMEDOUT = -110;
  static final int ECANCELED = -125;

  private FutexCalls() {}

  /** What the kernel calls the calling thread, or the carrier of a virtual one. */
  static int currentThread() {
    return (int) Syscalls.call(NR_GETTID, 0, 0, 0);
  }

  /** FUTEX_WAKE_BITSET. */
  static int wake(long address, boolean shared, int count, int bitset) {
    return futex(address, WAKE_BITSET, shared, count, 0, 0, bitset);
  }

  /** FUTEX_REQUEUE. */
  static int requeue(long from, boolean shared, int wake, long to, int move) {
    return futex(from, REQUEUE, shared, wake, move, to, 0);
  }

  /** FUTEX_CMP_REQUEUE. */
  static int compareRequeue(long from, boolean shared, int expected, int wake, long to, int move) {
    return futex(from, CMP_REQUEUE, shared, wake, move, to, expected);
  }

  /**
   * Compares a word in the kernel, which cannot fault as Java would: a compare-requeue of nobody.
   * Nobody is queued, so no wake can be lost here.
   *
   * @return 0 if the word holds the value, EAGAIN if not, EFAULT if it cannot be read
   */
  static int compare(long address, boolean shared, int expected) {
    return compareRequeue(address, shared, expected, 0, address, 0);
  }

  /** How many waiters a word has: a requeue of all of them to where they are. */
  static int waiters(long address, boolean shared) {
    return requeue(address, shared, 0, address, Integer.MAX_VALUE);
  }

  /** FUTEX_WAKE_OP. */
  static int wakeOp(
      long address, boolean shared, int wake, long target, int wakeTarget, int encoded) {
    return futex(address, WAKE_OP, shared, wake, wakeTarget, target, encoded);
  }

  private static int futex(
      long address, int op, boolean shared, int val, int val2, long address2, int val3) {
    return (int)
        Syscalls.call(
            NR_FUTEX,
            address,
            shared ? op : op | PRIVATE,
            Integer.toUnsignedLong(val),
            Integer.toUnsignedLong(val2),
            address2,
            Integer.toUnsignedLong(val3));
  }
}
