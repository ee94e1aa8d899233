package org.jfutex.linux;

import static org.jfutex.linux.Call.invalid;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.word.WordFault;

/**
 * One element of futex_waitv and futex_requeue: {@code struct futex_waitv}, laid out the same in 32
 * and 64-bit programs.
 *
 * @param value what the word must hold; fits 32 bits
 * @param address where the word is
 * @param flags those of a 32-bit futex
 */
record FutexWaiter(long value, long address, int flags) {
  private static final int BYTES = 24;

  /**
   * Reads an array, as futex_parse_waitv: what is wrong with an element comes before whatever is
   * wrong with a later one, unreadable memory included.
   */
  static List<FutexWaiter> readAll(AddressSpace space, long array, int count) {
    List<FutexWaiter> waiters = new ArrayList<>(count);
    ByteBuffer whole;
    try {
      whole = space.read(array, count * BYTES);
    } catch (WordFault e) {
      // only now is it worth a copy each: an element before the hole may be wrong
      for (int i = 0; i < count; i++) {
        waiters.add(parse(space.read(array + (long) i * BYTES, BYTES)));
      }
      return waiters;
    }
    for (int i = 0; i < count; i++) {
      waiters.add(parse(whole));
    }
    return waiters;
  }

  private static FutexWaiter parse(ByteBuffer element) {
    long value = element.getLong();
    long address = element.getLong();
    int flags = element.getInt();
    int reserved = element.getInt();
    if (reserved != 0) {
      throw invalid("__reserved " + reserved + ": expected 0");
    }
    Futex2Calls.checkFlags(flags);
    Futex2Calls.checkWidth("value", value);
    return new FutexWaiter(value, address, flags);
  }
}
