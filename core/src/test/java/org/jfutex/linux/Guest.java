package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.Errno;
import org.jfutex.engine.JvmFutex;
import org.jfutex.time.Ticker;

/**
 * A guest process of four pages for the tests of the system-call face. Its threads are {@link
 * GuestThread}s, so nothing here ever blocks.
 */
final class Guest {
  static final long BASE = 0x10000;
  static final long WORD = BASE;
  static final long OTHER = BASE + 8;
  static final long THIRD = BASE + 16;
  static final long PAGE = SegmentSpace.PAGE_BYTES;

  /** The first page after the mapped ones. */
  static final long UNMAPPED = BASE + 4 * PAGE;

  /** The first address access_ok refuses, with every alignment a futex asks for. */
  static final long KERNEL = 0x8000_0000_0000L;

  static final int PRIVATE = 128;
  static final int REALTIME = 256;
  static final int WAIT = 0;
  static final int WAKE = 1;
  static final int REQUEUE = 3;
  static final int CMP_REQUEUE = 4;
  static final int WAKE_OP = 5;
  static final int WAIT_BITSET = 9;
  static final int WAKE_BITSET = 10;

  static final int U32 = 2;
  static final int NUMA = 4;
  static final int MPOL = 8;

  static final int MONOTONIC_ID = 1;
  static final long ANY = 0xffff_ffffL;
  static final long ALL = Integer.MAX_VALUE;

  static final long EAGAIN = -Errno.EAGAIN.number();
  static final long EFAULT = -Errno.EFAULT.number();
  static final long EINVAL = -Errno.EINVAL.number();
  static final long ENOSYS = -Errno.ENOSYS.number();
  static final long ETIMEDOUT = -Errno.ETIMEDOUT.number();

  /** Where the next timespec or array goes. */
  private long scratch = BASE + 2 * PAGE;

  final MemorySegment memory;
  final SegmentSpace space;
  final RawFutex futex;
  final GuestThread main;

  Guest() {
    this(64, new JvmFutex());
  }

  Guest(int pointerBits, JvmFutex engine) {
    this(pointerBits, engine, MemorySegment.ofArray(new long[(int) (4 * PAGE / Long.BYTES)]));
  }

  Guest(int pointerBits, JvmFutex engine, MemorySegment memory) {
    this.memory = memory;
    this.space = new SegmentSpace(memory, BASE, pointerBits);
    this.futex = new RawFutex(engine);
    this.main = thread();
  }

  static Guest withClock(Ticker ticker) {
    return new Guest(64, new JvmFutex(64, ticker));
  }

  GuestThread thread() {
    return new GuestThread(this, space);
  }

  /** A new thread that sleeps in a call of futex(2). */
  GuestThread asleep(long address, int op, long val, long timeout, long address2, long val3) {
    return thread().sleeps(Operation.NR_FUTEX, address, op, val, timeout, address2, val3);
  }

  /** A new thread that sleeps in FUTEX_WAIT on a word of value 0. */
  GuestThread waiter(long address) {
    return asleep(address, WAIT | PRIVATE, 0, 0, 0, 0);
  }

  GuestThread sharedWaiter(long address) {
    return asleep(address, WAIT, 0, 0, 0, 0);
  }

  /** The result of a call of futex(2) that does not sleep. */
  long futex(long address, long op, long val, long timeout, long address2, long val3) {
    return call(Operation.NR_FUTEX, address, op, val, timeout, address2, val3);
  }

  /** The result of a call that does not sleep. */
  long call(long nr, long... arguments) {
    return main.call(nr, arguments);
  }

  long wake(long address, long count) {
    return futex(address, WAKE | PRIVATE, count, 0, 0, 0);
  }

  long sharedWake(long address, long count) {
    return futex(address, WAKE, count, 0, 0, 0);
  }

  int get(long address) {
    return memory.get(ValueLayout.JAVA_INT, address - BASE);
  }

  void set(long address, int value) {
    memory.set(ValueLayout.JAVA_INT, address - BASE, value);
  }

  long timespec(long seconds, long nanos) {
    long address = take(2 * Long.BYTES);
    memory.set(ValueLayout.JAVA_LONG, address - BASE, seconds);
    memory.set(ValueLayout.JAVA_LONG, address + Long.BYTES - BASE, nanos);
    return address;
  }

  long timespec32(int seconds, int nanos) {
    long address = take(2 * Integer.BYTES);
    set(address, seconds);
    set(address + Integer.BYTES, nanos);
    return address;
  }

  /** An array of struct futex_waitv. */
  long array(Element... elements) {
    long address = take(elements.length * Element.BYTES);
    for (int i = 0; i < elements.length; i++) {
      put(address + (long) i * Element.BYTES, elements[i]);
    }
    return address;
  }

  void put(long address, Element element) {
    memory.set(ValueLayout.JAVA_LONG, address - BASE, element.value);
    memory.set(ValueLayout.JAVA_LONG, address + 8 - BASE, element.address);
    set(address + 16, element.flags);
    set(address + 20, element.reserved);
  }

  private long take(int bytes) {
    long address = scratch;
    scratch += bytes + 7 & ~7;
    assertThat(scratch).isLessThan(BASE + 3 * PAGE);
    return address;
  }

  /** One struct futex_waitv. */
  record Element(long value, long address, int flags, int reserved) {
    static final int BYTES = 24;

    static Element of(long address) {
      return new Element(0, address, U32 | PRIVATE, 0);
    }

    Element value(long value) {
      return new Element(value, address, flags, reserved);
    }

    Element flags(int flags) {
      return new Element(value, address, flags, reserved);
    }

    Element reserved(int reserved) {
      return new Element(value, address, flags, reserved);
    }
  }
}
