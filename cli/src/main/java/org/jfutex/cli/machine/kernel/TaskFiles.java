package org.jfutex.cli.machine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/**
 * What proc(5) tells about one thread of a worker, from files that are kept open.
 *
 * <p>A thread sleeps in its call if it is off the CPU in that call, in state S, and has not run
 * between the two observations. The syscall file says the former: it names a call only of a thread
 * that has been switched out (wait_task_inactive in lib/syscall.c), so that all it does before it
 * sleeps is done. The stat file says the latter: a waker changes the state of the thread before its
 * own call returns (try_to_wake_up in kernel/sched/core.c), also when the thread gets its CPU much
 * later. The schedstat file, read before and after, says that it did not run in between; otherwise
 * the two could be of two sleeps, one of them for a page or a lock. Informal: no test has been seen
 * to fail without one of the three.
 */
final class TaskFiles {
  private static final String STAT = "stat";
  private static final String SYSCALL = "syscall";
  private static final String SCHEDSTAT = "schedstat";

  /** The files, all of which a kernel must have. */
  static final List<String> NAMES = List.of(STAT, SYSCALL, SCHEDSTAT);

  private static final int ESRCH = 3;
  private static final int ENOENT = 2;
  private static final int GONE = -1;
  private static final int BUFFER_BYTES = 512;

  /** Counted from the field with the name. */
  private static final int PRIORITY_FIELD = 16;

  private final Buffers buffers;
  private final String folder;
  private final int stat;
  private int syscall = GONE;
  private int schedstat = GONE;

  /** Where the files are read to: one of each for all threads of a machine. */
  record Buffers(MemorySegment text, MemorySegment before, MemorySegment after) {
    static Buffers allocate(Arena arena) {
      return new Buffers(
          arena.allocate(BUFFER_BYTES), arena.allocate(BUFFER_BYTES), arena.allocate(BUFFER_BYTES));
    }
  }

  TaskFiles(int pid, int tid, Buffers buffers) {
    this.buffers = buffers;
    this.folder = "/proc/" + pid + "/task/" + tid + "/";
    this.stat = open(STAT);
  }

  private int open(String name) {
    int fd = Descriptors.open(folder + name, Descriptors.O_RDONLY);
    if (fd == -ENOENT || fd == -ESRCH) {
      return GONE;
    }
    return (int) Descriptors.check(fd, "opening " + folder + name);
  }

  /** Reads a file from its beginning; {@link #GONE} if the thread has gone. */
  private int read(int fd, MemorySegment buffer) {
    if (fd == GONE) {
      return GONE;
    }
    long read = Syscalls.call(Nr.PREAD64, fd, buffer.address(), BUFFER_BYTES, 0, 0, 0);
    if (read == -ESRCH || read == 0) {
      return GONE;
    }
    if (read < 0) {
      throw new IllegalStateException(
          "reading a file of " + folder + " failed: " + ErrorText.of((int) -read));
    }
    return (int) read;
  }

  /** The state letter of proc; X if the thread has gone. */
  char state() {
    int length = read(stat, buffers.text);
    for (int i = 0; i + 2 < length; i++) {
      if (buffers.text.get(ValueLayout.JAVA_BYTE, i) == ')') {
        return (char) buffers.text.get(ValueLayout.JAVA_BYTE, i + 2L); // a worker has no other
      }
    }
    return 'X';
  }

  /**
   * The real-time priority it runs at, boosts included; 0 if it is an ordinary one just now. It is
   * field 18 of stat, which has -2 for the lowest of SCHED_FIFO and -100 for the highest.
   */
  int priority() {
    int length = read(stat, buffers.text);
    int at = 0;
    while (at < length && buffers.text.get(ValueLayout.JAVA_BYTE, at) != ')') {
      at++;
    }
    byte[] rest = new byte[Math.max(0, length - at)];
    MemorySegment.copy(buffers.text, ValueLayout.JAVA_BYTE, at, rest, 0, rest.length);
    String[] fields = new String(rest, StandardCharsets.US_ASCII).split(" ", PRIORITY_FIELD + 2);
    if (fields.length < PRIORITY_FIELD + 2) {
      throw new IllegalStateException(folder + "stat tells no priority: expected a thread");
    }
    return Math.max(0, -1 - Integer.parseInt(fields[PRIORITY_FIELD]));
  }

  boolean isGone() {
    char state = state();
    return state == 'X' || state == 'Z';
  }

  /** Whether its id names nobody any more; a thread in state X may still be found by it. */
  boolean isReleased() {
    return read(stat, buffers.text) == GONE;
  }

  /**
   * How a thread stands that is in a call with this number, or in the restart of it.
   *
   * @return SLEEPING, RUNNING or GONE
   */
  ThreadState observe(long nr) {
    if (syscall == GONE) {
      syscall = open(SYSCALL);
      schedstat = open(SCHEDSTAT);
    }
    int before = read(schedstat, buffers.before);
    if (before == GONE) {
      return ThreadState.GONE;
    }
    if (!isOffCpuIn(nr) || state() != 'S') {
      return ThreadState.RUNNING;
    }
    int after = read(schedstat, buffers.after);
    boolean ranBetween =
        before != after
            || MemorySegment.mismatch(buffers.before, 0, before, buffers.after, 0, after) >= 0;
    return ranBetween ? ThreadState.RUNNING : ThreadState.SLEEPING;
  }

  /** The file begins with the number in decimal, or says "running", or -1 outside of a call. */
  private boolean isOffCpuIn(long nr) {
    int length = read(syscall, buffers.text);
    long number = 0;
    for (int i = 0; i < length; i++) {
      int digit = buffers.text.get(ValueLayout.JAVA_BYTE, i) - '0';
      if (digit < 0 || digit > 9) {
        return i > 0 && (number == nr || number == Nr.RESTART_SYSCALL);
      }
      number = 10 * number + digit;
    }
    return false;
  }

  void close() {
    Descriptors.close(stat);
    Descriptors.close(syscall);
    Descriptors.close(schedstat);
  }
}
