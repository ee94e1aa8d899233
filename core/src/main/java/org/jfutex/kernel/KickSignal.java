package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The signal that makes a system call of another thread return early, as the JDK has one of its own
 * for threads that are blocked in I/O. It is a real-time signal that nobody else handles, chosen
 * when it is first needed, and its handler does nothing: that it ran is what ends the call.
 *
 * <p>The handler is a function of the C library that computes a number from a number, so nothing of
 * the JVM runs in it. Without SA_RESTART, or the kernel would repeat the call. A program that is
 * started from here begins with the default action again.
 */
final class KickSignal {
  /** Real-time signals; the C library keeps those below, the JDK and others like the last ones. */
  private static final int HIGHEST = 61;

  private static final int LOWEST = 36;

  private static final int NR_RT_SIGPROCMASK = 14;
  private static final int NR_GETPID = 39;
  private static final int NR_TGKILL = 234;
  private static final int SIG_UNBLOCK = 1;
  private static final long SIG_DFL = 0;

  /** On the alternate stack where a thread has one, as runtimes that bring their own expect. */
  private static final int SA_ONSTACK = 0x0800_0000;

  /** Struct sigaction of the C library: handler, sigset_t of 128 bytes, flags, restorer. */
  private static final long ACTION_BYTES = 152;

  private static final long ACTION_FLAGS = 136;

  /** Struct of the kernel's sigset_t. */
  private static final long SET_BYTES = 8;

  private static final int NUMBER = install();
  private static final int PROCESS = (int) Syscalls.call(NR_GETPID, 0, 0, 0);

  private KickSignal() {}

  /** Whether there is a signal. Without one no sleep in the kernel could be ended. */
  static boolean isThere() {
    return NUMBER != 0;
  }

  /** Lets the signal through to the calling thread, which is a platform thread. */
  static void unblock() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
      set.set(ValueLayout.JAVA_LONG, 0, 1L << (NUMBER - 1));
      long _ = Syscalls.call(NR_RT_SIGPROCMASK, SIG_UNBLOCK, set.address(), 0, SET_BYTES, 0, 0);
    }
  }

  /** What the kernel calls the calling thread. Any signal that is pending is taken before. */
  static int currentThread() {
    return FutexCalls.currentThread();
  }

  /**
   * Sends the signal. It is pending when this returns, unless too many are (EAGAIN).
   *
   * @param thread a thread of this process that has not ended
   */
  static void send(int thread) {
    long _ = Syscalls.call(NR_TGKILL, PROCESS, thread, NUMBER);
  }

  /** The signal that has the handler now, 0 if none is free. */
  private static int install() {
    Linker linker = Linker.nativeLinker();
    SymbolLookup libc = linker.defaultLookup();
    MethodHandle sigaction =
        linker.downcallHandle(
            libc.findOrThrow("sigaction"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS));
    long nothing = libc.findOrThrow("abs").address();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ours = arena.allocate(ACTION_BYTES, Long.BYTES);
      MemorySegment theirs = arena.allocate(ACTION_BYTES, Long.BYTES);
      ours.set(ValueLayout.JAVA_LONG, 0, nothing);
      ours.set(ValueLayout.JAVA_INT, ACTION_FLAGS, SA_ONSTACK);
      for (int signal = HIGHEST; signal >= LOWEST; signal--) {
        if (isFree(sigaction, signal, theirs) && set(sigaction, signal, ours, theirs)) {
          if (isDefault(theirs)) {
            return signal;
          }
          boolean _ = set(sigaction, signal, theirs, MemorySegment.NULL); // somebody was quicker
        }
      }
      return 0;
    }
  }

  private static boolean isFree(MethodHandle sigaction, int signal, MemorySegment theirs) {
    return set(sigaction, signal, MemorySegment.NULL, theirs) && isDefault(theirs);
  }

  private static boolean isDefault(MemorySegment action) {
    return action.get(ValueLayout.JAVA_LONG, 0) == SIG_DFL;
  }

  private static boolean set(
      MethodHandle sigaction, int signal, MemorySegment action, MemorySegment before) {
    try {
      return (int) sigaction.invokeExact(signal, action, before) == 0;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("sigaction throws nothing checked", e);
    }
  }
}
