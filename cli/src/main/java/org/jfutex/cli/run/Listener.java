package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * The supervisor's end of seccomp user notification; see seccomp_unotify(2). {@link #receive} is
 * for one thread, everything else for whoever holds the supervisor's lock.
 */
final class Listener {
  /** SECCOMP_IOCTL_NOTIF_ numbers of linux/seccomp.h. */
  private static final long RECV = 0xC0502100L;

  private static final long SEND = 0xC0182101L;
  private static final long SET_FLAGS = 0x40082104L;

  /** SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: a hint to the scheduler, Linux 6.6. */
  private static final long SYNC_WAKE_UP = 1;

  /** SECCOMP_USER_NOTIF_FLAG_CONTINUE. */
  private static final int CONTINUE = 1;

  private static final int ARGUMENTS = 6;
  private static final int POLLHUP = 0x10;
  private static final int ENOENT = 2;
  private static final int EINTR = 4;

  private final int fd;
  private final MemorySegment notification = Arena.ofAuto().allocate(80, Long.BYTES);
  private final MemorySegment response = Arena.ofAuto().allocate(24, Long.BYTES);
  private final MemorySegment pollfd = Arena.ofAuto().allocate(8, Long.BYTES);

  Listener(int fd) {
    this.fd = fd;
    // the kernel may be older than the hint, which changes nothing but speed
    var _ = Syscalls.call(Nr.IOCTL, fd, SET_FLAGS, SYNC_WAKE_UP);
  }

  /** Waits for the next call; null once no process uses the filter any more. */
  @Nullable Notification receive() {
    while (true) {
      notification.fill((byte) 0); // anything else is EINVAL
      long result = Syscalls.call(Nr.IOCTL, fd, RECV, notification.address());
      if (result == 0) {
        return parse();
      }
      if (result != -ENOENT && result != -EINTR) {
        throw new IllegalStateException(
            "receiving a notification failed with errno " + -result + ", expected 0");
      }
      // the caller died before it was picked up, or everybody has gone
      if (result == -ENOENT && isHungUp()) {
        return null;
      }
    }
  }

  private Notification parse() {
    long[] args = new long[ARGUMENTS];
    MemorySegment.copy(notification, ValueLayout.JAVA_LONG, 32, args, 0, ARGUMENTS);
    return new Notification(
        notification.get(ValueLayout.JAVA_LONG, 0),
        notification.get(ValueLayout.JAVA_INT, 8),
        notification.get(ValueLayout.JAVA_INT, 16),
        notification.get(ValueLayout.JAVA_INT, 20),
        notification.get(ValueLayout.JAVA_LONG, 24),
        args);
  }

  private boolean isHungUp() {
    pollfd.set(ValueLayout.JAVA_INT, 0, fd);
    pollfd.set(ValueLayout.JAVA_INT, 4, 0);
    long ready = Syscalls.call(Nr.POLL, pollfd.address(), 1, 0);
    return ready > 0 && (pollfd.get(ValueLayout.JAVA_SHORT, 6) & POLLHUP) != 0;
  }

  /**
   * Answers a call.
   *
   * @param id the notification
   * @param result what the call returns; a negative errno, or a restart code, fails it
   * @return false if the caller has gone
   */
  boolean reply(long id, long result) {
    return result < 0 ? send(id, 0, (int) result, 0) : send(id, result, 0, 0);
  }

  /**
   * Lets the kernel make the call.
   *
   * @param id the notification
   * @return false if the caller has gone
   */
  boolean passOn(long id) {
    return send(id, 0, 0, CONTINUE);
  }

  private boolean send(long id, long value, int error, int flags) {
    response.set(ValueLayout.JAVA_LONG, 0, id);
    response.set(ValueLayout.JAVA_LONG, 8, value);
    response.set(ValueLayout.JAVA_INT, 16, error);
    response.set(ValueLayout.JAVA_INT, 20, flags);
    long result = Syscalls.call(Nr.IOCTL, fd, SEND, response.address());
    while (result == -EINTR) {
      result = Syscalls.call(Nr.IOCTL, fd, SEND, response.address());
    }
    if (result != 0 && result != -ENOENT) {
      throw new IllegalStateException(
          "answering a notification failed with errno " + -result + ", expected 0 or ENOENT");
    }
    return result == 0;
  }

  /** Whatever still waits for an answer gets ENOSYS from now on. */
  void close() {
    var _ = Syscalls.call(Nr.CLOSE, fd, 0, 0);
  }
}
