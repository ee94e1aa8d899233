package org.jfutex.kernel;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Whether this system can have the kernel backend, looked at once. */
final class Support {
  private Support() {}

  /** The one backend of this JVM; each call says what is missing where it cannot work. */
  static KernelFutex kernelFutex() {
    KernelFutex futex = Shared.FUTEX;
    if (futex == null) {
      throw new UnsupportedOperationException(Shared.MISSING);
    }
    return futex;
  }

  /** Refuses where system calls cannot be made at all; futex_waitv may be missing. */
  static void checkCalls() {
    @Nullable String missing = missing(Support::anyAnswer, () -> true);
    if (missing != null) {
      throw new UnsupportedOperationException(missing);
    }
  }

  private static long anyAnswer() {
    long _ = waitvWithoutEntries();
    return FutexCalls.EINVAL;
  }

  private static @Nullable String missing(LongSupplier waitv, BooleanSupplier signal) {
    return missing(System.getProperty("os.name"), System.getProperty("os.arch"), waitv, signal);
  }

  /** Initialized by the first who asks, and never fails. */
  private static final class Shared {
    static final @Nullable String MISSING =
        missing(Support::waitvWithoutEntries, KickSignal::isThere);

    static final @Nullable KernelFutex FUTEX = MISSING == null ? new KernelFutex() : null;
  }

  /** EINVAL where the kernel has the call; making it needs native access. */
  private static long waitvWithoutEntries() {
    return Syscalls.call(FutexCalls.NR_FUTEX_WAITV, 0, 0, 0);
  }

  /**
   * What keeps the backend from working.
   *
   * @param os the name of the operating system
   * @param arch its architecture, as Java calls it
   * @param waitv makes a futex_waitv call that can only be refused
   * @param signal whether there is a signal that can end a wait; asked last
   * @return the reason, null if it can work
   */
  static @Nullable String missing(
      String os, String arch, LongSupplier waitv, BooleanSupplier signal) {
    if (!os.equals("Linux") || !arch.equals("amd64")) {
      return "Futex.kernel() needs Linux on amd64; this is " + os + " on " + arch;
    }
    long result;
    try {
      result = waitv.getAsLong();
    } catch (IllegalCallerException | ExceptionInInitializerError | NoClassDefFoundError e) {
      return "Futex.kernel() needs native access: start java with --enable-native-access=%s (%s)"
          .formatted(moduleName(), rootOf(e));
    }
    return switch ((int) result) {
      case FutexCalls.EINVAL ->
          signal.getAsBoolean()
              ? null
              : "Futex.kernel() needs a real-time signal of its own to end waits:"
                  + " all from 36 to 61 are in use";
      case FutexCalls.ENOSYS ->
          "Futex.kernel() needs futex_waitv(2), Linux 5.16 or newer: the kernel does not have it,"
              + " or a filter (seccomp) hides it";
      default ->
          "Futex.kernel() needs futex_waitv(2): refused with errno "
              + -result
              + ", as by a filter (seccomp)";
    };
  }

  private static String moduleName() {
    @Nullable String name = Support.class.getModule().getName();
    return name == null ? "ALL-UNNAMED" : name;
  }

  private static Throwable rootOf(Throwable e) {
    @Nullable Throwable cause = e.getCause();
    return cause == null ? e : rootOf(cause);
  }
}
