package org.jfutex.cli.run;

import java.util.Arrays;

/**
 * A system call that waits for its answer: struct seccomp_notif of linux/seccomp.h.
 *
 * @param id names it in the answer
 * @param tid the thread, 0 if it is not visible in this pid namespace
 * @param nr the system call number, of the architecture
 * @param arch AUDIT_ARCH_ of the caller
 * @param ip the address after the system call instruction
 * @param args the six arguments
 */
@SuppressWarnings("ArrayRecordComponent") // one for each call; changed by nobody
record Notification(long id, int tid, int nr, int arch, long ip, long[] args) {
  /** Whether the two would do the same: a call that was restarted is like the one before. */
  boolean isSameCallAs(Notification other) {
    return ip == other.ip && nr == other.nr && Arrays.equals(args, other.args);
  }
}
