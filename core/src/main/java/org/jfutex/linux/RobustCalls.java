package org.jfutex.linux;

import static org.jfutex.linux.Call.error;
import static org.jfutex.linux.Call.invalid;

import org.jfutex.Errno;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/** set_robust_list(2) and get_robust_list(2): kernel/futex/syscalls.c. */
final class RobustCalls {
  /** The pointers of struct robust_list_head: the list, the offset, the pending operation. */
  private static final int HEAD_WORDS = 3;

  private RobustCalls() {}

  static long set(Call call, long head, long length) {
    @Nullable RobustList list = call.task() == null ? null : call.caller.robustList(0);
    if (list == null) {
      return error(Errno.ENOSYS);
    }
    long expected = headBytes(call);
    if (call.unsigned(length) != expected) {
      throw invalid("length %d: expected %d".formatted(length, expected));
    }
    list.head(call.unsigned(head));
    return 0;
  }

  static long get(Call call, int id, long headPointer, long lengthPointer) {
    if (call.task() == null) {
      return error(Errno.ENOSYS);
    }
    @Nullable RobustList list = call.caller.robustList(id);
    if (list == null) {
      return error(Errno.ESRCH);
    }
    writeWord(call, call.unsigned(lengthPointer), headBytes(call));
    writeWord(call, call.unsigned(headPointer), list.head());
    return 0;
  }

  private static long headBytes(Call call) {
    return (long) HEAD_WORDS * call.space.pointerBits() / Byte.SIZE;
  }

  private static void writeWord(Call call, long address, long value) {
    if (!call.space.inRange(address, Long.BYTES)) {
      throw new WordFault("address 0x%x: expected user memory".formatted(address));
    }
    call.space.writeInt(address, (int) value);
    if (!call.is32Bit()) {
      call.space.writeInt(address + Integer.BYTES, (int) (value >>> Integer.SIZE));
    }
  }
}
