package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.park.DeadlineTimer;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * One platform thread's sleep in FUTEX_WAIT_BITSET, on one word, or in futex_waitv(2), on several.
 * Made and used by its thread alone, but for {@link #cancel}.
 *
 * <p>A thread that is to leave is sent {@link KickSignal}, which ends its system call. A wake that
 * the kernel has counted is never hidden by that: it is reported in place of the signal.
 */
abstract class Sleeper {
  /*
   * State       state    meaning                             from             by
   *             IDLE     in no wait, or on the way out       WAITING, KICKED  the thread
   *             WAITING  in a wait: may be about to sleep    IDLE, KICKED     the thread
   *             KICKING  the signal is being sent            WAITING, KICKED  canceller or timer
   *             KICKED   the signal has been sent            KICKING          who sent it
   * Guards      state: atomic. All other memory: the thread.
   * Lock order  none.
   * Ordering    thread                                canceller
   *             state = WAITING           (G)         request = true        (interrupt flag, ...)
   *             reads the request         (G)         state == WAITING ?    (G)
   *             system call                             KICKING, signal, KICKED
   *             All are volatile, so if the thread does not see the request the canceller sees
   *             WAITING and sends the signal. One that arrives in the system call ends it. One that
   *             arrives between the look and the system call does nothing; nor does one that the
   *             kernel had no room for. So the timer sends it again while the state is KICKED,
   *             which it stays until the thread has come out and looked.
   *             A canceller that comes late, when its wait has ended, finds IDLE and does nothing,
   *             or makes the next wait look once and sleep on.
   *             Out of a wait the thread goes through IDLE only: not past KICKING, and from KICKED
   *             with a system call, at the latest at the end of which a signal that was sent has
   *             been taken. So none reaches what the thread does after the wait.
   * Progress    a request ends the wait with the first signal, or, if that is lost, with one of
   *             those that the timer sends, at intervals that double up to a limit; no thread
   *             wakes up to look whether there is a request. KICKING lasts for one system call of
   *             who sends; where that thread loses its processor meanwhile, the thread yields.
   * Callbacks   none.
   * Checked by  KickOrSee (jcstress), SleeperTest, KernelWaitTest, KernelFutexContractTest.
   */

  /** The most entries of one wait. */
  static final int MAX_ENTRIES = Futex.MAX_ENTRIES;

  private static final int IDLE = 0;
  private static final int WAITING = 1;
  private static final int KICKING = 2;
  private static final int KICKED = 3;

  private static final long REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long REPEAT_NANOS_MOST = TimeUnit.SECONDS.toNanos(1);

  private static final long ENTRY_BYTES = 24;
  private static final long VALUE = 0;
  private static final long ADDRESS = 8;
  private static final long FLAGS = 16;
  private static final long TIMESPEC = ENTRY_BYTES * MAX_ENTRIES;
  private static final long BYTES = TIMESPEC + 16;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Sleeper.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, Long.BYTES);
  private final long base = memory.address();
  private final int thread = KickSignal.currentThread();
  private volatile int state; // IDLE

  /** The sleeper of the calling thread, a platform thread. */
  Sleeper() {
    KickSignal.unblock();
  }

  /** Whether the thread shall leave the wait it is in. */
  abstract boolean isCancelRequested();

  /** The word that an entry of the next wait on several is about. */
  final void set(int index, long address, boolean shared, int expected) {
    long entry = index * ENTRY_BYTES;
    memory.set(ValueLayout.JAVA_LONG, entry + VALUE, Integer.toUnsignedLong(expected));
    memory.set(ValueLayout.JAVA_LONG, entry + ADDRESS, address);
    int flags = shared ? FutexCalls.SIZE_U32 : FutexCalls.SIZE_U32 | FutexCalls.PRIVATE;
    memory.set(ValueLayout.JAVA_LONG, entry + FLAGS, flags); // and the reserved field
  }

  /**
   * Sleeps on one word.
   *
   * @return 0 if it was woken; else as {@link #sleepOnAll}
   */
  final int sleepOnOne(long address, boolean shared, int expected, int bitset, Deadline deadline) {
    int operation = FutexCalls.WAIT_BITSET;
    if (!shared) {
      operation |= FutexCalls.PRIVATE;
    }
    if (deadline.clock() == ClockId.REALTIME) {
      operation |= FutexCalls.CLOCK_REALTIME;
    }
    return sleep(
        FutexCalls.NR_FUTEX,
        address,
        operation,
        Integer.toUnsignedLong(expected),
        timeout(deadline),
        0,
        Integer.toUnsignedLong(bitset));
  }

  /**
   * Sleeps on the first entries.
   *
   * @return the highest entry that was woken; EAGAIN if a word had changed, EFAULT if one cannot be
   *     read, ETIMEDOUT; if the thread was asked to leave, EINTR if it has slept, ECANCELED if the
   *     words may not have been compared
   */
  final int sleepOnAll(int entries, Deadline deadline) {
    return sleep(
        FutexCalls.NR_FUTEX_WAITV,
        base,
        entries,
        0,
        timeout(deadline),
        deadline.clock().linuxId(),
        0);
  }

  private int sleep(long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    state = WAITING; // (G) before the look, see cancel
    int result = FutexCalls.ECANCELED;
    try {
      while (!isCancelRequested()) {
        result = (int) Syscalls.call(nr, a0, a1, a2, a3, a4, a5);
        if (result != FutexCalls.EINTR) {
          break;
        }
        settle(WAITING); // (G) as above: the signal may have been anybody's
      }
      return result;
    } finally {
      settle(IDLE);
    }
  }

  /** Goes on to a state when nobody is sending a signal, and none is on its way. */
  @SuppressWarnings("ThreadPriorityCheck") // yields to who sends the signal
  private void settle(int next) {
    if (STATE.compareAndSet(this, WAITING, next)) {
      return;
    }
    while (state != KICKED || !STATE.compareAndSet(this, KICKED, next)) {
      Thread.yield();
    }
    int _ = KickSignal.currentThread(); // takes a signal that is pending
  }

  /** What the kernel calls the thread. */
  final int thread() {
    return thread;
  }

  /** Makes the thread look whether it shall leave; by any thread, at any time. */
  final void cancel() {
    if (STATE.compareAndSet(this, WAITING, KICKING)) { // (G) after the request, see sleep
      kick(REPEAT_NANOS);
    }
  }

  private void kick(long nanos) {
    try {
      KickSignal.send(thread);
    } finally {
      state = KICKED;
    }
    Deadline next = Deadline.afterNanos(nanos, Ticker.system());
    DeadlineTimer _ = DeadlineTimer.start(next, Ticker.system(), () -> kickAgain(nanos));
  }

  private void kickAgain(long nanos) {
    if (STATE.compareAndSet(this, KICKED, KICKING)) {
      kick(Math.min(nanos * 2, REPEAT_NANOS_MOST));
    }
  }

  private long timeout(Deadline deadline) {
    if (deadline.isNever()) {
      return 0;
    }
    writeTimeout(memory, TIMESPEC, deadline);
    return base + TIMESPEC;
  }

  /** Writes an absolute struct timespec; the deadline is not never. */
  static void writeTimeout(MemorySegment memory, long offset, Deadline deadline) {
    long nanos = Math.max(deadline.nanos(), 0); // the kernel refuses what was before its clock
    long second = TimeUnit.SECONDS.toNanos(1);
    memory.set(ValueLayout.JAVA_LONG, offset, nanos / second);
    memory.set(ValueLayout.JAVA_LONG, offset + Long.BYTES, nanos % second);
  }
}
