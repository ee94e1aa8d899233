package org.jfutex.linux;

import static org.jfutex.linux.Call.invalid;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** Reads {@code struct timespec} from user memory, in the layouts of time_t. */
final class Timespec {
  /** What more nanoseconds than a long holds saturate to, and what no timeout is. */
  static final long NEVER = Long.MAX_VALUE;

  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  /** KTIME_SEC_MAX: from here on every time is NEVER. */
  private static final long MAX_SECONDS = Long.MAX_VALUE / NANOS_PER_SECOND;

  private Timespec() {}

  /** struct __kernel_timespec: twice 64 bits, of whose second a 32-bit program fills one half. */
  static long read(AddressSpace space, long address) {
    ByteBuffer timespec = space.read(address, 2 * Long.BYTES);
    long seconds = timespec.getLong();
    long nanos = timespec.getLong();
    // get_timespec64: the upper half is padding there
    return nanos(seconds, space.pointerBits() == Integer.SIZE ? (int) nanos : nanos);
  }

  /** struct old_timespec32: twice 32 bits, as futex(2) of 32-bit programs takes it. */
  static long readOld32(AddressSpace space, long address) {
    ByteBuffer timespec = space.read(address, 2 * Integer.BYTES);
    int seconds = timespec.getInt();
    return nanos(seconds, timespec.getInt());
  }

  private static long nanos(long seconds, long nanos) {
    if (seconds < 0 || nanos < 0 || nanos >= NANOS_PER_SECOND) {
      throw invalid(
          "timespec {%d, %d}: expected a time from 0 on, less than a second of nanoseconds"
              .formatted(seconds, nanos));
    }
    return seconds >= MAX_SECONDS ? NEVER : seconds * NANOS_PER_SECOND + nanos;
  }
}
