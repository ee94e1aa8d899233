package org.jfutex.linux;

import org.jspecify.annotations.Nullable;

/**
 * Every futex operation, of futex(2) and of the futex2 calls. Numbers and bits are those of
 * include/uapi/linux/futex.h and of the x86-64 system call table; a 32-bit guest's numbers are
 * translated by who serves it.
 */
public enum Operation {
  /** futex(2) FUTEX_WAIT. */
  WAIT(0),
  /** futex(2) FUTEX_WAKE. */
  WAKE(1),
  /** futex(2) FUTEX_FD, gone since Linux 2.6.26. */
  FD(2),
  /** futex(2) FUTEX_REQUEUE. */
  REQUEUE(3),
  /** futex(2) FUTEX_CMP_REQUEUE. */
  CMP_REQUEUE(4),
  /** futex(2) FUTEX_WAKE_OP. */
  WAKE_OP(5),
  /** futex(2) FUTEX_LOCK_PI. */
  LOCK_PI(6),
  /** futex(2) FUTEX_UNLOCK_PI. */
  UNLOCK_PI(7),
  /** futex(2) FUTEX_TRYLOCK_PI. */
  TRYLOCK_PI(8),
  /** futex(2) FUTEX_WAIT_BITSET. */
  WAIT_BITSET(9),
  /** futex(2) FUTEX_WAKE_BITSET. */
  WAKE_BITSET(10),
  /** futex(2) FUTEX_WAIT_REQUEUE_PI. */
  WAIT_REQUEUE_PI(11),
  /** futex(2) FUTEX_CMP_REQUEUE_PI. */
  CMP_REQUEUE_PI(12),
  /** futex(2) FUTEX_LOCK_PI2. */
  LOCK_PI2(13),
  /** futex_waitv(2). */
  FUTEX_WAITV(-1),
  /** futex_wake(2). */
  FUTEX_WAKE(-1),
  /** futex_wait(2). */
  FUTEX_WAIT(-1),
  /** futex_requeue(2). */
  FUTEX_REQUEUE(-1),
  /** set_robust_list(2). */
  SET_ROBUST_LIST(-1),
  /** get_robust_list(2). */
  GET_ROBUST_LIST(-1);

  /** System call number of futex on x86-64. */
  public static final int NR_FUTEX = 202;

  /**
   * System call number of futex_time64, which only 32-bit address spaces have: futex(2) with the
   * timespec of 64-bit ones.
   */
  public static final int NR_FUTEX_TIME64 = 422;

  /** System call number of set_robust_list. */
  public static final int NR_SET_ROBUST_LIST = 273;

  /** System call number of get_robust_list. */
  public static final int NR_GET_ROBUST_LIST = 274;

  /** System call number of futex_waitv. */
  public static final int NR_FUTEX_WAITV = 449;

  /** System call number of futex_wake. */
  public static final int NR_FUTEX_WAKE = 454;

  /** System call number of futex_wait. */
  public static final int NR_FUTEX_WAIT = 455;

  /** System call number of futex_requeue. */
  public static final int NR_FUTEX_REQUEUE = 456;

  /** FUTEX_PRIVATE_FLAG in the op word of futex(2). */
  public static final int PRIVATE_FLAG = 128;

  /** FUTEX_CLOCK_REALTIME in the op word of futex(2). */
  public static final int CLOCK_REALTIME_FLAG = 256;

  private static final Operation[] BY_COMMAND = values();

  private final int command;

  Operation(int command) {
    this.command = command;
  }

  /**
   * The operation a system call asks for.
   *
   * @param nr the x86-64 system call number
   * @param op the op word, looked at for futex(2) only; its high half is ignored
   * @return the operation, null for a number or a command that does not exist
   */
  public static @Nullable Operation of(long nr, long op) {
    return switch ((int) nr) {
      case NR_FUTEX, NR_FUTEX_TIME64 -> ofCommand((int) op & ~(PRIVATE_FLAG | CLOCK_REALTIME_FLAG));
      case NR_FUTEX_WAITV -> FUTEX_WAITV;
      case NR_FUTEX_WAKE -> FUTEX_WAKE;
      case NR_FUTEX_WAIT -> FUTEX_WAIT;
      case NR_FUTEX_REQUEUE -> FUTEX_REQUEUE;
      case NR_SET_ROBUST_LIST -> SET_ROBUST_LIST;
      case NR_GET_ROBUST_LIST -> GET_ROBUST_LIST;
      default -> null;
    };
  }

  private static @Nullable Operation ofCommand(int command) {
    return command >= 0 && command <= LOCK_PI2.command ? BY_COMMAND[command] : null;
  }

  /**
   * Whether this is one of the six priority-inheritance operations.
   *
   * @return true for LOCK_PI, LOCK_PI2, TRYLOCK_PI, UNLOCK_PI, WAIT_REQUEUE_PI, CMP_REQUEUE_PI
   */
  public boolean isPi() {
    return switch (this) {
      case LOCK_PI, LOCK_PI2, TRYLOCK_PI, UNLOCK_PI, WAIT_REQUEUE_PI, CMP_REQUEUE_PI -> true;
      default -> false;
    };
  }
}
