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
  static final int SHARED_WAIT = 0;
  static final int SHARED_WAKE = 1;
  static final int WAIT = SHARED_WAIT | Operation.PRIVATE_FLAG;
  static final int WAKE = SHARED_WAKE | Operation.PRIVATE_FLAG;
  static final int WAIT_BITSET = 9 | Operation.PRIVATE_FLAG;
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

  /** The result of a call that does not sleep at all. */
  static long settled(MachineThread thread) {
    assertThat(thread.settle(LIMIT)).isEqualTo(ThreadState.RETURNED);
    return thread.takeResult();
  }

  static ThreadState settle(MachineThread thread) {
    return thread.settle(LIMIT);
  }

  static byte[] word(int value) {
    return buffer(Integer.BYTES).putInt(value).array();
  }

  static byte[] timespec(long seconds, long nanos) {
    return buffer(2 * Long.BYTES).putLong(seconds).putLong(nanos).array();
  }

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }
}
