package org.jfutex.linux;

import java.nio.ByteBuffer;
import org.jfutex.FutexException;
import org.jfutex.OwnerWord;
import org.jfutex.WaitOptions;
import org.jfutex.engine.Task;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * What the end of a thread does with its robust list: exit_robust_list in kernel/futex/core.c. The
 * list is the thread's own memory and may hold anything: every read may fault, and the walk ends
 * after {@link #LIMIT} entries.
 */
final class RobustWalk {
  /** ROBUST_LIST_LIMIT. */
  static final int LIMIT = 2048;

  /** Bit 0 of an entry's address: the lock is a priority-inheritance one. */
  private static final long PI_BIT = 1;

  private final Call call;
  private final Task task;
  private final int pointerBytes;

  RobustWalk(Call call, Task task) {
    this.call = call;
    this.task = task;
    this.pointerBytes = call.space.pointerBits() / Byte.SIZE;
  }

  /** Walks a list; what cannot be read ends it. */
  void walk(long head) {
    if (head == 0) {
      return;
    }
    try {
      long entry = pointer(head);
      long offset = pointer(head + pointerBytes);
      long pending = pointer(head + 2L * pointerBytes);
      if (walk(head, entry, offset, address(pending)) && address(pending) != 0) {
        boolean _ = release(address(pending) + offset, isPi(pending), true);
      }
    } catch (WordFault e) {
      // as in the kernel: whoever hides the list from it gets nothing done
    }
  }

  /** Whether the walk came to an end, or to its limit. */
  private boolean walk(long head, long first, long offset, long pending) {
    long entry = first;
    for (int left = LIMIT; address(entry) != head && left > 0; left--) {
      boolean readable = true;
      long next = 0;
      try {
        next = pointer(address(entry)); // first, as a released entry may change under the walk
      } catch (WordFault e) {
        readable = false;
      }
      boolean isPending = address(entry) == pending;
      boolean released = isPending || release(address(entry) + offset, isPi(entry), false);
      if (!released || !readable) {
        return false;
      }
      entry = next;
    }
    return true;
  }

  private static long address(long entry) {
    return entry & ~PI_BIT;
  }

  private static boolean isPi(long entry) {
    return (entry & PI_BIT) != 0;
  }

  private long pointer(long address) {
    if (!call.space.inRange(address, pointerBytes)) {
      throw new WordFault("address 0x%x: expected user memory".formatted(address));
    }
    ByteBuffer bytes = call.space.read(address, pointerBytes);
    return pointerBytes == Long.BYTES ? bytes.getLong() : Integer.toUnsignedLong(bytes.getInt());
  }

  /** handle_futex_death: false if the word is one that nobody can wait on. */
  private boolean release(long place, boolean pi, boolean pending) {
    long address = call.unsigned(place);
    if (address % Integer.BYTES != 0 || !call.space.inRange(address, Integer.BYTES)) {
      return false;
    }
    try {
      Word word = call.space.word(address, call.space.key(address, Scope.PRIVATE, Access.READ));
      while (true) {
        int value = (int) word.load();
        if (pending && !pi && OwnerWord.owner(value) == 0) {
          wakeOne(address); // it was unlocked, and the thread died before it could wake
          return true;
        }
        if (OwnerWord.owner(value) != task.id()) {
          return true;
        }
        int died = (value & OwnerWord.WAITERS) | OwnerWord.OWNER_DIED;
        if (word.compareAndSet(value, died)) {
          if (!pi && OwnerWord.hasWaiters(value)) {
            wakeOne(address);
          }
          return true;
        }
      }
    } catch (WordFault e) {
      return false;
    }
  }

  /** The kernel wakes by the shared key, and does not look whether that went well. */
  private void wakeOne(long address) {
    try {
      long _ = FutexCall.wake(call, address, Call.FUTEX2_SIZE_U32, 1, WaitOptions.MATCH_ANY);
    } catch (FutexException | WordFault e) {
      // nobody can have waited there, or somebody waits otherwise
    }
  }
}
