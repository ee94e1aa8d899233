package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;

/**
 * One io_uring(7) for futex operations, used by the one thread that made it: the kernel ends the
 * requests of a thread when that thread ends, and delivers their completions through it.
 *
 * <p>Layouts are those of include/uapi/linux/io_uring.h.
 */
final class Uring {
  static final int NR_SETUP = 425;
  static final int NR_ENTER = 426;
  static final int NR_REGISTER = 427;

  private static final int NR_CLOSE = 3;
  private static final int NR_MMAP = 9;
  private static final int NR_MUNMAP = 11;

  private static final int OP_ASYNC_CANCEL = 14;
  private static final int OP_LINK_TIMEOUT = 15;
  static final int OP_FUTEX_WAIT = 51;

  private static final int SETUP_CQSIZE = 1 << 3;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;
  private static final int FEAT_SINGLE_MMAP = 1;
  private static final int FEAT_NODROP = 1 << 1;
  private static final int ENTER_GETEVENTS = 1;
  private static final int SQE_IO_LINK = 1 << 2;
  private static final int TIMEOUT_ABS = 1;
  private static final int TIMEOUT_REALTIME = 1 << 3;

  private static final int PARAMS_BYTES = 120;
  private static final int PARAM_CQ_ENTRIES = 4;
  private static final int PARAM_FLAGS = 8;
  private static final int PARAM_FEATURES = 20;
  private static final int SQ_OFF = 40;
  private static final int CQ_OFF = 80;
  private static final int OFF_HEAD = 0;
  private static final int OFF_TAIL = 4;
  private static final int OFF_SQ_ARRAY = 24;
  private static final int OFF_CQES = 20;
  private static final long MAP_SQES = 0x10000000L;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATE = 0x8001;

  private static final int SQE_BYTES = 64;
  private static final int CQE_BYTES = 16;
  private static final int TIMESPEC_BYTES = 16;

  /** Room that one wait takes: the wait and its timeout. */
  static final int SLOTS_OF_WAIT = 2;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final int fd;
  private final int sqMask;
  private final int cqMask;
  private final MemorySegment rings;
  private final MemorySegment sqes;
  private final MemorySegment timespecs;
  private final long sqHead;
  private final long sqTail;
  private final long cqHead;
  private final long cqTail;
  private final long cqes;

  /** Our own copies of what only we write. */
  private int tail;

  private int head;
  private int submitted;

  private Uring(int fd, MemorySegment params) throws Refused {
    this.fd = fd;
    int sqEntries = params.get(ValueLayout.JAVA_INT, 0);
    int cqEntries = params.get(ValueLayout.JAVA_INT, PARAM_CQ_ENTRIES);
    this.sqMask = sqEntries - 1;
    this.cqMask = cqEntries - 1;
    this.sqHead = params.get(ValueLayout.JAVA_INT, SQ_OFF + OFF_HEAD);
    this.sqTail = params.get(ValueLayout.JAVA_INT, SQ_OFF + OFF_TAIL);
    this.cqHead = params.get(ValueLayout.JAVA_INT, CQ_OFF + OFF_HEAD);
    this.cqTail = params.get(ValueLayout.JAVA_INT, CQ_OFF + OFF_TAIL);
    this.cqes = params.get(ValueLayout.JAVA_INT, CQ_OFF + OFF_CQES);
    long array = params.get(ValueLayout.JAVA_INT, SQ_OFF + OFF_SQ_ARRAY);
    long ringBytes =
        Math.max(array + sqEntries * (long) Integer.BYTES, cqes + cqEntries * (long) CQE_BYTES);
    this.rings = map(fd, ringBytes, 0);
    this.sqes = map(fd, sqEntries * (long) SQE_BYTES, MAP_SQES);
    this.timespecs = Arena.ofAuto().allocate(sqEntries * (long) TIMESPEC_BYTES, Long.BYTES);
    for (int i = 0; i < sqEntries; i++) {
      rings.setAtIndex(ValueLayout.JAVA_INT, array / Integer.BYTES + i, i);
    }
  }

  /** Why there is no ring. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String what, long errno) {
      super(what + " failed with errno " + errno);
    }
  }

  /**
   * Makes a ring for the calling thread. It exists as long as this process.
   *
   * @param entries how many requests can be submitted at once, a power of two
   * @param completions for how many completions there is room; more are kept by the kernel
   */
  static Uring open(int entries, int completions) throws Refused {
    MemorySegment params = newParams(completions);
    long fd = Syscalls.call(NR_SETUP, entries, params.address(), 0);
    if (fd < 0) {
      throw new Refused("io_uring_setup", -fd);
    }
    int features = params.get(ValueLayout.JAVA_INT, PARAM_FEATURES);
    try {
      if ((features & (FEAT_SINGLE_MMAP | FEAT_NODROP)) != (FEAT_SINGLE_MMAP | FEAT_NODROP)) {
        throw new Refused("a look for NODROP among the features of io_uring", -FutexCalls.ENOSYS);
      }
      Uring ring = new Uring((int) fd, params);
      ring.checkFutexes();
      return ring;
    } catch (Refused | RuntimeException | Error e) {
      long _ = Syscalls.call(NR_CLOSE, fd, 0, 0);
      throw e;
    }
  }

  /** Whether this process may make a ring. */
  static boolean isAllowed() {
    MemorySegment params = newParams(1);
    long fd = Syscalls.call(NR_SETUP, 1, params.address(), 0);
    return fd >= 0 && Syscalls.call(NR_CLOSE, fd, 0, 0) == 0;
  }

  /** Whether a ring can do all that is needed of it. */
  static boolean hasFutexes() {
    try {
      Uring ring = open(2, 2);
      ring.close();
      return true;
    } catch (Refused e) {
      return false; // that is the answer
    }
  }

  private void close() {
    long _ = Syscalls.call(NR_CLOSE, fd, 0, 0);
    long _ = Syscalls.call(NR_MUNMAP, rings.address(), rings.byteSize(), 0);
    long _ = Syscalls.call(NR_MUNMAP, sqes.address(), sqes.byteSize(), 0);
  }

  private static MemorySegment newParams(int completions) {
    MemorySegment params = Arena.ofAuto().allocate(PARAMS_BYTES, Long.BYTES);
    params.set(ValueLayout.JAVA_INT, PARAM_CQ_ENTRIES, completions);
    params.set(
        ValueLayout.JAVA_INT,
        PARAM_FLAGS,
        SETUP_CQSIZE | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN);
    return params;
  }

  private static MemorySegment map(int fd, long bytes, long offset) throws Refused {
    long address =
        Syscalls.call(NR_MMAP, 0, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
    if (address < 0 && address > -4096) {
      throw new Refused("mmap of an io_uring", -address);
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** A wait on a word that has changed: EAGAIN where the operation is known. */
  private void checkFutexes() throws Refused {
    MemorySegment word = Arena.ofAuto().allocate(Integer.BYTES, Integer.BYTES);
    addWait(1, word.address(), false, 1, -1, Deadline.NEVER);
    int entered = enter(1);
    if (entered < 0 || !hasCompletion()) {
      throw new Refused("a request to io_uring", -entered);
    }
    int result = completionResult();
    takeCompletion();
    if (result != FutexCalls.EAGAIN) {
      throw new Refused("IORING_OP_FUTEX_WAIT", -result);
    }
  }

  /** How many more requests fit. */
  int room() {
    return sqMask + 1 - (tail - (int) INT.getVolatile(rings, sqHead));
  }

  /** How many requests have been added and not been taken by the kernel. */
  int unsubmitted() {
    return tail - submitted;
  }

  /** Adds a futex wait, with a timeout unless the deadline is never; there is room. */
  void addWait(
      long userData, long address, boolean shared, int expected, int bitset, Deadline deadline) {
    int flags = shared ? FutexCalls.SIZE_U32 : FutexCalls.SIZE_U32 | FutexCalls.PRIVATE;
    long sqe = next(OP_FUTEX_WAIT, userData);
    sqes.set(ValueLayout.JAVA_BYTE, sqe + 1, (byte) (deadline.isNever() ? 0 : SQE_IO_LINK));
    sqes.set(ValueLayout.JAVA_INT, sqe + 4, flags);
    sqes.set(ValueLayout.JAVA_LONG, sqe + 8, Integer.toUnsignedLong(expected));
    sqes.set(ValueLayout.JAVA_LONG, sqe + 16, address);
    sqes.set(ValueLayout.JAVA_LONG, sqe + 48, Integer.toUnsignedLong(bitset));
    if (!deadline.isNever()) {
      long timespec = (tail & sqMask) * (long) TIMESPEC_BYTES;
      Sleeper.writeTimeout(timespecs, timespec, deadline);
      boolean realtime = deadline.clock() == ClockId.REALTIME;
      long link = next(OP_LINK_TIMEOUT, 0);
      sqes.set(ValueLayout.JAVA_LONG, link + 16, timespecs.address() + timespec);
      sqes.set(ValueLayout.JAVA_INT, link + 24, 1);
      sqes.set(
          ValueLayout.JAVA_INT, link + 28, realtime ? TIMEOUT_ABS | TIMEOUT_REALTIME : TIMEOUT_ABS);
    }
  }

  /** Adds a request to end a wait that has not completed; there is room. */
  void addCancel(long userData) {
    long sqe = next(OP_ASYNC_CANCEL, 0);
    sqes.set(ValueLayout.JAVA_LONG, sqe + 16, userData);
  }

  private long next(int opcode, long userData) {
    long sqe = (tail & sqMask) * (long) SQE_BYTES;
    sqes.asSlice(sqe, SQE_BYTES).fill((byte) 0);
    sqes.set(ValueLayout.JAVA_BYTE, sqe, (byte) opcode);
    sqes.set(ValueLayout.JAVA_LONG, sqe + 32, userData);
    tail++;
    return sqe;
  }

  /**
   * Submits what was added and collects completions.
   *
   * @param wanted sleeps until there are so many, unless something could not be submitted
   * @return 0 or more, or a negative errno
   */
  int enter(int wanted) {
    INT.setVolatile(rings, sqTail, tail);
    long taken = Syscalls.call(NR_ENTER, fd, unsubmitted(), wanted, ENTER_GETEVENTS, 0, 0);
    if (taken > 0) {
      submitted += (int) taken;
    }
    return (int) taken;
  }

  /** Whether there is a completion to look at. */
  boolean hasCompletion() {
    return head != (int) INT.getVolatile(rings, cqTail);
  }

  /** What the request at the head was called. */
  long completionUserData() {
    return rings.get(ValueLayout.JAVA_LONG, cqe());
  }

  /** The result of the request at the head. */
  int completionResult() {
    return rings.get(ValueLayout.JAVA_INT, cqe() + 8);
  }

  private long cqe() {
    return cqes + (head & cqMask) * (long) CQE_BYTES;
  }

  /** Done with the completion at the head. */
  void takeCompletion() {
    head++;
    INT.setVolatile(rings, cqHead, head);
  }
}
