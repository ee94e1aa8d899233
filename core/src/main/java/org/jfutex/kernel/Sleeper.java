package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.util.concurrent.TimeUnit;
import org.jfutex.time.Deadline;

/**
 * One platform thread's sleep in futex_waitv(2), with the arguments it needs in native memory. Used
 * by its thread alone, but for {@link #cancel}.
 *
 * <p>The first entry of every wait is a word of the sleeper's own, the cancel word, and the words
 * of the user come behind it. futex_waitv reports the highest entry that was woken, so a counted
 * wake of a user's word is never hidden by a cancel.
 */
abstract class Sleeper {
  /*
   * State       cancel word: 0 -> 1 by whoever wants the thread to look whether it shall leave;
   *             1 -> 0 by the thread before it looks. start word: always 0, the last entry where
   *             asked for: while somebody waits on it, the entries before it are queued.
   * Guards      cancel word: volatile accesses. All other memory: the thread.
   * Lock order  none.
   * Ordering    thread                                canceller
   *             cancel word = 0           (G)         request = true        (interrupt flag, ...)
   *             reads the request         (G)         cancel word = 1       (G)
   *             waitv: cancel word == 0 ? sleep       wakes the cancel word
   *             All are volatile, and a cancel word that is 0 need not be cleared. If the thread
   *             does not see the request, the canceller's 1 comes after the thread's 0, so waitv
   *             finds it, or is found by the wake. A canceller that comes late, when its wait has
   *             ended, makes the next wait look once and sleep on.
   * Progress    each cancel makes the thread look once; it sleeps on if nobody asked for it.
   * Callbacks   none.
   * Checked by  CancelWord (jcstress), KernelWaitTest, KernelFutexContractTest.
   */

  /** The most user's entries of one wait: futex_waitv takes 128. */
  static final int MAX_ENTRIES = 127;

  private static final long ENTRY_BYTES = 24;
  private static final long VALUE = 0;
  private static final long ADDRESS = 8;
  private static final long FLAGS = 16;
  private static final long TIMESPEC = ENTRY_BYTES * (MAX_ENTRIES + 1);
  private static final long CANCEL = TIMESPEC + 16;
  private static final long START = CANCEL + 4;
  private static final long BYTES = START + 4;

  private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, Long.BYTES);
  private final long base = memory.address();
  private final MemorySegment captured = Syscalls.newCaptured();

  Sleeper() {
    setEntry(0, base + CANCEL, false, 0);
  }

  /** Whether the thread shall leave the wait it is in. */
  abstract boolean isCancelRequested();

  /** The word a waiter stands on, as user's entry {@code index}. */
  final void set(int index, long address, boolean shared, int expected) {
    setEntry(index + 1, address, shared, expected);
  }

  /** A last entry on the start word; see {@link #hasStarted}. */
  final void setStart(int index) {
    setEntry(index + 1, base + START, false, 0);
  }

  private void setEntry(int index, long address, boolean shared, int expected) {
    long entry = index * ENTRY_BYTES;
    memory.set(ValueLayout.JAVA_LONG, entry + VALUE, Integer.toUnsignedLong(expected));
    memory.set(ValueLayout.JAVA_LONG, entry + ADDRESS, address);
    int flags = shared ? FutexCalls.SIZE_U32 : FutexCalls.SIZE_U32 | FutexCalls.PRIVATE;
    memory.set(ValueLayout.JAVA_LONG, entry + FLAGS, flags); // and the reserved field
  }

  /**
   * Sleeps on the first entries.
   *
   * @return the highest entry that was woken; EAGAIN if a word had changed, EFAULT if one cannot be
   *     read, ETIMEDOUT; if the thread was asked to leave, EINTR if it has slept, ECANCELED if the
   *     words may not have been compared
   */
  final int sleep(int entries, Deadline deadline) {
    long timeout = writeTimeout(memory, TIMESPEC, deadline);
    boolean slept = false;
    while (true) {
      if (isCancelWordSet()) {
        WORD.setVolatile(memory, CANCEL, 0); // (G) before the look, see cancel
      }
      if (isCancelRequested()) {
        return slept ? FutexCalls.EINTR : FutexCalls.ECANCELED;
      }
      int result =
          (int)
              Syscalls.call(
                  captured,
                  FutexCalls.NR_FUTEX_WAITV,
                  base,
                  entries + 1L,
                  0,
                  timeout == 0 ? 0 : base + timeout,
                  deadline.clock().linuxId(),
                  0);
      if (result > 0) {
        return result - 1;
      }
      if (result == 0 || result == FutexCalls.EINTR) {
        slept = true; // and the cancel word was woken, or a signal came
      } else if (result != FutexCalls.EAGAIN || !isCancelWordSet()) {
        return result;
      }
    }
  }

  private boolean isCancelWordSet() {
    return (int) WORD.getVolatile(memory, CANCEL) != 0;
  }

  /** Makes the thread look whether it shall leave; by any thread, at any time. */
  final void cancel() {
    try {
      WORD.setVolatile(memory, CANCEL, 1); // (G) after the request, see sleep
      int _ = FutexCalls.wake(base + CANCEL, false, 1, -1);
    } finally {
      Reference.reachabilityFence(this); // the thread may be gone by now, its memory must not
    }
  }

  /** Whether the thread sleeps with all entries queued, if the last one is the start word. */
  final boolean hasStarted() {
    try {
      return FutexCalls.waiters(base + START, false) > 0;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Writes an absolute struct timespec.
   *
   * @return the offset of it, 0 if the deadline is never
   */
  static long writeTimeout(MemorySegment memory, long offset, Deadline deadline) {
    if (deadline.isNever()) {
      return 0;
    }
    long nanos = Math.max(deadline.nanos(), 0); // the kernel refuses what was before its clock
    long second = TimeUnit.SECONDS.toNanos(1);
    memory.set(ValueLayout.JAVA_LONG, offset, nanos / second);
    memory.set(ValueLayout.JAVA_LONG, offset + Long.BYTES, nanos % second);
    return offset;
  }
}
