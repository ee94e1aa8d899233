package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.kernel.Syscalls;

/** A set of descriptors to wait for, epoll(7). {@link #await} is for one thread. */
final class Epoll {
  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLLIN = 1;
  private static final int EINTR = 4;

  /** struct epoll_event is packed on x86-64: events, then data. */
  private static final int EVENT_BYTES = 12;

  private static final int DATA_OFFSET = 4;
  private static final int MAX_EVENTS = 64;

  private final int fd = (int) Syscalls.call(Nr.EPOLL_CREATE1, EPOLL_CLOEXEC, 0, 0);
  private final MemorySegment events = Arena.ofAuto().allocate((long) EVENT_BYTES * MAX_EVENTS, 8);

  /**
   * Adds a descriptor.
   *
   * @param watched the descriptor; leaves the set when it is closed
   * @param data what {@link #await} returns for it
   * @return whether it could be added
   */
  boolean add(int watched, long data) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES);
      event.set(ValueLayout.JAVA_INT_UNALIGNED, 0, EPOLLIN);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA_OFFSET, data);
      return Syscalls.call(Nr.EPOLL_CTL, fd, EPOLL_CTL_ADD, watched, event.address(), 0, 0) == 0;
    }
  }

  /**
   * Waits until a descriptor is readable.
   *
   * @param millis how long at most
   * @return the data of those that are; empty if none is
   */
  long[] await(int millis) {
    long count = Syscalls.call(Nr.EPOLL_WAIT, fd, events.address(), MAX_EVENTS, millis, 0, 0);
    if (count < 0 && count != -EINTR) {
      throw new IllegalStateException("epoll_wait failed with errno " + -count);
    }
    long[] data = new long[(int) Math.max(count, 0)];
    for (int i = 0; i < data.length; i++) {
      data[i] = events.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) EVENT_BYTES * i + DATA_OFFSET);
    }
    return data;
  }

  void close() {
    RawFile.close(fd);
  }
}
