package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The pending slot of a platform thread's own robust list, which the C library uses only inside its
 * own calls: while the thread waits for a robust lock it names the lock, or another word that the
 * attempt was made for. If the thread ends then, and nobody owns the word, the kernel wakes one who
 * waits on it: a wake that the thread was given is not lost.
 */
final class Pending {
  private static final long HEAD_BYTES = 24;
  private static final long OFFSET = 8;
  private static final long SLOT = 16;

  private static final VarHandle POINTER = ValueLayout.JAVA_LONG.varHandle();

  private static final ThreadLocal<Pending> CURRENT = ThreadLocal.withInitial(Pending::new);

  private final MemorySegment head;
  private final long offset;

  private Pending() {
    MemorySegment answer = Arena.ofAuto().allocate(2L * Long.BYTES, Long.BYTES);
    long result =
        Syscalls.call(
            FutexCalls.NR_GET_ROBUST_LIST, 0, answer.address(), answer.address() + Long.BYTES);
    long address = answer.get(ValueLayout.JAVA_LONG, 0);
    if (result != 0 || address == 0) {
      head = register();
    } else {
      head = MemorySegment.ofAddress(address).reinterpret(HEAD_BYTES);
    }
    offset = head.get(ValueLayout.JAVA_LONG, OFFSET);
  }

  /** A list for a thread that the C library has given none. Never freed: the kernel keeps it. */
  private static MemorySegment register() {
    MemorySegment own = Arena.global().allocate(HEAD_BYTES, Long.BYTES);
    own.set(ValueLayout.JAVA_LONG, 0, own.address());
    long result = Syscalls.call(FutexCalls.NR_SET_ROBUST_LIST, own.address(), HEAD_BYTES, 0);
    if (result != 0) {
      throw new IllegalStateException("set_robust_list failed with errno " + -result);
    }
    return own;
  }

  /** That of the calling thread, which is a platform thread. */
  static Pending current() {
    return CURRENT.get();
  }

  /** The thread is about to wait on a word. */
  void set(long word) {
    POINTER.setVolatile(head, SLOT, word - offset); // (K) before the wait: a system call follows
  }

  /** What the slot says: 0 at first. */
  long entry() {
    return (long) POINTER.getVolatile(head, SLOT);
  }

  /** The thread has taken the word, has given up without being woken, or has passed the wake on. */
  void restore(long entry) {
    POINTER.setVolatile(head, SLOT, entry); // (K) after the word names an owner, or others know
  }
}
