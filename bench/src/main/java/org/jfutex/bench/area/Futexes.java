package org.jfutex.bench.area;

/** Numbers of linux/futex.h, handed to the peers in C. */
final class Futexes {
  /** FUTEX_PRIVATE_FLAG, and FUTEX2_PRIVATE too. */
  static final long PRIVATE = 128;

  private Futexes() {}
}
