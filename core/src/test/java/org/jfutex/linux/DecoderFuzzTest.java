package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.WakeOp;
import org.jfutex.engine.AsyncWait;
import org.jfutex.engine.JvmFutex;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random registers over memory that faults anywhere: no call raises an exception, and each answers
 * a count, an index, 0 or an errno that futexes have. Random wake-op codes mean what a second,
 * plain reading of the manual page says. Repeat a failing run with {@code -Djfutex.fuzz.seed=}.
 */
class DecoderFuzzTest {
  private static final long[] NUMBERS = {
    Operation.NR_FUTEX,
    Operation.NR_FUTEX_TIME64,
    Operation.NR_FUTEX_WAITV,
    Operation.NR_FUTEX_WAKE,
    Operation.NR_FUTEX_WAIT,
    Operation.NR_FUTEX_REQUEUE
  };
  private static final int MOST_COUNT = 1_000;

  @Test
  void noRegistersRaiseAnException() {
    callFor(TimeUnit.MILLISECONDS.toNanos(700));
  }

  @Test
  @Tag("long")
  void noRegistersRaiseAnExceptionForLong() {
    callFor(TimeUnit.SECONDS.toNanos(60));
  }

  private static SplittableRandom random() {
    Long chosen = Long.getLong("jfutex.fuzz.seed");
    long seed = chosen != null ? chosen : System.nanoTime();
    System.out.println("seed " + seed);
    return new SplittableRandom(seed);
  }

  private static void callFor(long nanos) {
    SplittableRandom random = random();
    long end = System.nanoTime() + nanos;
    do {
      int bits = random.nextBoolean() ? Long.SIZE : Integer.SIZE;
      Holes space = new Holes(random.split(), bits);
      Program program = new Program(space);
      RawFutex futex = new RawFutex(new JvmFutex());
      for (int i = 0; i < 100; i++) {
        long nr =
            random.nextInt(50) == 0 ? random.nextLong() : NUMBERS[random.nextInt(NUMBERS.length)];
        long[] a = new long[6];
        for (int j = 0; j < a.length; j++) {
          a[j] = register(random);
        }
        Submitted submitted = futex.submit(program, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        AsyncWait sleep = submitted.sleep();
        if (sleep == null) {
          assertPlausible(submitted.result());
        } else if (random.nextBoolean()) {
          boolean _ = sleep.cancel();
        }
      }
    } while (System.nanoTime() - end < 0);
  }

  private static void assertPlausible(long result) {
    if (result < 0) {
      assertThat(-result)
          .isIn(
              (long) Errno.EINVAL.number(),
              (long) Errno.EFAULT.number(),
              (long) Errno.ENOSYS.number(),
              (long) Errno.EAGAIN.number(),
              (long) Errno.ETIMEDOUT.number());
    }
    assertThat(result).isLessThan(MOST_COUNT);
  }

  /** Small numbers, addresses of the space, bits, and anything. */
  private static long register(SplittableRandom random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(-2, 20);
      case 1, 2 -> Holes.BASE + random.nextInt(Holes.BYTES);
      case 3 -> Holes.BASE + 8L * random.nextInt(Holes.BYTES / 8);
      case 4 -> 1L << random.nextInt(Long.SIZE) | random.nextInt(16);
      default -> random.nextLong();
    };
  }

  @Test
  void wakeOpCodesMeanWhatTheManualSays() {
    SplittableRandom random = random();
    for (int i = 0; i < 200_000; i++) {
      int code = random.nextInt();
      int old = random.nextBoolean() ? random.nextInt() : random.nextInt(-3, 4);
      WakeOp.Operation operation = WakeOpCode.operation(code);
      WakeOp.Comparison comparison = WakeOpCode.comparison(code);
      assertThat(operation == null).as("0x%x", code).isEqualTo((code >> 28 & 7) > 4);
      assertThat(comparison == null).as("0x%x", code).isEqualTo((code >> 24 & 15) > 5);
      if (operation != null && comparison != null) {
        WakeOp op =
            new WakeOp(operation, WakeOpCode.argument(code), comparison, WakeOpCode.against(code));
        assertThat((int) op.apply(old)).as("0x%x on %d", code, old).isEqualTo(change(code, old));
        assertThat(op.test(old)).as("0x%x on %d", code, old).isEqualTo(condition(code, old));
      }
    }
  }

  /** A number of 12 bits, of which the highest is the sign. */
  private static int twelveBits(int bits) {
    int low = bits & 0xfff;
    return low >= 0x800 ? low - 0x1000 : low;
  }

  private static int change(int code, int old) {
    int argument = twelveBits(code >> 12);
    if (code < 0) {
      argument = 1 << Math.floorMod(argument, 32);
    }
    return switch (code >> 28 & 7) {
      case 0 -> argument;
      case 1 -> old + argument;
      case 2 -> old | argument;
      case 3 -> old & ~argument;
      default -> old ^ argument;
    };
  }

  private static boolean condition(int code, int old) {
    int against = twelveBits(code);
    return switch (code >> 24 & 15) {
      case 0 -> old == against;
      case 1 -> old != against;
      case 2 -> old < against;
      case 3 -> old <= against;
      case 4 -> old > against;
      default -> old >= against;
    };
  }

  /** A thread that is never there when it is woken late, every other time. */
  private static final class Program implements RemoteCaller {
    private final Holes space;

    Program(Holes space) {
      this.space = space;
    }

    @Override
    public boolean complete(long result) {
      return space.random.nextBoolean();
    }

    @Override
    public AddressSpace space() {
      return space;
    }
  }

  /** Memory that is there at one access and not at the next. */
  private static final class Holes implements AddressSpace {
    static final long BASE = 0x10000;
    static final int BYTES = 256;
    private static final int ONE_FAULT_IN = 12;

    private final SplittableRandom random;
    private final int bits;

    Holes(SplittableRandom random, int bits) {
      this.random = random;
      this.bits = bits;
    }

    private void access() {
      if (random.nextInt(ONE_FAULT_IN) == 0) {
        throw new WordFault("a hole");
      }
    }

    @Override
    public int pointerBits() {
      return bits;
    }

    @Override
    public boolean inRange(long address, int size) {
      return address >= 0;
    }

    @Override
    public Key key(long address, Scope scope, Access access) {
      access();
      return Key.space(this, BASE + address % BYTES, scope == Scope.SHARED);
    }

    @Override
    public Word word(long address, Key key) {
      return new Word() {
        @Override
        public int bits() {
          return Integer.SIZE;
        }

        @Override
        public long load() {
          access();
          return random.nextInt(-1, 2);
        }

        @Override
        public boolean compareAndSet(long expected, long value) {
          access();
          return random.nextInt(3) > 0;
        }

        @Override
        public Key key() {
          return key;
        }
      };
    }

    @Override
    public ByteBuffer read(long address, int size) {
      access();
      ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
      for (int i = 0; i + 8 <= size; i += 8) {
        bytes.putLong(i, register(random));
      }
      return bytes;
    }

    @Override
    public void writeInt(long address, int value) {
      access();
    }
  }
}
