package org.jfutex.poll;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.kernel.Syscalls;

/** Polling and event counters of the running kernel; a result below zero is an errno. */
final class Kernel implements AutoCloseable {
  static final int ADD = 1;
  static final int DEL = 2;
  static final int MOD = 3;

  private static final int NR_READ = 0;
  private static final int NR_WRITE = 1;
  private static final int NR_CLOSE = 3;
  private static final int NR_POLL = 7;
  private static final int NR_EPOLL_WAIT = 232;
  private static final int NR_EPOLL_CTL = 233;
  private static final int NR_EVENTFD2 = 290;
  private static final int NR_EPOLL_CREATE1 = 291;
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EVENT_BYTES = 12; // packed, on x86-64
  private static final int REVENTS = 6;

  private final List<Integer> open = new ArrayList<>();

  /** What epoll_wait reports. */
  record Ready(int events, long data) {}

  private static int call(long nr, long a, long b, long c, long d) {
    return (int) Syscalls.call(nr, a, b, c, d, 0, 0);
  }

  int eventfd() {
    return opened(call(NR_EVENTFD2, 0, EFD_NONBLOCK, 0, 0));
  }

  int epoll() {
    return opened(call(NR_EPOLL_CREATE1, 0, 0, 0, 0));
  }

  private int opened(int descriptor) {
    if (descriptor < 0) {
      throw new AssertionError("no descriptor: errno " + -descriptor);
    }
    open.add(descriptor);
    return descriptor;
  }

  int control(int epoll, int operation, int target, int interest, long data) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES, Long.BYTES);
      event.set(ValueLayout.JAVA_INT, 0, interest);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, Integer.BYTES, data);
      return call(NR_EPOLL_CTL, epoll, operation, target, event.address());
    }
  }

  List<Ready> await(int epoll, int max, int millis) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) max * EVENT_BYTES, Long.BYTES);
      int count = call(NR_EPOLL_WAIT, epoll, events.address(), max, millis);
      List<Ready> result = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long at = (long) i * EVENT_BYTES;
        result.add(
            new Ready(
                events.get(ValueLayout.JAVA_INT_UNALIGNED, at),
                events.get(ValueLayout.JAVA_LONG_UNALIGNED, at + Integer.BYTES)));
      }
      return result;
    }
  }

  /** The events that hold. */
  int poll(int descriptor, int mask, int millis) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(Long.BYTES, Long.BYTES);
      entry.set(ValueLayout.JAVA_INT, 0, descriptor);
      entry.set(ValueLayout.JAVA_SHORT, Integer.BYTES, (short) mask);
      int _ = call(NR_POLL, entry.address(), 1, millis, 0);
      return entry.get(ValueLayout.JAVA_SHORT, REVENTS);
    }
  }

  void add(int eventfd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(Long.BYTES, Long.BYTES);
      one.set(ValueLayout.JAVA_LONG, 0, 1);
      int _ = call(NR_WRITE, eventfd, one.address(), Long.BYTES, 0);
    }
  }

  long take(int eventfd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(Long.BYTES, Long.BYTES);
      int read = call(NR_READ, eventfd, value.address(), Long.BYTES, 0);
      return read == Long.BYTES ? value.get(ValueLayout.JAVA_LONG, 0) : 0;
    }
  }

  @Override
  public void close() {
    open.forEach(each -> call(NR_CLOSE, each, 0, 0, 0));
    open.clear();
  }
}
