package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jfutex.engine.JvmFutex;
import org.jfutex.linux.Caller;
import org.jfutex.linux.RawFutex;
import org.jfutex.linux.SegmentSpace;
import org.jfutex.linux.SegmentSpace.Protection;
import org.junit.jupiter.api.Test;

/**
 * Random calls that do not sleep, made to the kernel and to the engine's raw face over memory that
 * lies at the same addresses: results and memory must be the same.
 */
class RawFuzzTest {
  private static final int CALLS = 60_000;
  private static final long PAGE = SegmentSpace.PAGE_BYTES;
  private static final int PAGES = 4;
  private static final int NR_MMAP = 9;
  private static final int NR_MPROTECT = 10;
  private static final int NR_MUNMAP = 11;

  /** The offsets where words are; the pages behind are read-only and not accessible. */
  private static final long[] WORDS = {0, 8, 16, 24, PAGE - 8, 2 * PAGE, 3 * PAGE, 4 * PAGE};

  /** Where timespecs and arrays are made. */
  private static final long SCRATCH = PAGE;

  /** The operations that do not need the kernel's priority inheritance. */
  private static final int[] OPS = {0, 1, 2, 3, 4, 5, 9, 10, 14, 0x200 | 1};

  private final long seed = System.nanoTime();
  private final SplittableRandom random = new SplittableRandom(seed);

  @Test
  void theKernelAndTheEngineAgree() {
    long base = map();
    try {
      MemorySegment ours = MemorySegment.ofArray(new long[(int) (PAGES * PAGE / Long.BYTES)]);
      MemorySegment theirs = MemorySegment.ofAddress(base).reinterpret(2 * PAGE);
      SegmentSpace space = new SegmentSpace(ours, base, Long.SIZE);
      space.protect(base + 2 * PAGE, PAGE, Protection.READ);
      space.protect(base + 3 * PAGE, PAGE, Protection.NONE);
      RawFutex engine = new RawFutex(new JvmFutex());
      Caller caller = () -> space;
      for (int i = 0; i < CALLS; i++) {
        fill(theirs, base);
        MemorySegment.copy(theirs, 0, ours, 0, 2 * PAGE);
        long[] r = randomCall(base);
        String what = "seed %d, call %d: %s".formatted(seed, i, Arrays.toString(r));
        long expected = KernelCalls.call(r[0], r[1], r[2], r[3], r[4], r[5], r[6]);
        long actual = engine.call(caller, r[0], r[1], r[2], r[3], r[4], r[5], r[6]);
        assertThat(actual).as(what).isEqualTo(expected);
        assertThat(theirs.mismatch(ours.asSlice(0, 2 * PAGE))).as(what).isEqualTo(-1);
      }
    } finally {
      assertThat(Syscalls.call(NR_MUNMAP, base - PAGE, (PAGES + 2) * PAGE, 0)).isZero();
    }
  }

  /** Two pages for reading and writing, one for reading, one for nothing, and nothing around. */
  private static long map() {
    long address = Syscalls.call(NR_MMAP, 0, (PAGES + 2) * PAGE, 0, 0x22, -1, 0);
    assertThat(address).isPositive();
    assertThat(Syscalls.call(NR_MPROTECT, address + PAGE, 2 * PAGE, 3)).isZero();
    assertThat(Syscalls.call(NR_MPROTECT, address + 3 * PAGE, PAGE, 1)).isZero();
    return address + PAGE;
  }

  /** New values, a timespec that has passed or is none, and an array of two entries. */
  private void fill(MemorySegment memory, long base) {
    for (long offset : WORDS) {
      if (offset < PAGE) {
        memory.set(ValueLayout.JAVA_INT, offset, random.nextInt(-2, 3));
        memory.set(ValueLayout.JAVA_INT, offset + 4, random.nextInt(-2, 2)); // maybe a node
      }
    }
    memory.set(ValueLayout.JAVA_LONG, SCRATCH, random.nextInt(-1, 1));
    memory.set(ValueLayout.JAVA_LONG, SCRATCH + 8, pick(0, 1, -1, 1_000_000_000));
    for (int i = 0; i < 2; i++) {
      long entry = SCRATCH + 64 + 24 * i;
      memory.set(ValueLayout.JAVA_LONG, entry, pick(-1L & 0xffff_ffffL, 0, 1, 1L << 32));
      memory.set(ValueLayout.JAVA_LONG, entry + 8, word(base));
      memory.set(ValueLayout.JAVA_INT, entry + 16, (int) flags());
      memory.set(ValueLayout.JAVA_INT, entry + 20, random.nextInt(20) == 0 ? 1 : 0);
    }
  }

  private long[] randomCall(long base) {
    long timeout = pick(base + SCRATCH, base + SCRATCH, base + 3 * PAGE);
    long clock = pick(0, 1, 1, 7);
    return switch (random.nextInt(5)) {
      case 0 -> new long[] {449, array(base), pick(0, 1, 2, 129), pick(0, 0, 1), timeout, clock, 0};
      case 1 -> new long[] {454, word(base), mask(), count(), flags(), 0, 0};
      case 2 -> new long[] {455, word(base), value(), mask(), flags(), timeout, clock};
      case 3 -> new long[] {456, array(base), pick(0, 0, 1), count(), count(), 0, 0};
      default -> futex(base, timeout);
    };
  }

  private long[] futex(long base, long timeout) {
    int command = OPS[random.nextInt(OPS.length)];
    boolean waits = command == 0 || command == 9;
    long op = command | pick(0, 128, 128, 256, 384);
    return new long[] {
      202,
      word(base),
      op,
      waits ? value() : count(),
      waits ? timeout : count(),
      word(base),
      command == 5 ? random.nextInt() : value()
    };
  }

  private long array(long base) {
    return pick(base + SCRATCH + 64, base + SCRATCH + 64, base + 3 * PAGE, 0);
  }

  private long word(long base) {
    return switch (random.nextInt(16)) {
      case 0 -> 0;
      case 1 -> base + random.nextInt(1, 4);
      case 2 -> 0x8000_0000_0000L;
      case 3 -> base - PAGE;
      default -> base + WORDS[random.nextInt(WORDS.length)];
    };
  }

  private long value() {
    return pick(-2, -1, 0, 1, 2) & (random.nextInt(8) == 0 ? -1L : 0xffff_ffffL);
  }

  private long count() {
    return pick(-1, 0, 1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE, 0x1_0000_0001L);
  }

  private long mask() {
    return pick(0, 1, 0xffff_ffffL, 0x1_0000_0000L, -1);
  }

  private long flags() {
    return pick(2, 2, 2 | 128, 2 | 128, 2 | 128 | 4, 2 | 4, 2 | 128 | 8, 0, 1, 3, 16, 2 | 128 | 12);
  }

  private long pick(long... from) {
    return from[random.nextInt(from.length)];
  }
}
