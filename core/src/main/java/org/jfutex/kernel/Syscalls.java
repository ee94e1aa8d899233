package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * Raw Linux system calls, as syscall(2) makes them: numbers and addresses in, a result or a
 * negative errno out. Nothing is retried, so a signal shows as {@code -EINTR}. Numbers are those of
 * x86-64.
 *
 * <p>A call that blocks holds its platform thread, or a virtual thread's carrier.
 *
 * <p>They are made by a few bytes of machine code, because the kernel returns the errno and only
 * the C library hides it in a variable of the thread: capturing that costs more than the rest of a
 * foreign call. Where no memory for code is to be had, the C library makes the calls.
 */
public final class Syscalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemorySegment LIBRARY = LINKER.defaultLookup().findOrThrow("syscall");

  private static final int NR_MMAP = 9;
  private static final int NR_MPROTECT = 10;
  private static final int PROT_READ_WRITE = 3;
  private static final int PROT_READ_EXEC = 5;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final long PAGE_BYTES = 4096;

  /** A function of six arguments and a call's number, as C passes them. */
  private static final byte[] CODE = {
    (byte) 0xF3,
    0x0F,
    0x1E,
    (byte) 0xFA, // endbr64
    0x48,
    (byte) 0x8B,
    0x44,
    0x24,
    0x08, // mov rax, [rsp+8]    the number
    0x49,
    (byte) 0x89,
    (byte) 0xCA, // mov r10, rcx        where the kernel has its fourth
    0x0F,
    0x05, // syscall
    (byte) 0xC3, // ret
  };

  private static final MemorySegment MAPPED = isKnown() ? mapCode() : MemorySegment.NULL;
  private static final MethodHandle SYSCALL = find("callLibrary", descriptor());
  private static final MethodHandle SYSCALL_WITH_MEMORY =
      find("callLibraryWithMemory", memoryDescriptor());

  private Syscalls() {}

  private static boolean isKnown() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  private static MethodHandle find(String fallback, FunctionDescriptor descriptor) {
    if (!MAPPED.equals(MemorySegment.NULL)) {
      return LINKER.downcallHandle(MAPPED, descriptor);
    }
    try {
      return MethodHandles.lookup().findStatic(Syscalls.class, fallback, descriptor.toMethodType());
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static FunctionDescriptor descriptor() {
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return FunctionDescriptor.of(word, word, word, word, word, word, word, word);
  }

  private static FunctionDescriptor memoryDescriptor() {
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return FunctionDescriptor.of(word, word, ValueLayout.ADDRESS, word, word, word, word, word);
  }

  private static MethodHandle downcall(MemorySegment function, Linker.Option... options) {
    return LINKER.downcallHandle(function, descriptor(), options);
  }

  /** Memory with the code, never both writable and executable; NULL if that is refused. */
  private static MemorySegment mapCode() {
    MethodHandle library = downcall(LIBRARY); // which says -1 and nothing more of a failure
    long flags = MAP_PRIVATE_ANONYMOUS;
    long address = invoke(library, NR_MMAP, 0, PAGE_BYTES, PROT_READ_WRITE, flags, -1, 0);
    if (address == -1) {
      return MemorySegment.NULL;
    }
    MemorySegment page = MemorySegment.ofAddress(address).reinterpret(PAGE_BYTES);
    page.copyFrom(MemorySegment.ofArray(CODE));
    long done = invoke(library, NR_MPROTECT, address, PAGE_BYTES, PROT_READ_EXEC, 0, 0, 0);
    return done == 0 ? page : MemorySegment.NULL;
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
    return invoke(SYSCALL, a0, a1, a2, a3, a4, a5, nr);
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

  /**
   * Makes a system call whose second argument is the address of memory outside the heap, which
   * stays mapped until the call returns.
   *
   * @param nr its x86-64 number
   * @param a0 the first argument
   * @param a1 the memory
   * @param a2 the third argument
   * @param a3 the fourth argument
   * @return what the call returned, a negative errno if it failed
   * @throws IllegalStateException if the memory's arena has been closed
   * @throws WrongThreadException if the memory is another thread's
   */
  public static long call(long nr, long a0, MemorySegment a1, long a2, long a3) {
    try {
      return (long) SYSCALL_WITH_MEMORY.invokeExact(a0, a1, a2, a3, 0L, 0L, nr);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable failure) {
      throw new AssertionError("a system call throws nothing checked", failure);
    }
  }

  private static long invoke(
      MethodHandle handle, long a, long b, long c, long d, long e, long f, long g) {
    try {
      return (long) handle.invokeExact(a, b, c, d, e, f, g);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable failure) {
      throw new AssertionError("a system call throws nothing checked", failure);
    }
  }

  /** The same as the code, made by the C library. */
  static long callLibrary(long a0, long a1, long a2, long a3, long a4, long a5, long nr)
      throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment captured = arena.allocate(Captured.STATE);
      long result = (long) Captured.SYSCALL.invokeExact(captured, nr, a0, a1, a2, a3, a4, a5);
      return result == -1 ? -captured.get(ValueLayout.JAVA_INT, Captured.ERRNO_OFFSET) : result;
    }
  }

  /** The same, with the memory held. */
  static long callLibraryWithMemory(
      long a0, MemorySegment a1, long a2, long a3, long a4, long a5, long nr) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment captured = arena.allocate(Captured.STATE);
      long result =
          (long) Captured.SYSCALL_WITH_MEMORY.invokeExact(captured, nr, a0, a1, a2, a3, a4, a5);
      return result == -1 ? -captured.get(ValueLayout.JAVA_INT, Captured.ERRNO_OFFSET) : result;
    }
  }

  /** What only the C library's calls need. */
  private static final class Captured {
    static final StructLayout STATE = Linker.Option.captureStateLayout();
    static final long ERRNO_OFFSET =
        STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    static final MethodHandle SYSCALL = downcall(LIBRARY, Linker.Option.captureCallState("errno"));
    static final MethodHandle SYSCALL_WITH_MEMORY = withMemory();

    private static MethodHandle withMemory() {
      ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
      return LINKER.downcallHandle(
          LIBRARY,
          FunctionDescriptor.of(word, word, word, ValueLayout.ADDRESS, word, word, word, word),
          Linker.Option.captureCallState("errno"));
    }
  }
}
