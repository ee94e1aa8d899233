package org.jfutex.cli.run;

import java.util.Locale;
import java.util.StringJoiner;
import org.jfutex.Errno;
import org.jfutex.linux.Operation;
import org.jfutex.time.ClockId;
import org.jspecify.annotations.Nullable;

/** Futex calls in words: names from futex(2), arguments in the order of the man page. */
final class CallText {
  private static final int BITSET_MATCH_ANY = 0xffffffff;

  /** Size bits of futex2 flags, include/uapi/linux/futex.h. */
  private static final int FUTEX2_SIZE_MASK = 3;

  private static final String[] FUTEX2_SIZES = {
    "FUTEX2_SIZE_U8", "FUTEX2_SIZE_U16", "FUTEX2_SIZE_U32", "FUTEX2_SIZE_U64"
  };
  private static final int FUTEX2_NUMA = 4;
  private static final int FUTEX2_MPOL = 8;
  private static final int FUTEX2_PRIVATE = 128;

  private static final String[] WAKE_OPS = {"SET", "ADD", "OR", "ANDN", "XOR"};
  private static final String[] WAKE_COMPARISONS = {"EQ", "NE", "LT", "LE", "GT", "GE"};

  /** Restart codes of the kernel, which no program sees: include/linux/errno.h. */
  private static final int ERESTARTSYS = 512;

  private static final int ERESTARTNOHAND = 514;

  private CallText() {}

  /**
   * What an operation is called.
   *
   * @param operation the operation, null for one that does not exist
   * @return {@code FUTEX_WAIT} for a command of futex(2), {@code futex_wait} for a futex2 call
   */
  static String name(@Nullable Operation operation) {
    return switch (operation) {
      case null -> "unknown";
      case FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAITV, FUTEX_REQUEUE, SET_ROBUST_LIST, GET_ROBUST_LIST ->
          operation.name().toLowerCase(Locale.ROOT);
      default -> "FUTEX_" + operation.name();
    };
  }

  /**
   * A call with its flags and decoded arguments.
   *
   * @param call the call
   * @return such as {@code FUTEX_WAIT_PRIVATE(0x7f0012345678, 2, NULL)}
   */
  static String call(ServedCall call) {
    long[] a = call.args();
    Operation operation = call.operation();
    if (operation == null) {
      return unknown(call.nr(), a);
    }
    String arguments =
        switch (operation) {
          case WAIT -> join(pointer(a[0]), unsigned(a[2]), pointer(a[3]));
          case WAKE, FD -> join(pointer(a[0]), count(a[2]));
          case REQUEUE -> join(pointer(a[0]), count(a[2]), count(a[3]), pointer(a[4]));
          case CMP_REQUEUE, CMP_REQUEUE_PI ->
              join(pointer(a[0]), count(a[2]), count(a[3]), pointer(a[4]), unsigned(a[5]));
          case WAKE_OP ->
              join(pointer(a[0]), count(a[2]), count(a[3]), pointer(a[4]), wakeOp((int) a[5]));
          case LOCK_PI, LOCK_PI2 -> join(pointer(a[0]), pointer(a[3]));
          case UNLOCK_PI, TRYLOCK_PI -> pointer(a[0]);
          case WAIT_BITSET -> join(pointer(a[0]), unsigned(a[2]), pointer(a[3]), bitset(a[5]));
          case WAKE_BITSET -> join(pointer(a[0]), count(a[2]), bitset(a[5]));
          case WAIT_REQUEUE_PI -> join(pointer(a[0]), unsigned(a[2]), pointer(a[3]), pointer(a[4]));
          case FUTEX_WAITV ->
              join(pointer(a[0]), unsigned(a[1]), hex((int) a[2]), pointer(a[3]), clock(a[4]));
          case SET_ROBUST_LIST -> join(pointer(a[0]), Long.toUnsignedString(a[1]));
          case GET_ROBUST_LIST -> join(count(a[0]), pointer(a[1]), pointer(a[2]));
          case FUTEX_WAKE -> join(pointer(a[0]), wideBitset(a[1]), count(a[2]), flags2((int) a[3]));
          case FUTEX_WAIT ->
              join(
                  pointer(a[0]),
                  Long.toUnsignedString(a[1]),
                  wideBitset(a[2]),
                  flags2((int) a[3]),
                  pointer(a[4]),
                  clock(a[5]));
          case FUTEX_REQUEUE -> join(pointer(a[0]), hex((int) a[1]), count(a[2]), count(a[3]));
        };
    String flags = call.nr() == Operation.NR_FUTEX ? flags((int) a[1]) : "";
    return name(operation) + flags + "(" + arguments + ")";
  }

  /** The six registers as they are: what they mean is unknown too. */
  private static String unknown(long nr, long[] a) {
    if (nr == Operation.NR_FUTEX) {
      return "futex("
          + join(pointer(a[0]), hex((int) a[1]), unsigned(a[2]), pointer(a[3]), pointer(a[4]))
          + ", "
          + unsigned(a[5])
          + ")";
    }
    StringJoiner joined = new StringJoiner(", ", "syscall_" + nr + "(", ")");
    for (long argument : a) {
      joined.add(hex(argument));
    }
    return joined.toString();
  }

  private static String flags(int op) {
    return ((op & Operation.PRIVATE_FLAG) != 0 ? "_PRIVATE" : "")
        + ((op & Operation.CLOCK_REALTIME_FLAG) != 0 ? "|FUTEX_CLOCK_REALTIME" : "");
  }

  private static String flags2(int flags) {
    StringJoiner joined = new StringJoiner("|");
    joined.add(FUTEX2_SIZES[flags & FUTEX2_SIZE_MASK]);
    if ((flags & FUTEX2_NUMA) != 0) {
      joined.add("FUTEX2_NUMA");
    }
    if ((flags & FUTEX2_MPOL) != 0) {
      joined.add("FUTEX2_MPOL");
    }
    if ((flags & FUTEX2_PRIVATE) != 0) {
      joined.add("FUTEX2_PRIVATE");
    }
    int rest = flags & ~(FUTEX2_SIZE_MASK | FUTEX2_NUMA | FUTEX2_MPOL | FUTEX2_PRIVATE);
    if (rest != 0) {
      joined.add(hex(rest));
    }
    return joined.toString();
  }

  /** The encoding of FUTEX_OP in futex(2), both arguments sign-extended as the kernel does. */
  private static String wakeOp(int encoded) {
    int op = encoded >>> 28 & 7;
    int comparison = encoded >>> 24 & 15;
    if (op >= WAKE_OPS.length || comparison >= WAKE_COMPARISONS.length) {
      return hex(encoded);
    }
    int argument = encoded << 8 >> 20;
    int against = encoded << 20 >> 20;
    String operand = encoded < 0 ? "1<<" + (argument & 31) : Integer.toString(argument);
    return String.format(
        "{%s %s, wake if %s %d}", WAKE_OPS[op], operand, WAKE_COMPARISONS[comparison], against);
  }

  private static String clock(long id) {
    for (ClockId clock : ClockId.values()) {
      if (clock.linuxId() == (int) id) {
        return "CLOCK_" + clock.name();
      }
    }
    return count(id);
  }

  private static String bitset(long mask) {
    return (int) mask == BITSET_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hex((int) mask);
  }

  /** The futex2 calls take a whole register, and refuse one that does not fit. */
  private static String wideBitset(long mask) {
    return mask == Integer.toUnsignedLong(BITSET_MATCH_ANY) ? bitset(mask) : hex(mask);
  }

  private static String pointer(long address) {
    return address == 0 ? "NULL" : hex(address);
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  private static String hex(int value) {
    return "0x" + Integer.toHexString(value);
  }

  private static String count(long register) {
    return Integer.toString((int) register);
  }

  private static String unsigned(long register) {
    return Integer.toUnsignedString((int) register);
  }

  private static String join(String... parts) {
    return String.join(", ", parts);
  }

  /**
   * What the program got, or why that is not known.
   *
   * @param call the call
   * @return such as {@code 0}, {@code -1 EAGAIN}, {@code ? <passed to the kernel>}
   */
  static String result(ServedCall call) {
    return switch (call.disposition()) {
      case PASSED -> "? <passed to the kernel>";
      case UNSERVED -> "? <not served>";
      case REFUSED -> "-1 ENOSYS <refused by --without>";
      case SERVED -> {
        long result = call.result();
        if (result >= 0) {
          yield Long.toString(result);
        }
        // a restart is for the kernel: the program sees EINTR, or nothing at all
        yield (isRestart(result) ? "? " : "-1 ") + errno(result);
      }
    };
  }

  /**
   * The name of an error.
   *
   * @param result a negative errno
   * @return its name, or its number where no futex call is known to give it
   */
  static String errno(long result) {
    long number = -result;
    for (Errno errno : Errno.values()) {
      if (errno.number() == number) {
        return errno.name();
      }
    }
    if (number == ERESTARTSYS) {
      return "ERESTARTSYS";
    }
    return number == ERESTARTNOHAND ? "ERESTARTNOHAND" : "errno " + number;
  }

  private static boolean isRestart(long result) {
    return result == -ERESTARTSYS || result == -ERESTARTNOHAND;
  }

  /**
   * Whether an operation is one that sleeps in the engine.
   *
   * @param operation the operation
   * @return true for the four kinds of wait that jfutex serves
   */
  static boolean isWait(@Nullable Operation operation) {
    return switch (operation) {
      case WAIT, WAIT_BITSET, FUTEX_WAIT, FUTEX_WAITV -> true;
      case null, default -> false;
    };
  }

  /**
   * Whether a call was a wait that found its word as expected and went to sleep.
   *
   * @param call the call
   * @return false also for a wait that ended before it began, such as EAGAIN or EINVAL
   */
  static boolean slept(ServedCall call) {
    long result = call.result();
    return call.disposition() == ServedCall.Disposition.SERVED
        && isWait(call.operation())
        && (result >= 0
            || result == -Errno.ETIMEDOUT.number()
            || result == -Errno.EINTR.number()
            || isRestart(result));
  }

  /**
   * Whether a call asked for something that is not there: refused by the user, or not an operation
   * of Linux.
   *
   * @param call the call
   * @return true where the report names the call and its stack
   */
  static boolean isMissing(ServedCall call) {
    return call.disposition() == ServedCall.Disposition.REFUSED
        || call.operation() == null
        || call.result() == -Errno.ENOSYS.number();
  }
}
