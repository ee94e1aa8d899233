package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.math.BigInteger;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.WakeOp.Comparison;
import org.jfutex.WakeOp.Operation;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Wake-op: the change, the comparison, and whom they wake. */
public abstract class WakeOpContract extends FutexContract {
  private static final WakeOp ALWAYS = new WakeOp(Operation.OR, 0, Comparison.GE, -2048);

  /** The operands that matter at every width, within the 12 signed bits of the encoding. */
  private static final int[] ARGUMENTS = {0, 1, -1, 5, 0x7f, -128, 0x7ff, -2048};

  protected WakeOpContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @MethodSource("words")
  void changesTheTargetByEveryOperation(WordKind kind) {
    Word target = kind.fresh();
    Word other = partnerOf(kind);
    for (Operation operation : Operation.values()) {
      for (int argument : ARGUMENTS) {
        for (long old : valuesOf(kind.bits())) {
          WordKind.store(target, old);
          WakeOp op = new WakeOp(operation, argument, Comparison.EQ, 0);
          assertThat(futex.wakeOp(other, 1, target, 1, op)).isZero();
          assertThat(truncated(target.load(), kind.bits()))
              .as("%s %s of %s", operation, argument, old)
              .isEqualTo(expected(operation, old, argument, kind.bits()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("words")
  void judgesTheOldValueAsASignedNumber(WordKind kind) {
    Word target = kind.fresh();
    Word other = partnerOf(kind);
    for (Comparison comparison : Comparison.values()) {
      for (int against : ARGUMENTS) {
        for (long value : valuesOf(kind.bits())) {
          long old = truncated(value, kind.bits());
          assertJudges(other, target, old, comparison, against);
        }
      }
    }
  }

  private void assertJudges(Word other, Word target, long old, Comparison comparison, int against) {
    WordKind.store(target, old);
    var waiter = futex.awaitAsync(target, old, Deadline.NEVER, WaitOptions.DEFAULT);
    WakeOp op = new WakeOp(Operation.ADD, 0, comparison, against);
    int woken = futex.wakeOp(other, 1, target, 1, op);
    assertThat(woken).as("%s %s %s", old, comparison, against).isLessThanOrEqualTo(1);
    assertThat(woken == 1).isEqualTo(holds(comparison, old, against));
    if (woken == 1) {
      assertWoken(waiter);
    } else {
      assertThat(waiter.cancel(false)).isTrue();
    }
  }

  @Test
  void wakesOnBothWordsAndCountsBoth() {
    Word word = word();
    Word target = word();
    List<Job<WaitStatus>> first = waiters(word, 3);
    List<Job<WaitStatus>> second = waiters(target, 3);
    assertThat(futex.wakeOp(word, 1, target, 2, ALWAYS)).isEqualTo(3);
    assertThat(first.get(0).join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(second.get(0).join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(second.get(1).join()).isEqualTo(WaitStatus.WOKEN);
    assertWakeOrder(word, first.subList(1, 3));
    assertWakeOrder(target, second.subList(2, 3));
  }

  @Test
  void wakesOnlyTheFirstIfTheComparisonFails() {
    Word word = word();
    Word target = word();
    Job<WaitStatus> first = waiter(word);
    Job<WaitStatus> second = waiter(target);
    WakeOp never = new WakeOp(Operation.SET, 9, Comparison.NE, 0);
    assertThat(futex.wakeOp(word, 5, target, 5, never)).isEqualTo(1);
    assertThat(first.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(target.load()).isEqualTo(9);
    assertWakesNext(target, second);
  }

  @Test
  void theTargetMayBeTheWordItself() {
    Word word = word();
    List<Job<WaitStatus>> all = waiters(word, 3);
    WakeOp op = new WakeOp(Operation.ADD, 1, Comparison.EQ, 0);
    assertThat(futex.wakeOp(word, 1, word, 1, op)).isEqualTo(2);
    assertThat(word.load()).isEqualTo(1);
    assertThat(futex.wakeOp(word, 1, word, 1, op)).isEqualTo(1);
    assertThat(futex.wakeOp(word, 1, word, 1, op)).isZero();
    assertThat(all).allSatisfy(job -> assertThat(job.join()).isEqualTo(WaitStatus.WOKEN));
    assertThat(word.load()).isEqualTo(3);
  }

  @Test
  void ignoresBitsets() {
    needsBitsets();
    Word word = word();
    Job<WaitStatus> waiter = waiter(word, WaitOptions.ofBitset(8));
    assertThat(futex.wakeOp(word, 1, word(), 1, ALWAYS)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
  }

  @Test
  void zeroCountsChangeTheTargetAndWakeNobody() {
    Word word = word();
    Job<WaitStatus> waiter = waiter(word);
    WakeOp op = new WakeOp(Operation.SET, 3, Comparison.EQ, 0);
    assertThat(futex.wakeOp(word, 0, word, 0, op)).isZero();
    assertThat(word.load()).isEqualTo(3);
    assertWakesNext(word, waiter);
  }

  @ParameterizedTest
  @MethodSource("words")
  void aZeroCountOfEitherSideWakesNobodyThere(WordKind kind) {
    Word word = partnerOf(kind);
    Word target = kind.fresh();
    Job<WaitStatus> first = waiter(word);
    Job<WaitStatus> second = waiter(target);
    assertThat(futex.wakeOp(word, 1, target, 0, ALWAYS)).isEqualTo(1);
    assertThat(first.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(second.isDone()).isFalse();
    first = waiter(word);
    WakeOp op = new WakeOp(Operation.SET, 3, Comparison.EQ, 0);
    assertThat(futex.wakeOp(word, 0, target, 1, op)).isEqualTo(1);
    assertThat(second.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(target.load()).isEqualTo(3);
    assertThat(futex.wakeOp(word, 0, target, 0, new WakeOp(Operation.ADD, 1, Comparison.NE, 0)))
        .isZero();
    assertThat(target.load()).isEqualTo(4);
    assertWakesNext(word, first);
  }

  @Test
  void refusesNegativeCounts() {
    Word target = word();
    WakeOp set = new WakeOp(Operation.SET, 1, Comparison.EQ, 0);
    assertThatIllegalArgumentException().isThrownBy(() -> futex.wakeOp(word(), -1, target, 1, set));
    assertThatIllegalArgumentException().isThrownBy(() -> futex.wakeOp(word(), 1, target, -1, set));
    assertThat(target.load()).isZero();
  }

  @Test
  void memoryThatCannotBeWrittenIsAFaultAndNobodyIsWoken() {
    Arena arena = Arena.ofShared();
    Word closed = Word.of(arena.allocate(8), 0);
    arena.close();
    Word readOnly = Word.of(Arena.ofAuto().allocate(8).asReadOnly(), 0);
    Word word = word();
    Job<WaitStatus> waiter = waiter(word);
    assertRefused(Errno.EFAULT, () -> futex.wakeOp(word, 1, closed, 1, ALWAYS));
    assertRefused(Errno.EFAULT, () -> futex.wakeOp(word, 1, readOnly, 1, ALWAYS));
    assertThat(futex.wakeOp(readOnly, 1, word(), 1, ALWAYS)).isZero();
    assertWakesNext(word, waiter);
  }

  private static long[] valuesOf(int bits) {
    long highest = 1L << (bits - 1);
    return new long[] {0, 1, -1, 5, 0x7f, highest, highest - 1, highest | 5};
  }

  /** In arithmetic without width, cut down afterwards: not the way the engine does it. */
  private static long expected(Operation operation, long old, int argument, int bits) {
    BigInteger was = BigInteger.valueOf(truncated(old, bits));
    BigInteger operand = BigInteger.valueOf(argument);
    BigInteger becomes =
        switch (operation) {
          case SET -> operand;
          case ADD -> was.add(operand);
          case OR -> was.or(operand);
          case ANDN -> was.andNot(operand);
          case XOR -> was.xor(operand);
        };
    return truncated(becomes.longValue(), bits);
  }

  private static boolean holds(Comparison comparison, long old, int against) {
    int order = BigInteger.valueOf(old).compareTo(BigInteger.valueOf(against));
    return switch (comparison) {
      case EQ -> order == 0;
      case NE -> order != 0;
      case LT -> order < 0;
      case LE -> order <= 0;
      case GT -> order > 0;
      case GE -> order >= 0;
    };
  }

  private static long truncated(long value, int bits) {
    return switch (bits) {
      case 8 -> (byte) value;
      case 16 -> (short) value;
      case 32 -> (int) value;
      default -> value;
    };
  }
}
