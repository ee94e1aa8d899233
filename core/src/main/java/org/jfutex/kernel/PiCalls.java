package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.OptionalInt;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * The priority-inheritance operations of the kernel, for the typed face. The owner the kernel knows
 * is the thread that makes the call, so each needs a platform thread; and nothing but a signal ends
 * a wait for a lock before its time, after which the kernel goes on waiting.
 */
final class PiCalls {
  private static final long TIMESPEC_BYTES = 16;

  private PiCalls() {}

  /** The calling thread's id in the kernel. */
  static int threadId() {
    checkPlatformThread();
    return FutexCalls.currentThread();
  }

  static LockStatus lock(NativePlace place, Deadline deadline, Word word) {
    checkPlatformThread();
    int op = FutexCalls.LOCK_PI2 | clockFlag(deadline);
    try (Arena arena = Arena.ofConfined()) {
      long timeout = timeout(arena, deadline);
      return locked(call(place, op, 0, timeout, 0, 0), word);
    } finally {
      Reference.reachabilityFence(word); // the kernel writes to it
    }
  }

  static LockStatus tryLock(NativePlace place, Word word) {
    checkPlatformThread();
    try {
      long result = call(place, FutexCalls.TRYLOCK_PI, 0, 0, 0, 0);
      return result == FutexCalls.EAGAIN ? LockStatus.BUSY : locked(result, word);
    } finally {
      Reference.reachabilityFence(word);
    }
  }

  static void unlock(NativePlace place, Word word) {
    checkPlatformThread();
    try {
      check(call(place, FutexCalls.UNLOCK_PI, 0, 0, 0, 0), word);
    } finally {
      Reference.reachabilityFence(word);
    }
  }

  static LockStatus awaitRequeue(
      NativePlace place, int expected, NativePlace lock, Deadline deadline, Word lockWord) {
    checkPlatformThread();
    int op = FutexCalls.WAIT_REQUEUE_PI | clockFlag(deadline);
    try (Arena arena = Arena.ofConfined()) {
      long timeout = timeout(arena, deadline);
      long result = call(place, op, expected, timeout, lock.address(), 0);
      return result == FutexCalls.EAGAIN ? LockStatus.CHANGED : locked(result, lockWord);
    } finally {
      Reference.reachabilityFence(lockWord);
    }
  }

  static OptionalInt compareRequeue(
      NativePlace from, int expected, NativePlace lock, int move, Word word) {
    long result = call(from, FutexCalls.CMP_REQUEUE_PI, 1, move, lock.address(), expected);
    if (result == FutexCalls.EAGAIN) {
      return OptionalInt.empty();
    }
    check(result, word);
    return OptionalInt.of((int) result);
  }

  private static void checkPlatformThread() {
    Thread thread = Thread.currentThread();
    if (thread.isVirtual()) {
      throw new WrongThreadException(
          thread + ": expected a platform thread, as a virtual one is no owner to the kernel");
    }
  }

  private static int clockFlag(Deadline deadline) {
    return !deadline.isNever() && deadline.clock() == ClockId.REALTIME
        ? FutexCalls.CLOCK_REALTIME
        : 0;
  }

  private static long timeout(Arena arena, Deadline deadline) {
    if (deadline.isNever()) {
      return 0;
    }
    MemorySegment timespec = arena.allocate(TIMESPEC_BYTES, Long.BYTES);
    Sleeper.writeTimeout(timespec, 0, deadline);
    return timespec.address();
  }

  private static long call(
      NativePlace place, int op, int val, long timeout, long address2, int val3) {
    return Syscalls.call(
        FutexCalls.NR_FUTEX,
        place.address(),
        place.isShared() ? op : op | FutexCalls.PRIVATE,
        Integer.toUnsignedLong(val),
        timeout,
        address2,
        Integer.toUnsignedLong(val3));
  }

  /**
   * The kernel says nothing of a dead owner but in the word. It has just written there, so the
   * memory is one that can be read.
   */
  private static LockStatus locked(long result, Word word) {
    if (result == FutexCalls.ETIMEDOUT) {
      return LockStatus.TIMED_OUT;
    }
    check(result, word);
    try {
      return OwnerWord.hasOwnerDied(word.load()) ? LockStatus.OWNER_DIED : LockStatus.LOCKED;
    } catch (WordFault e) {
      return LockStatus.LOCKED; // closed by somebody meanwhile, with whatever it protected
    }
  }

  private static void check(long result, Word word) {
    if (result >= 0) {
      return;
    }
    for (Errno errno : Errno.values()) {
      if (errno.number() == -result) {
        throw new FutexException(errno, word + ": refused by the kernel");
      }
    }
    throw new IllegalStateException("futex call on " + word + " failed with errno " + -result);
  }
}
