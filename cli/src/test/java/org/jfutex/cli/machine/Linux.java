package org.jfutex.cli.machine;

/** Numbers of Linux on x86-64 that the tests of machines speak in. */
final class Linux {
  static final int FUTEX = 202;
  static final int SET_ROBUST_LIST = 273;
  static final int FUTEX_WAITV = 449;
  static final int FUTEX_WAIT2 = 455;

  static final int WAIT = 0;
  static final int WAKE = 1;
  static final int WAIT_BITSET = 9;
  static final int LOCK_PI = 6;
  static final int UNLOCK_PI = 7;
  static final int PRIVATE = 128;
  static final int U32 = 2;

  static final int CLOCK_MONOTONIC = 1;

  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EFAULT = 14;
  static final int EINVAL = 22;
  static final int ETIMEDOUT = 110;

  static final int OWNER_DIED = 0x40000000;
  static final int WAITERS = 0x80000000;

  private Linux() {}
}
