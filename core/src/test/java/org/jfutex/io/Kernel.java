package org.jfutex.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.kernel.Syscalls;

/** The calls of the kernel that ours are compared with. For one thread. */
final class Kernel implements AutoCloseable {
  static final int O_NONBLOCK = 0x800;
  static final int O_DIRECT = 0x4000;
  static final int EFD_SEMAPHORE = 1;
  static final int TFD_ABSTIME = 1;
  static final long EAGAIN = -11;

  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int CLOSE = 3;
  private static final int POLL = 7;
  private static final int IOCTL = 16;
  private static final int FCNTL = 72;
  private static final int EPOLL_WAIT = 232;
  private static final int EPOLL_CTL = 233;
  private static final int TIMERFD_CREATE = 283;
  private static final int TIMERFD_SETTIME = 286;
  private static final int TIMERFD_GETTIME = 287;
  private static final int EVENTFD2 = 290;
  private static final int EPOLL_CREATE1 = 291;
  private static final int PIPE2 = 293;
  private static final int F_SETFL = 4;
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;
  private static final int FIONREAD = 0x541B;
  private static final int EPOLLET = 1 << 31;
  private static final int ASKED = 0xff & ~0x40 | 0x2000; // not the second names of IN and OUT
  private static final long NANOS = 1_000_000_000;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment small = arena.allocate(64, 8);
  private final MemorySegment big = arena.allocate(1 << 20, 8);

  @Override
  public void close() {
    arena.close();
  }

  private static int checked(long result) {
    if (result < 0) {
      throw new AssertionError("a system call returned " + result);
    }
    return (int) result;
  }

  int[] pipe() {
    int _ = checked(Syscalls.call(PIPE2, small.address(), O_NONBLOCK, 0));
    return new int[] {
      small.get(ValueLayout.JAVA_INT, 0), small.get(ValueLayout.JAVA_INT, Integer.BYTES)
    };
  }

  long write(int fd, byte[] data) {
    MemorySegment.copy(data, 0, big, ValueLayout.JAVA_BYTE, 0, data.length);
    return Syscalls.call(WRITE, fd, big.address(), data.length);
  }

  long read(int fd, byte[] data) {
    long count = Syscalls.call(READ, fd, big.address(), data.length);
    if (count > 0) {
      MemorySegment.copy(big, ValueLayout.JAVA_BYTE, 0, data, 0, (int) count);
    }
    return count;
  }

  static void close(int fd) {
    int _ = checked(Syscalls.call(CLOSE, fd, 0, 0));
  }

  /** A descriptor that has been closed is -1, and ready for nothing. */
  int poll(int fd) {
    small.set(ValueLayout.JAVA_INT, 0, fd);
    small.set(ValueLayout.JAVA_INT, Integer.BYTES, ASKED);
    int _ = checked(Syscalls.call(POLL, small.address(), 1, 0));
    return small.get(ValueLayout.JAVA_SHORT, Integer.BYTES + Short.BYTES);
  }

  int available(int fd) {
    int _ = checked(Syscalls.call(IOCTL, fd, FIONREAD, small.address()));
    return small.get(ValueLayout.JAVA_INT, 0);
  }

  static long resize(int fd, int capacity) {
    return Syscalls.call(FCNTL, fd, F_SETPIPE_SZ, capacity);
  }

  static long capacity(int fd) {
    return Syscalls.call(FCNTL, fd, F_GETPIPE_SZ, 0);
  }

  static void setFlags(int fd, int flags) {
    int _ = checked(Syscalls.call(FCNTL, fd, F_SETFL, flags));
  }

  static int epoll() {
    return checked(Syscalls.call(EPOLL_CREATE1, 0, 0, 0));
  }

  /** Edge-triggered, for everything. */
  void add(int epoll, int fd) {
    small.set(ValueLayout.JAVA_INT, 0, ASKED | EPOLLET);
    small.set(ValueLayout.JAVA_INT, Integer.BYTES, fd);
    int _ = checked(Syscalls.call(EPOLL_CTL, epoll, 1, fd, small.address(), 0, 0));
  }

  /** The events of the one descriptor of an epoll. */
  int edge(int epoll) {
    int count = checked(Syscalls.call(EPOLL_WAIT, epoll, small.address(), 1, 0, 0, 0));
    return count == 0 ? 0 : small.get(ValueLayout.JAVA_INT, 0);
  }

  static int eventCounter(int count, int flags) {
    return checked(Syscalls.call(EVENTFD2, count, flags | O_NONBLOCK, 0));
  }

  long add(int fd, long value) {
    small.set(ValueLayout.JAVA_LONG, 0, value);
    return Syscalls.call(WRITE, fd, small.address(), Long.BYTES);
  }

  /** The eight bytes of a counter or a timer, or a negative errno. */
  Long take(int fd) {
    long count = Syscalls.call(READ, fd, small.address(), Long.BYTES);
    return count < 0 ? null : small.get(ValueLayout.JAVA_LONG, 0);
  }

  static int timer() {
    return checked(Syscalls.call(TIMERFD_CREATE, 1, O_NONBLOCK, 0));
  }

  void arm(int fd, int flags, long first, long period) {
    put(0, period);
    put(2 * Long.BYTES, first);
    int _ = checked(Syscalls.call(TIMERFD_SETTIME, fd, flags, small.address(), 0, 0, 0));
  }

  private void put(int offset, long nanos) {
    small.set(ValueLayout.JAVA_LONG, offset, nanos / NANOS);
    small.set(ValueLayout.JAVA_LONG, offset + Long.BYTES, nanos % NANOS);
  }

  long remainingNanos(int fd) {
    int _ = checked(Syscalls.call(TIMERFD_GETTIME, fd, small.address(), 0));
    return small.get(ValueLayout.JAVA_LONG, 2 * Long.BYTES) * NANOS
        + small.get(ValueLayout.JAVA_LONG, 3 * Long.BYTES);
  }
}
