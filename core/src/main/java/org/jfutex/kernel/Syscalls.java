package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Raw Linux system calls, as syscall(2) makes them: numbers and addresses in, a result or a
 * negative errno out. Nothing is retried, so a signal shows as {@code -EINTR}. Numbers are those of
 * x86-64.
 *
 * <p>A call that blocks holds its platform thread, or a virtual thread's carrier.
 */
public final class Syscalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SYSCALL = find();
  private static final int LENT_SLOTS = 64;

  /** Where errno is captured; one for each thread, because the call writes it after returning. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(Syscalls::newCaptured);

  /** The same for virtual threads, lent for one call: there may be too many to have one each. */
  private static final AtomicReferenceArray<MemorySegment> LENT =
      new AtomicReferenceArray<>(LENT_SLOTS);

  private Syscalls() {}

  private static MethodHandle find() {
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(word, word, word, word, word, word, word, word),
        Linker.Option.captureCallState("errno"));
  }

  /**
   * Makes a system call.
   *
   * @param nr its x86-64 number
   * @param a0 the first argument; what the call does not take is ignored
   * @param a1 the second argument
   * @param a2 the third argument
   * @param a3 the fourth argument
   * @param a4 the fifth argument
   * @param a5 the sixth argument
   * @return what the call returned, a negative errno if it failed
   */
  public static long call(long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return call(CAPTURED.get(), nr, a0, a1, a2, a3, a4, a5);
    }
    int slot = (int) thread.threadId() & (LENT_SLOTS - 1);
    MemorySegment lent = LENT.getAndSet(slot, null);
    MemorySegment captured = lent != null ? lent : newCaptured();
    try {
      return call(captured, nr, a0, a1, a2, a3, a4, a5);
    } finally {
      LENT.set(slot, captured);
    }
  }

  /** Where errno can be captured by a call. */
  static MemorySegment newCaptured() {
    return Arena.ofAuto().allocate(STATE);
  }

  /** The same with errno captured where the caller says: the quickest for who has a place. */
  static long call(
      MemorySegment captured, long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    long result;
    try {
      result = (long) SYSCALL.invokeExact(captured, nr, a0, a1, a2, a3, a4, a5);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a system call throws nothing checked", e);
    }
    return result == -1 ? -captured.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
  }

  /**
   * Makes a system call with up to three arguments.
   *
   * @param nr its x86-64 number
   * @param a0 the first argument
   * @param a1 the second argument
   * @param a2 the third argument
   * @return what the call returned, a negative errno if it failed
   */
  public static long call(long nr, long a0, long a1, long a2) {
    return call(nr, a0, a1, a2, 0, 0, 0);
  }
}
