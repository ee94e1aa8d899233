package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The kernel's own readiness calls: epoll(7), poll(2) of one descriptor, pidfd_open(2). Numbers in,
 * a result or a negative errno out.
 */
public final class EpollCalls {
  /*
   * State       taken     per slot of memory: 0 -> 1 by who uses it, back when it has done so.
   * Guards      taken: atomic; a slot's memory: who has taken it.
   * Lock order  none.
   * Ordering    two polls of one descriptor never share memory: the answer of the one that began
   *             first may be written last.
   * Progress    where no slot is free memory is allocated.
   * Callbacks   none.
   * Checked by  TcpTest, BridgeTest.
   */
  private static final int NR_POLL = 7;
  private static final int NR_EPOLL_WAIT = 232;
  private static final int NR_EPOLL_CTL = 233;
  private static final int NR_EPOLL_CREATE1 = 291;
  private static final int NR_PIDFD_OPEN = 434;
  private static final int CLOEXEC = 0x80000;
  private static final int CTL_ADD = 1;
  private static final int CTL_DEL = 2;

  /** What {@link #add} asks for: IN, PRI, OUT, ERR, HUP and RDHUP, by edges. */
  private static final int EDGES = 0x201f | 1 << 31;

  /** Bytes of a struct epoll_event, which is packed on x86-64. */
  private static final long EVENT_BYTES = 12;

  private static final long DATA_OFFSET = 4;

  private static final int SLOTS = 64;

  /** A slot is a line of the cache; a struct pollfd takes 8 bytes of it. */
  private static final long SLOT_BYTES = 64;

  private static final long EVENTS_OFFSET = 4;
  private static final long REVENTS_OFFSET = 6;
  private static final ValueLayout.OfLong UNALIGNED = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final MemorySegment MEMORY =
      Arena.global().allocate(SLOTS * SLOT_BYTES, SLOT_BYTES);
  private static final AtomicIntegerArray TAKEN = new AtomicIntegerArray(SLOTS);

  private EpollCalls() {}

  /**
   * Whether the calls of this package can be made here: on Linux, on x86-64.
   *
   * @return whether they can
   */
  public static boolean areHere() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  /**
   * Memory for events of {@link #fetch}.
   *
   * @param events for how many
   * @return memory that is never freed
   */
  public static MemorySegment buffer(int events) {
    return Arena.global().allocate(events * EVENT_BYTES, Long.BYTES);
  }

  /**
   * Makes an epoll that programs started later do not inherit.
   *
   * @return its descriptor, or a negative errno
   */
  public static long create() {
    return Syscalls.call(NR_EPOLL_CREATE1, CLOEXEC, 0, 0);
  }

  /**
   * Adds a descriptor, for all events, by edges.
   *
   * @param epoll the epoll
   * @param descriptor what to add
   * @param data what its events carry
   * @return 0 or a negative errno
   */
  public static long add(int epoll, int descriptor, long data) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES, Long.BYTES);
      event.set(ValueLayout.JAVA_INT, 0, EDGES);
      event.set(UNALIGNED, DATA_OFFSET, data);
      return Syscalls.call(NR_EPOLL_CTL, epoll, CTL_ADD, descriptor, event.address(), 0, 0);
    }
  }

  /**
   * Takes a descriptor out.
   *
   * @param epoll the epoll
   * @param descriptor what to take out
   * @return 0 or a negative errno
   */
  public static long remove(int epoll, int descriptor) {
    return Syscalls.call(NR_EPOLL_CTL, epoll, CTL_DEL, descriptor);
  }

  /**
   * Fetches events that are there, and does not wait.
   *
   * @param epoll the epoll
   * @param buffer memory of {@link #buffer}
   * @return how many events are in the buffer, or a negative errno
   */
  public static int fetch(int epoll, MemorySegment buffer) {
    long capacity = buffer.byteSize() / EVENT_BYTES;
    return (int) Syscalls.call(NR_EPOLL_WAIT, epoll, buffer.address(), capacity, 0, 0, 0);
  }

  /**
   * The events of an entry of a buffer.
   *
   * @param buffer the buffer
   * @param index which entry
   * @return bits of poll(2)
   */
  public static int events(MemorySegment buffer, int index) {
    return buffer.get(ValueLayout.JAVA_INT, index * EVENT_BYTES);
  }

  /**
   * The data of an entry of a buffer.
   *
   * @param buffer the buffer
   * @param index which entry
   * @return what was given to {@link #add}
   */
  public static long data(MemorySegment buffer, int index) {
    return buffer.get(UNALIGNED, index * EVENT_BYTES + DATA_OFFSET);
  }

  /**
   * What a descriptor is ready for, as poll(2) answers.
   *
   * @param descriptor the descriptor
   * @param events which events are of interest
   * @return the events that hold, 0 if there are none; or a negative errno
   */
  public static int poll(int descriptor, int events) {
    return poll(descriptor, events, 0);
  }

  /**
   * Blocks until a descriptor can be read, or a signal comes. Takes nothing. Holds its platform
   * thread.
   *
   * @param descriptor the descriptor
   */
  public static void awaitReadable(int descriptor) {
    int _ = poll(descriptor, 1, -1); // IN
  }

  /**
   * A descriptor that can be read when a process has ended, and has HUP once it was waited for.
   *
   * @param pid the process
   * @return the descriptor, or a negative errno
   */
  public static long openProcess(int pid) {
    return Syscalls.call(NR_PIDFD_OPEN, pid, 0, 0);
  }

  private static int poll(int descriptor, int events, int timeoutMillis) {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      int slot = first + i & SLOTS - 1;
      if (TAKEN.get(slot) == 0 && TAKEN.compareAndSet(slot, 0, 1)) {
        try {
          return poll(MEMORY, slot * SLOT_BYTES, descriptor, events, timeoutMillis);
        } finally {
          TAKEN.set(slot, 0);
        }
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      return poll(arena.allocate(Long.BYTES), 0, descriptor, events, timeoutMillis);
    }
  }

  private static int poll(
      MemorySegment memory, long offset, int descriptor, int events, int timeoutMillis) {
    memory.set(ValueLayout.JAVA_INT, offset, descriptor);
    memory.set(ValueLayout.JAVA_SHORT, offset + EVENTS_OFFSET, (short) events);
    memory.set(ValueLayout.JAVA_SHORT, offset + REVENTS_OFFSET, (short) 0);
    long found = Syscalls.call(NR_POLL, memory.address() + offset, 1, timeoutMillis);
    return found <= 0
        ? (int) found
        : Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT, offset + REVENTS_OFFSET));
  }
}
