package org.jfutex.bench.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/** On which processors a thread may run: sched_setaffinity(2) for the calling thread alone. */
public final class Processors {
  private static final long MASK_BYTES = 128;
  private static final MethodHandle GET = find("sched_getaffinity");
  private static final MethodHandle SET = find("sched_setaffinity");

  private Processors() {}

  private static MethodHandle find(String function) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(function),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS));
  }

  /**
   * The processors that the calling thread may run on.
   *
   * @return their numbers
   */
  public static BitSet allowed() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      call(GET, mask);
      return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_LONG));
    }
  }

  /**
   * Keeps the calling thread, and threads and processes that it starts later, on some processors.
   *
   * @param numbers their numbers
   */
  public static void allow(BitSet numbers) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      MemorySegment.copy(
          MemorySegment.ofArray(numbers.toLongArray()),
          0,
          mask,
          0,
          numbers.toLongArray().length * 8L);
      call(SET, mask);
    }
  }

  /**
   * The set of one processor.
   *
   * @param number its number
   * @return the set
   */
  public static BitSet only(int number) {
    BitSet set = new BitSet();
    set.set(number);
    return set;
  }

  /**
   * The first processor that the calling thread may run on.
   *
   * @return its number
   */
  public static int first() {
    return allowed().nextSetBit(0);
  }

  /**
   * The second one.
   *
   * @return its number
   * @throws SkippedException if there is none
   */
  public static int second() throws SkippedException {
    int number = allowed().nextSetBit(first() + 1);
    if (number < 0) {
      throw new SkippedException("a second processor is needed");
    }
    return number;
  }

  private static void call(MethodHandle function, MemorySegment mask) {
    int result;
    try {
      result = (int) function.invokeExact(0, MASK_BYTES, mask);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function throws nothing checked", e);
    }
    if (result < 0) {
      throw new IllegalStateException("the processors of a thread cannot be asked for or set");
    }
  }
}
