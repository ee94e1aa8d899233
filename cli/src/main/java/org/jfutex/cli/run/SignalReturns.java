package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import org.jfutex.linux.Operation;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * Takes back an EINTR that Linux would not have given. Until a notification is picked up its thread
 * sleeps interruptibly: a signal then withdraws the call with ERESTARTSYS, which for a handler
 * without SA_RESTART becomes EINTR. That is nothing new for a wait; but a wake, a clone or an
 * execve knows no EINTR, glibc aborts on it or forgets the wake, and a waiter sleeps for ever.
 *
 * <p>What the call returned lies in the signal frame until rt_sigreturn(2) brings it back, so that
 * call is notified too, and the frame is changed: the program goes on at the system call instead of
 * behind it, with its number in rax. To the program it looks as if the signal had come just before
 * the call. A return that is itself interrupted leaves a frame too, and is made again likewise.
 * Used with the supervisor's lock held.
 */
final class SignalReturns {
  private static final int EINTR = 4;

  /** How far before the call its number is looked for, and the instruction that sets it. */
  private static final int CODE_BYTES = 24;

  private static final byte MOV_EAX = (byte) 0xB8;

  /** Below is the first page, which holds nothing: what is there is a descriptor or a count. */
  private static final long LOWEST_ADDRESS = 4096;

  /** Length of the SYSCALL instruction. */
  private static final int SYSCALL_BYTES = 2;

  /** Where struct ucontext, which begins at the stack pointer, holds registers on x86-64. */
  private static final int RDI = 104;

  private static final int RSI = 112;

  private static final int RAX = 144;
  private static final int RCX = 152;
  private static final int RIP = 168;
  private static final int CONTEXT_BYTES = 176;

  private SignalReturns() {}

  /**
   * Looks at the frame a thread is about to return from, and repairs it.
   *
   * @param call its rt_sigreturn
   * @param space its memory, which knows where system calls were made from
   */
  static void repair(Notification call, Space space) {
    long context = ProcFs.stackPointer(call.tid());
    if (context == 0) {
      return; // killed, or not ours to look at
    }
    try {
      ByteBuffer registers = ProcessMemory.read(call.tid(), context, CONTEXT_BYTES);
      Integer nr = interrupted(call.tid(), registers, space);
      if (nr != null) {
        long rip = registers.getLong(RIP) - SYSCALL_BYTES;
        ProcessMemory.writeLong(call.tid(), context + RAX, nr);
        ProcessMemory.writeLong(call.tid(), context + RIP, rip);
      }
    } catch (WordFault | ProcessMemory.OffLimits e) {
      return; // there is no such frame: the kernel will say so
    }
  }

  /** The number of the call that gave an EINTR it must not give; null if there is none. */
  private static @Nullable Integer interrupted(int tid, ByteBuffer registers, Space space) {
    long rip = registers.getLong(RIP);
    // SYSCALL leaves the return address in rcx: by chance in no other place
    if (registers.getLong(RAX) != -EINTR || registers.getLong(RCX) != rip) {
      return null;
    }
    Integer nr = space.callMadeFrom(rip);
    return nr == null
            || mayBeInterrupted(nr, registers.getLong(RSI))
            || !(isLoadedBefore(rip, nr, tid) || isPrivateFutex(nr, registers))
        ? null
        : nr;
  }

  /** Whether the code before the system call sets its number: then no other call is made there. */
  private static boolean isLoadedBefore(long rip, int nr, int tid) {
    ByteBuffer code = ProcessMemory.read(tid, rip - CODE_BYTES, CODE_BYTES);
    for (int i = 0; i + 1 + Integer.BYTES <= CODE_BYTES; i++) {
      if (code.get(i) == MOV_EAX && code.getInt(i + 1) == nr) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a call from a place where others are made too, as syscall(3) is, can only be a private
   * futex call: an aligned address, and an operation no descriptor or count looks like.
   */
  private static boolean isPrivateFutex(int nr, ByteBuffer registers) {
    long address = registers.getLong(RDI);
    return nr == Nr.FUTEX
        && (registers.getLong(RSI) & Operation.PRIVATE_FLAG) != 0
        && address % Integer.BYTES == 0
        && Long.compareUnsigned(address, LOWEST_ADDRESS) >= 0;
  }

  /** Whether a call may end with EINTR in Linux itself. */
  private static boolean mayBeInterrupted(int nr, long op) {
    Operation operation = Operation.of(nr, op);
    return switch (nr) {
      case Nr.FUTEX ->
          operation == null
              || operation == Operation.WAIT
              || operation == Operation.WAIT_BITSET
              || operation == Operation.WAIT_REQUEUE_PI;
      case Nr.FUTEX_WAIT, Nr.FUTEX_WAITV -> true;
      default -> false;
    };
  }
}
