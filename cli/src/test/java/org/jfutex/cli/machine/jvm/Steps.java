package org.jfutex.cli.machine.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.linux.Operation;

/** What tests of the machine do again and again. */
final class Steps {
  static final int FUTEX = Operation.NR_FUTEX;
  static final int WAIT = 0 | Operation.PRIVATE_FLAG;
  static final int WAKE = 1 | Operation.PRIVATE_FLAG;
  static final int U32_PRIVATE = 2 | Operation.PRIVATE_FLAG;
  static final long ANY = 0xffff_ffffL;

  private static final long LIMIT = TimeUnit.SECONDS.toNanos(30);

  private Steps() {}

  /** Starts a call that sleeps. */
  static void sleep(MachineThread thread, long nr, long... args) {
    thread.call(nr, args);
    assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.SLEEPING);
  }

  /** Makes a call that may end by its deadline only. */
  static long run(MachineThread thread, long nr, long... args) {
    thread.call(nr, args);
    return end(thread);
  }

  /** Waits for the result of a call. */
  static long end(MachineThread thread) {
    assertThat(thread.join(LIMIT)).isEqualTo(ThreadState.RETURNED);
    return thread.takeResult();
  }

  static ThreadState settle(MachineThread thread) {
    return thread.settle(LIMIT);
  }

  static byte[] timespec(long seconds, long nanos) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .order(ByteOrder.nativeOrder())
        .putLong(seconds)
        .putLong(nanos)
        .array();
  }
}
