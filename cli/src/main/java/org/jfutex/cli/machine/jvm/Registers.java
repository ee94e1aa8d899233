package org.jfutex.cli.machine.jvm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jfutex.linux.AddressSpace;
import org.jfutex.linux.Operation;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/** A system call as it is made, and what can be known of its sleep without executing it. */
final class Registers {
  private static final int COUNT = 6;
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final long nr;
  private final long[] args;

  Registers(long nr, long[] args) {
    if (args.length > COUNT) {
      throw new IllegalArgumentException(args.length + " registers: expected at most " + COUNT);
    }
    this.nr = nr;
    this.args = Arrays.copyOf(args, COUNT);
  }

  long nr() {
    return nr;
  }

  long arg(int index) {
    return args[index];
  }

  /** In how many places the call is queued while it sleeps. */
  int entries() {
    return (int) nr == Operation.NR_FUTEX_WAITV ? (int) args[1] : 1;
  }

  /**
   * Whether the call restarts after a handler installed with SA_RESTART: those of futex2 always do
   * (ERESTARTSYS), futex(2) only without a timeout (else ERESTART_RESTARTBLOCK).
   */
  boolean restartsAfterHandler() {
    return (int) nr != Operation.NR_FUTEX || timeout() == 0;
  }

  /** Whether the call restarts after any handler (ERESTARTNOINTR): nobody takes half a lock. */
  boolean alwaysRestarts() {
    @Nullable Operation operation = Operation.of(nr, args[1]);
    return operation != null && operation.isPi();
  }

  /**
   * When the call gives up by itself.
   *
   * @return NEVER if it has no timeout, or one that will be refused; null if it is relative
   */
  @Nullable Deadline deadline(AddressSpace space) {
    if (timeout() == 0) {
      return Deadline.NEVER;
    }
    try {
      ByteBuffer timespec = space.read(timeout(), 2 * Long.BYTES);
      long seconds = timespec.getLong();
      long nanos = timespec.getLong();
      if (seconds >= Long.MAX_VALUE / NANOS_PER_SECOND) {
        return Deadline.NEVER;
      }
      return Operation.of(nr, args[1]) == Operation.WAIT
          ? null
          : new Deadline(clock(), seconds * NANOS_PER_SECOND + nanos);
    } catch (WordFault e) {
      return Deadline.NEVER; // the call will say so
    }
  }

  /** The address of the timespec of an operation that sleeps; 0 if there is none. */
  private long timeout() {
    @Nullable Operation operation = Operation.of(nr, args[1]);
    return switch (operation) {
      case WAIT, WAIT_BITSET, LOCK_PI, LOCK_PI2, WAIT_REQUEUE_PI, FUTEX_WAITV -> args[3];
      case FUTEX_WAIT -> args[4];
      case null, default -> 0;
    };
  }

  private ClockId clock() {
    boolean realtime =
        switch ((int) nr) {
          case Operation.NR_FUTEX ->
              (args[1] & Operation.CLOCK_REALTIME_FLAG) != 0
                  || Operation.of(nr, args[1]) == Operation.LOCK_PI;
          case Operation.NR_FUTEX_WAITV -> (int) args[4] == ClockId.REALTIME.linuxId();
          default -> (int) args[5] == ClockId.REALTIME.linuxId();
        };
    return realtime ? ClockId.REALTIME : ClockId.MONOTONIC;
  }

  @Override
  public String toString() {
    return "system call " + nr + Arrays.toString(args);
  }
}
