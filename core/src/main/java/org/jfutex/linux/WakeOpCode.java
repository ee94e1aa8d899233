package org.jfutex.linux;

import org.jfutex.WakeOp;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * The {@code val3} of FUTEX_WAKE_OP: bit 31 says that the argument is a shift, bits 28 to 30 what
 * to do, bits 24 to 27 how to compare, bits 12 to 23 the argument of the one and bits 0 to 11 that
 * of the other, both signed (futex_atomic_op_inuser in kernel/futex/waitwake.c).
 */
final class WakeOpCode {
  private static final WakeOp.Operation[] OPERATIONS = WakeOp.Operation.values();
  private static final WakeOp.Comparison[] COMPARISONS = WakeOp.Comparison.values();

  /** Bits above a 12-bit argument. */
  private static final int ABOVE_ARGUMENT = 20;

  private WakeOpCode() {}

  /** What to do with the word; null for a code that has no meaning. */
  static WakeOp.@Nullable Operation operation(int code) {
    int index = code >>> 28 & 7;
    return index < OPERATIONS.length ? OPERATIONS[index] : null;
  }

  /** How to judge its old value; null for a code that has no meaning. */
  static WakeOp.@Nullable Comparison comparison(int code) {
    int index = code >>> 24 & 15;
    return index < COMPARISONS.length ? COMPARISONS[index] : null;
  }

  /** The operand of the operation. */
  static int argument(int code) {
    int argument = signed(code >>> 12);
    boolean isShift = code < 0;
    return isShift ? 1 << argument : argument; // Java too takes the low 5 bits of a shift count
  }

  /** The operand of the comparison. */
  static int against(int code) {
    return signed(code);
  }

  private static int signed(int low12Bits) {
    return low12Bits << ABOVE_ARGUMENT >> ABOVE_ARGUMENT;
  }

  /** Changes a word in one atomic step. */
  static void apply(Word word, WakeOp.Operation operation, int argument) {
    // the comparison plays no part in the change
    WakeOp change = new WakeOp(operation, argument, WakeOp.Comparison.EQ, 0);
    while (true) {
      int old = (int) word.load();
      if (word.compareAndSet(old, change.apply(old))) {
        return;
      }
    }
  }
}
