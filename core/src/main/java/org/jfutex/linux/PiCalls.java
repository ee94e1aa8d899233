package org.jfutex.linux;

import static org.jfutex.linux.Call.FUTEX2_PRIVATE;
import static org.jfutex.linux.Call.error;
import static org.jfutex.linux.Call.invalid;

import java.util.OptionalInt;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.engine.Task;
import org.jfutex.engine.TaskFinder;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** The priority-inheritance operations of futex(2): kernel/futex/pi.c and requeue.c. */
final class PiCalls {
  private PiCalls() {}

  static long lock(Call call, long address, int flags, Deadline deadline) {
    Task task = task(call);
    Word word = call.word(address, flags, Access.WRITE);
    return result(
        call.engine.lockPi(word, task, finder(call, flags), deadline, call.caller.rank()));
  }

  static long tryLock(Call call, long address, int flags) {
    Task task = task(call);
    return result(
        call.engine.tryLockPi(call.word(address, flags, Access.WRITE), task, finder(call, flags)));
  }

  /** Who does not own the lock is told so before anything is said of the address. */
  static long unlock(Call call, long address, int flags) {
    Task task = task(call);
    if (!call.space.inRange(address, Integer.BYTES)) {
      return error(Errno.EFAULT);
    }
    int value = call.space.read(address, Integer.BYTES).getInt();
    if (OwnerWord.owner(value) != task.id()) {
      return error(Errno.EPERM);
    }
    call.engine.unlockPi(call.word(address, flags, Access.WRITE), task);
    return 0;
  }

  static long waitRequeue(
      Call call, long address, int flags, int val, Deadline deadline, long address2) {
    Task task = task(call);
    if (address == address2) {
      throw invalid("lock 0x%x: expected another address than the word".formatted(address));
    }
    Word lock = call.word(address2, flags, Access.WRITE);
    Word word = call.word(address, flags, Access.READ);
    return result(call.engine.awaitRequeuePi(word, val, lock, task, deadline, call.caller.rank()));
  }

  static long compareRequeue(
      Call call, long address, long address2, int flags, int wake, int move, int expected) {
    Task _ = task(call);
    FutexCall.checkCounts(wake, move);
    if (address == address2) {
      throw invalid("lock 0x%x: expected another address than the word".formatted(address));
    }
    if (wake != 1) {
      throw invalid("count %d: expected 1, as one thread can own the lock".formatted(wake));
    }
    Word from = call.word(address, flags, Access.READ);
    Word lock = call.word(address2, flags, Access.WRITE);
    OptionalInt count =
        call.engine.compareRequeuePi(from, expected, lock, move, finder(call, flags));
    return count.isPresent() ? count.getAsInt() : error(Errno.EAGAIN);
  }

  private static Task task(Call call) {
    @Nullable Task task = call.task();
    if (task == null) {
      throw new FutexException(Errno.ENOSYS, "expected a caller that can own locks");
    }
    return task;
  }

  private static TaskFinder finder(Call call, int flags) {
    Scope scope = (flags & FUTEX2_PRIVATE) != 0 ? Scope.PRIVATE : Scope.SHARED;
    return id -> call.caller.task(id, scope);
  }

  /** The kernel leaves it to who takes a lock to see in the word that its owner died. */
  private static long result(LockStatus status) {
    @Nullable Errno errno = status.isLocked() ? null : status.errno();
    return errno == null ? 0 : error(errno);
  }
}
