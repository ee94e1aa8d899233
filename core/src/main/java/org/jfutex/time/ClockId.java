package org.jfutex.time;

/** The two clocks a futex deadline can be on; see clock_gettime(2). */
public enum ClockId {
  /**
   * CLOCK_REALTIME: nanoseconds since 1970-01-01T00:00Z; follows every step of the system's clock.
   */
  REALTIME(0),
  /**
   * CLOCK_MONOTONIC: never steps. Its value is {@link System#nanoTime}, which on Linux is the
   * kernel's CLOCK_MONOTONIC itself.
   */
  MONOTONIC(1);

  private final int linuxId;

  ClockId(int linuxId) {
    this.linuxId = linuxId;
  }

  /**
   * The number of this clock in the Linux system call interface.
   *
   * @return 0 for REALTIME, 1 for MONOTONIC
   */
  public int linuxId() {
    return linuxId;
  }
}
