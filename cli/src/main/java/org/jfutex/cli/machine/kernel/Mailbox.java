package org.jfutex.cli.machine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/**
 * Where one thread of a worker gets its commands and leaves its results, in memory that both
 * processes have mapped.
 */
final class Mailbox {
  /*
   * State       STATE: 0 new -> SENT (here) -> TAKEN -> DONE (both by the worker) -> SENT ...
   *             WAITING: not 0 while this side sleeps, or is about to, until DONE.
   *             SIGNALS: how many signal handlers the thread has run.
   *             EXISTS: 1, and 0 (by the kernel) when the thread has exited all but in name.
   * Guards      the command: written here while the state is 0 or DONE, read by the worker after
   *             SENT. The result: written by the worker before DONE, read here after DONE.
   * Lock order  none
   * Ordering    STATE is written last on both sides, here by a volatile write, there by x86 stores,
   *             which stay in order; so what it announces is there.
   *             here                              worker
   *             WAITING = 1 (volatile)            STATE = DONE (locked exchange)
   *             futex wait while STATE is as read read WAITING, wake
   *             Either the worker sees WAITING, or the futex wait sees DONE and does not sleep.
   * Progress    each side wakes the other one after it has written STATE.
   * Callbacks   none
   * Checked by  KernelMachineTest, ThreadContract
   */
  static final int BYTES = 128;

  static final int STATE = 0;
  static final int WAITING = 4;
  static final int SIGNALS = 8;
  static final int EXISTS = 12;
  static final int KIND = 16;
  static final int NEXT = 24;
  static final int NR = 32;
  static final int ARGS = 40;
  static final int RESULT = 88;

  static final int SENT = 1;
  static final int TAKEN = 2;
  static final int DONE = 3;

  static final int CALL = 0;
  static final int STORE = 1;
  static final int COMPARE_AND_SET = 2;

  private static final int MAX_ARGS = 6;
  private static final int FUTEX_WAIT = 0;
  private static final int FUTEX_WAKE = 1;
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment memory;
  private final MemorySegment timespec;
  private final int slot;

  Mailbox(MemorySegment memory, MemorySegment timespec, int slot) {
    this.memory = memory;
    this.timespec = timespec;
    this.slot = slot;
    memory.fill((byte) 0).set(ValueLayout.JAVA_INT, EXISTS, 1);
  }

  int slot() {
    return slot;
  }

  /** Its address in every worker. */
  long address() {
    return Mailboxes.BASE + Mailboxes.NOTE_BYTES + (long) slot * BYTES;
  }

  /** Makes the thread do something. It must have done the last thing. */
  void send(int kind, long nr, long... args) {
    sendWithNext(address(), kind, nr, args);
  }

  /** Makes the thread clone another one, which goes on at its own mailbox. */
  void sendClone(Mailbox child, long... args) {
    sendWithNext(child.address(), CALL, Nr.CLONE, args);
  }

  private void sendWithNext(long next, int kind, long nr, long... args) {
    if (args.length > MAX_ARGS) {
      throw new IllegalArgumentException(args.length + " arguments: expected at most " + MAX_ARGS);
    }
    memory.set(ValueLayout.JAVA_LONG, KIND, kind);
    memory.set(ValueLayout.JAVA_LONG, NEXT, next);
    memory.set(ValueLayout.JAVA_LONG, NR, nr);
    for (int i = 0; i < MAX_ARGS; i++) {
      memory.set(ValueLayout.JAVA_LONG, ARGS + i * Long.BYTES, i < args.length ? args[i] : 0);
    }
    INT.setVolatile(memory, (long) STATE, SENT);
    futex(STATE, FUTEX_WAKE, 1, 0);
  }

  int state() {
    return (int) INT.getVolatile(memory, (long) STATE);
  }

  boolean isDone() {
    return state() == DONE;
  }

  /** What the thread's last command gave; only when it is done. */
  long result() {
    return memory.get(ValueLayout.JAVA_LONG, RESULT);
  }

  int signals() {
    return (int) INT.getVolatile(memory, (long) SIGNALS);
  }

  /** Spins for as long as a worker on another CPU may take for a short call. */
  boolean spinUntilDone() {
    for (int i = 0; i < Patience.SPINS; i++) {
      if (isDone()) {
        return true;
      }
      Thread.onSpinWait();
    }
    return isDone();
  }

  /** Sleeps until it is done, for a time at most, or less: the caller looks again. */
  boolean await(long nanos) {
    INT.setVolatile(memory, (long) WAITING, 1);
    int state = state();
    if (state != DONE) {
      sleepWhile(STATE, state, nanos);
    }
    INT.setVolatile(memory, (long) WAITING, 0);
    return isDone();
  }

  /** Where the kernel tells that the thread is about to be gone (CLONE_CHILD_CLEARTID). */
  long existsAddress() {
    return address() + EXISTS;
  }

  /** Sleeps until the kernel has served what the thread held at its exit, for a time at most. */
  void awaitExit(long nanos) {
    if ((int) INT.getVolatile(memory, (long) EXISTS) != 0) {
      sleepWhile(EXISTS, 1, nanos);
    }
  }

  /** Sleeps where nobody wakes. */
  void pause(long nanos) {
    sleepWhile(WAITING, 0, nanos);
  }

  /** Every result is fine: the caller looks again. */
  private void sleepWhile(int offset, int value, long nanos) {
    timespec.set(ValueLayout.JAVA_LONG, 0, nanos / NANOS_PER_SECOND);
    timespec.set(ValueLayout.JAVA_LONG, Long.BYTES, nanos % NANOS_PER_SECOND);
    futex(offset, FUTEX_WAIT, value, timespec.address());
  }

  private void futex(int offset, int operation, int value, long timeout) {
    var _ = Syscalls.call(Nr.FUTEX, memory.address() + offset, operation, value, timeout, 0, 0);
  }
}
