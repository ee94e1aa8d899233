package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WakeOp;
import org.jfutex.word.NativePlace;

/** FUTEX_WAKE_OP with counts that mean what they say. */
final class WakeOps {
  private static final int LEAST = -2048;
  private static final int MOST = 2047;
  private static final int TWELVE_BITS = 0xfff;
  private static final int ARGUMENT_SHIFT = 12;
  private static final int COMPARISON_SHIFT = 24;
  private static final int OPERATION_SHIFT = 28;

  /** FUTEX_OP_OPARG_SHIFT: the argument is a power of two. */
  private static final int ARGUMENT_IS_EXPONENT = 8;

  /** A comparison the kernel does not know: it changes the word, wakes nobody, says ENOSYS. */
  private static final int NO_COMPARISON = 15;

  /** A word nobody waits on: the kernel wakes one even where the count is 0, so it is sent here. */
  private static final MemorySegment NOBODY = Arena.global().allocate(Integer.BYTES, Integer.BYTES);

  /** Whether this kernel changes the word under a comparison that it does not know. */
  private static final boolean CHANGES_FIRST = changesFirst();

  private WakeOps() {}

  /**
   * Changes a word and wakes on two.
   *
   * <p>Where nobody is to be woken on the target, whatever the comparison says, this is two calls:
   * the change, then the wake. The words and counts are those of one step; only a thread that sees
   * the change and comes to wait on the first word in between may be among the woken.
   *
   * @return how many were woken, or a negative errno
   */
  static int wakeOp(NativePlace word, int wake, NativePlace target, int wakeTarget, WakeOp op) {
    boolean shared = target.isShared();
    long first = wake == 0 ? NOBODY.address() : word.address();
    if (wakeTarget > 0) {
      return FutexCalls.wakeOp(
          first,
          shared,
          wake,
          target.address(),
          wakeTarget,
          encode(op, number(Objects.requireNonNull(op.comparison(), "comparison"))));
    }
    if (!CHANGES_FIRST) {
      throw new FutexException(
          Errno.ENOSYS, "a wake-op that wakes 0 on its target: expected 1 or more on this kernel");
    }
    int changed =
        FutexCalls.wakeOp(
            NOBODY.address(), shared, 1, target.address(), 1, encode(op, NO_COMPARISON));
    if (changed != FutexCalls.ENOSYS) {
      return changed;
    }
    return wake == 0 ? 0 : FutexCalls.wake(word.address(), shared, wake, -1);
  }

  /**
   * Sets a word that is not 0 to a value and wakes one of who waits on it, in one system call,
   * which a kill does not divide.
   *
   * @param value 0, or a power of two
   * @return how many were woken, or a negative errno
   */
  static int setAndWake(NativePlace word, int value) {
    WakeOp op = new WakeOp(WakeOp.Operation.SET, value, WakeOp.Comparison.EQ, 0); // never holds
    return FutexCalls.wakeOp(
        word.address(), word.isShared(), 1, word.address(), 1, encode(op, number(op.comparison())));
  }

  /** Compares references and reads no object, whose page may have to be found again. */
  private static int number(WakeOp.Operation operation) {
    if (operation == WakeOp.Operation.SET) {
      return 0;
    }
    if (operation == WakeOp.Operation.ADD) {
      return 1;
    }
    if (operation == WakeOp.Operation.OR) {
      return 2;
    }
    return operation == WakeOp.Operation.ANDN ? 3 : 4;
  }

  /** Likewise. */
  private static int number(WakeOp.Comparison comparison) {
    if (comparison == WakeOp.Comparison.EQ) {
      return 0;
    }
    if (comparison == WakeOp.Comparison.NE) {
      return 1;
    }
    if (comparison == WakeOp.Comparison.LT) {
      return 2;
    }
    if (comparison == WakeOp.Comparison.LE) {
      return 3;
    }
    return comparison == WakeOp.Comparison.GT ? 4 : 5;
  }

  /** The argument val3 of FUTEX_WAKE_OP. */
  private static int encode(WakeOp op, int comparison) {
    int operation = number(Objects.requireNonNull(op.operation(), "operation"));
    int argument = op.argument();
    if (argument < LEAST || argument > MOST) {
      if (Integer.bitCount(argument) != 1) {
        throw new FutexException(
            Errno.EINVAL,
            "argument %d: expected %d to %d, or a power of two".formatted(argument, LEAST, MOST));
      }
      operation |= ARGUMENT_IS_EXPONENT;
      argument = Integer.numberOfTrailingZeros(argument);
    }
    if (op.against() < LEAST || op.against() > MOST) {
      throw new FutexException(
          Errno.EINVAL,
          "comparison with %d: expected %d to %d".formatted(op.against(), LEAST, MOST));
    }
    return operation << OPERATION_SHIFT
        | comparison << COMPARISON_SHIFT
        | (argument & TWELVE_BITS) << ARGUMENT_SHIFT
        | (op.against() & TWELVE_BITS);
  }

  /** Finds that out, on a word of its own. */
  static boolean changesFirst() {
    MemorySegment word = Arena.ofAuto().allocate(Integer.BYTES, Integer.BYTES);
    int set = encode(new WakeOp(WakeOp.Operation.SET, 1, WakeOp.Comparison.EQ, 0), NO_COMPARISON);
    int result = FutexCalls.wakeOp(word.address(), false, 1, word.address(), 1, set);
    return result == FutexCalls.ENOSYS && word.get(ValueLayout.JAVA_INT, 0) == 1;
  }
}
