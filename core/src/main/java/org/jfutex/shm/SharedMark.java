package org.jfutex.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntBiFunction;
import org.jfutex.kernel.PosixCalls;
import org.jfutex.kernel.PosixCalls.Sharing;

/**
 * The int by which the C library knows a process-shared object from a private one. It is learned by
 * letting the C library initialize one of each, as the layouts are its own and differ between its
 * versions.
 *
 * @param offset where the int is in the object
 * @param bits the bits of it in which the two differ
 * @param shared what these bits are in a shared object
 * @param known the bits that may be set at all
 */
record SharedMark(long offset, int bits, int shared, int known) {
  private static final int MUTEX_TYPES = 4; // normal, recursive, error-checking, adaptive

  private static final int ANY = -1;

  /** For mutexes: the int holds their kind, and {@code known} is what any kind has. */
  static SharedMark ofMutexes() {
    SharedMark mark =
        learn(
            PosixCalls.MUTEX_BYTES,
            (memory, sharing) -> PosixCalls.initMutex(memory, sharing, 0, 0, 0));
    if (mark.bits == 0) {
      return mark;
    }
    int known = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(PosixCalls.MUTEX_BYTES, Long.BYTES);
      for (int i = 0; i < MUTEX_TYPES * 4; i++) {
        int type = i % MUTEX_TYPES;
        int rest = i / MUTEX_TYPES;
        if (PosixCalls.initMutex(memory, Sharing.SHARED, type, rest & 1, rest >> 1) == 0) {
          known |= memory.get(ValueLayout.JAVA_INT, mark.offset);
        }
      }
    }
    return new SharedMark(mark.offset, mark.bits, mark.shared, known);
  }

  static SharedMark ofCondvars() {
    return learn(PosixCalls.CONDVAR_BYTES, PosixCalls::initCondvar);
  }

  static SharedMark ofSemaphores() {
    return learn(
        PosixCalls.SEMAPHORE_BYTES,
        (memory, sharing) -> PosixCalls.initSemaphore(memory, sharing, 0));
  }

  private static SharedMark learn(long bytes, ToIntBiFunction<MemorySegment, Sharing> init) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment alone = arena.allocate(bytes, Long.BYTES);
      MemorySegment shared = arena.allocate(bytes, Long.BYTES);
      if (init.applyAsInt(alone, Sharing.PRIVATE) == 0
          && init.applyAsInt(shared, Sharing.SHARED) == 0) {
        long offset = alone.mismatch(shared) & -Integer.BYTES;
        if (offset >= 0) {
          int found = shared.get(ValueLayout.JAVA_INT, offset);
          int bits = found ^ alone.get(ValueLayout.JAVA_INT, offset);
          return new SharedMark(offset, bits, found & bits, ANY);
        }
      }
    } catch (UnsupportedOperationException e) {
      // whoever uses an object is told the same
    }
    return new SharedMark(0, 0, 0, ANY); // one that fits all
  }

  boolean fits(int found) {
    return (found & bits) == shared && (found & ~known) == 0;
  }
}
