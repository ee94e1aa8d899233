package org.jfutex.linux;

import static org.jfutex.linux.Call.invalid;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Futex;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;

/** The calls of their own: futex_waitv, futex_wake, futex_wait and futex_requeue. */
final class Futex2Calls {
  private static final int SIZE_MASK = 3;
  private static final int VALID_MASK =
      SIZE_MASK | Call.FUTEX2_NUMA | Call.FUTEX2_MPOL | Call.FUTEX2_PRIVATE;

  private Futex2Calls() {}

  static long wake(Call call, long uaddr, long mask, int nr, int flags) {
    checkFlags(flags);
    long bitset = call.unsigned(mask);
    checkWidth("mask", bitset);
    if (nr != 0) {
      return FutexCall.wake(call, call.unsigned(uaddr), flags, nr, (int) bitset);
    }
    // FLAGS_STRICT: 0 wakes nobody here, after the checks
    WaitOptions.checkBitset((int) bitset);
    call.word(call.unsigned(uaddr), flags, Access.READ);
    return 0;
  }

  static long wait(
      Call call, long uaddr, long val, long mask, int flags, long timeout, int clockid) {
    checkFlags(flags);
    long expected = call.unsigned(val);
    long bitset = call.unsigned(mask);
    checkWidth("value", expected);
    checkWidth("mask", bitset);
    Deadline deadline = deadline(call, call.unsigned(timeout), clockid);
    return FutexCall.wait(
        call, call.unsigned(uaddr), flags, (int) expected, deadline, (int) bitset);
  }

  static long waitv(Call call, long waiters, int nr, int flags, long timeout, int clockid) {
    checkNoFlags(flags);
    long array = call.unsigned(waiters);
    if (nr <= 0 || nr > Futex.MAX_ENTRIES || array == 0) {
      throw invalid("%d waiters at 0x%x: expected 1 to %d".formatted(nr, array, Futex.MAX_ENTRIES));
    }
    Deadline deadline = deadline(call, call.unsigned(timeout), clockid);
    List<FutexWaiter> parsed = FutexWaiter.readAll(call.space, array, nr);
    List<WaitEntry> entries = new ArrayList<>(nr);
    for (FutexWaiter waiter : parsed) {
      entries.add(
          new WaitEntry(call.word(waiter.address(), waiter.flags(), Access.READ), waiter.value()));
    }
    return call.sleepAny(entries, deadline, call.options(WaitOptions.MATCH_ANY));
  }

  static long requeue(Call call, long waiters, int flags, int wake, int move) {
    checkNoFlags(flags);
    long array = call.unsigned(waiters);
    if (array == 0) {
      throw invalid("no waiters: expected the address of two");
    }
    List<FutexWaiter> parsed = FutexWaiter.readAll(call.space, array, 2);
    FutexWaiter from = parsed.getFirst();
    FutexWaiter to = parsed.getLast();
    if (from.flags() != to.flags()) {
      throw invalid("flags 0x%x and 0x%x: expected the same".formatted(from.flags(), to.flags()));
    }
    return FutexCall.compareRequeue(
        call, from.address(), to.address(), from.flags(), wake, move, (int) from.value());
  }

  /** Only futexes of 32 bits exist; flags 0 would be one of 8. */
  static void checkFlags(int flags) {
    if ((flags & ~VALID_MASK) != 0 || (flags & SIZE_MASK) != Call.FUTEX2_SIZE_U32) {
      throw invalid("flags 0x%x: expected those of a 32-bit futex".formatted(flags));
    }
  }

  static void checkWidth(String name, long value) {
    if (value >>> Integer.SIZE != 0) {
      throw invalid("%s 0x%x: expected one of 32 bits".formatted(name, value));
    }
  }

  private static void checkNoFlags(int flags) {
    if (flags != 0) {
      throw invalid("flags 0x%x: expected none".formatted(flags));
    }
  }

  /** futex2_setup_timeout: absolute; the clock matters, and is checked, only with a timeout. */
  private static Deadline deadline(Call call, long timeout, int clockid) {
    if (timeout == 0) {
      return Deadline.NEVER;
    }
    for (ClockId clock : ClockId.values()) {
      if (clock.linuxId() == clockid) {
        return new Deadline(clock, Timespec.read(call.space, timeout));
      }
    }
    throw invalid("clock " + clockid + ": expected CLOCK_REALTIME or CLOCK_MONOTONIC");
  }
}
