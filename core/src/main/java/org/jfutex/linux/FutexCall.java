package org.jfutex.linux;

import static org.jfutex.linux.Call.FUTEX2_PRIVATE;
import static org.jfutex.linux.Call.FUTEX2_SIZE_U32;
import static org.jfutex.linux.Call.error;
import static org.jfutex.linux.Call.invalid;

import java.util.OptionalInt;
import org.jfutex.Errno;
import org.jfutex.WaitOptions;
import org.jfutex.WakeOp;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * One call of futex(2), in the order of kernel/futex/syscalls.c: the timeout of the operations that
 * have one, the clock, then the operation.
 */
final class FutexCall {
  private final Call call;
  private final Operation operation;
  private final long nr;
  private final int op;
  private final long address;
  private final int val;
  private final long timeout;
  private final long address2;
  private final int val3;

  FutexCall(
      Call call,
      Operation operation,
      long nr,
      long uaddr,
      long op,
      long val,
      long timeout,
      long uaddr2,
      long val3) {
    this.call = call;
    this.operation = operation;
    this.nr = nr;
    this.address = call.unsigned(uaddr);
    this.op = (int) op;
    this.val = (int) val;
    this.timeout = call.unsigned(timeout);
    this.address2 = call.unsigned(uaddr2);
    this.val3 = (int) val3;
  }

  long execute() {
    long timeoutNanos = timeout != 0 && hasTimeout() ? readTimeout() : Timespec.NEVER;
    if (isRealtime() && !mayBeRealtime()) {
      return error(Errno.ENOSYS);
    }
    return switch (operation) {
      case WAIT -> sleep(relative(timeoutNanos), WaitOptions.MATCH_ANY);
      case WAIT_BITSET -> sleep(absolute(timeoutNanos), val3);
      case WAKE -> wake(call, address, futexFlags(), val, WaitOptions.MATCH_ANY);
      case WAKE_BITSET -> wake(call, address, futexFlags(), val, val3);
      case REQUEUE -> requeue();
      case CMP_REQUEUE -> compareRequeue(call, address, address2, futexFlags(), val, val2(), val3);
      case WAKE_OP -> wakeOp();
      case LOCK_PI -> PiCalls.lock(call, address, futexFlags(), realtime(timeoutNanos));
      case LOCK_PI2 -> PiCalls.lock(call, address, futexFlags(), absolute(timeoutNanos));
      case TRYLOCK_PI -> PiCalls.tryLock(call, address, futexFlags());
      case UNLOCK_PI -> PiCalls.unlock(call, address, futexFlags());
      case WAIT_REQUEUE_PI ->
          PiCalls.waitRequeue(call, address, futexFlags(), val, absolute(timeoutNanos), address2);
      case CMP_REQUEUE_PI ->
          PiCalls.compareRequeue(call, address, address2, futexFlags(), val, val2(), val3);
      default -> error(Errno.ENOSYS); // FD, which has gone
    };
  }

  /** futex_cmd_has_timeout: for the others the register is a count, or nothing. */
  private boolean hasTimeout() {
    return switch (operation) {
      case WAIT, WAIT_BITSET, LOCK_PI, LOCK_PI2, WAIT_REQUEUE_PI -> true;
      default -> false;
    };
  }

  private boolean isRealtime() {
    return (op & Operation.CLOCK_REALTIME_FLAG) != 0;
  }

  private boolean mayBeRealtime() {
    return switch (operation) {
      case WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2 -> true;
      default -> false;
    };
  }

  private long readTimeout() {
    boolean old = call.is32Bit() && (int) nr == Operation.NR_FUTEX;
    return old ? Timespec.readOld32(call.space, timeout) : Timespec.read(call.space, timeout);
  }

  private Deadline relative(long nanos) {
    return nanos == Timespec.NEVER ? Deadline.NEVER : call.caller.deadlineAfter(nanos);
  }

  private Deadline absolute(long nanos) {
    return new Deadline(isRealtime() ? ClockId.REALTIME : ClockId.MONOTONIC, nanos);
  }

  /** LOCK_PI has always been about the real-time clock, without a flag. */
  private static Deadline realtime(long nanos) {
    return new Deadline(ClockId.REALTIME, nanos);
  }

  /** The flags of a futex2 call that mean the same futex. */
  private int futexFlags() {
    return FUTEX2_SIZE_U32 | (op & FUTEX2_PRIVATE);
  }

  /** The timeout register as the second count of the operations that have two. */
  private int val2() {
    return (int) timeout;
  }

  private long sleep(Deadline deadline, int bitset) {
    return wait(call, address, futexFlags(), val, deadline, bitset);
  }

  private long requeue() {
    checkCounts(val, val2());
    Word from = call.word(address, futexFlags(), Access.READ);
    Word to = call.word(address2, futexFlags(), Access.READ);
    return call.engine.requeue(from, val, to, val2());
  }

  /** futex_wake_op in kernel/futex/waitwake.c. */
  private long wakeOp() {
    Word word = call.word(address, futexFlags(), Access.READ);
    Word target = call.word(address2, futexFlags(), Access.WRITE);
    WakeOp.@Nullable Operation change = WakeOpCode.operation(val3);
    if (change == null) {
      return error(Errno.ENOSYS);
    }
    WakeOp.@Nullable Comparison comparison = WakeOpCode.comparison(val3);
    if (comparison == null) {
      // the kernel finds out after it has changed the word; nobody is woken
      WakeOpCode.apply(target, change, WakeOpCode.argument(val3));
      return error(Errno.ENOSYS);
    }
    WakeOp wakeOp =
        new WakeOp(change, WakeOpCode.argument(val3), comparison, WakeOpCode.against(val3));
    return call.engine.wakeOp(word, atLeastOne(val), target, atLeastOne(val2()), wakeOp);
  }

  /** futex_wait in kernel/futex/waitwake.c, which futex_wait(2) enters too. */
  static long wait(Call call, long address, int flags, int val, Deadline deadline, int bitset) {
    WaitOptions.checkBitset(bitset);
    Word word = call.word(address, flags, Access.READ);
    return call.sleep(word, val, deadline, call.options(bitset));
  }

  /** futex_wake in kernel/futex/waitwake.c, which futex_wake(2) enters too. */
  static long wake(Call call, long address, int flags, int count, int bitset) {
    WaitOptions.checkBitset(bitset);
    Word word = call.word(address, flags, Access.READ);
    return call.engine.wake(word, atLeastOne(count), bitset);
  }

  /** futex_requeue in kernel/futex/requeue.c, which futex_requeue(2) enters too. */
  static long compareRequeue(
      Call call, long address, long address2, int flags, int wake, int move, int expected) {
    checkCounts(wake, move);
    Word from = call.word(address, flags, Access.READ);
    Word to = call.word(address2, flags, Access.READ);
    OptionalInt count = call.engine.compareRequeue(from, expected, wake, to, move);
    return count.isPresent() ? count.getAsInt() : error(Errno.EAGAIN);
  }

  static void checkCounts(int wake, int move) {
    if (wake < 0 || move < 0) {
      throw invalid("counts %d and %d: expected 0 or more".formatted(wake, move));
    }
  }

  /** Wakers count the one they have woken before they compare with how many they should. */
  private static int atLeastOne(int count) {
    return Math.max(count, 1);
  }
}
