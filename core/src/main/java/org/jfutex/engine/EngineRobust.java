package org.jfutex.engine;

import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.OwnerWord;
import org.jfutex.Robust;
import org.jfutex.WakeOp;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * Robust locks of the engine: a thread that ends is noticed by its watcher, see {@link Tasks},
 * which does for the words it has enlisted what the kernel's walk does for a robust list. There is
 * no limit to them, and no memory that others could write.
 */
final class EngineRobust implements Robust {
  /** Never holds on a word that has an owner. */
  private static final WakeOp FREE = new WakeOp(WakeOp.Operation.SET, 0, WakeOp.Comparison.EQ, 0);

  /** Likewise. */
  private static final WakeOp ABANDON =
      new WakeOp(WakeOp.Operation.SET, OwnerWord.OWNER_DIED, WakeOp.Comparison.EQ, 0);

  private final JvmFutex futex;
  private final Tasks tasks;

  EngineRobust(JvmFutex futex, Tasks tasks) {
    this.futex = futex;
    this.tasks = tasks;
  }

  @Override
  public int enlist(Word word) {
    if (word.bits() != Integer.SIZE) {
      throw new FutexException(
          Errno.EINVAL,
          "%s of %d bits: expected 32, as it holds an owner's id".formatted(word, word.bits()));
    }
    Task task = tasks.current();
    if (task.enlisted.putIfAbsent(word.key(), word) != null) {
      throw new FutexException(Errno.EDEADLK, word + " is enlisted by the calling thread already");
    }
    return task.id();
  }

  @Override
  public void delist(Word word) {
    if (tasks.current().enlisted.remove(word.key()) == null) {
      throw new IllegalStateException(word + ": expected one that the calling thread has enlisted");
    }
  }

  @Override
  public <T> T attempt(Word word, Supplier<T> attempt) {
    Task task = tasks.current();
    Word before = task.pending;
    task.pending = word;
    T outcome = attempt.get(); // what it throws may have left a wake behind
    task.pending = before;
    return outcome;
  }

  @Override
  public void free(Word word) {
    int _ = futex.wakeOp(word, 1, word, 0, FREE);
  }

  @Override
  public void abandon(Word word) {
    int _ = futex.wakeOp(word, 1, word, 0, ABANDON);
  }

  /** Marks what a task has left owned, and passes on a wake that it had no use for. */
  void exit(Task task) {
    Word pending = task.pending;
    Key waited = pending == null ? null : pending.key();
    task.enlisted.forEach((key, word) -> release(word, task.id(), key.equals(waited)));
  }

  private void release(Word word, int id, boolean pending) {
    try {
      int value;
      do {
        value = (int) word.load();
        if (OwnerWord.owner(value) != id) {
          if (pending && OwnerWord.owner(value) == 0) {
            int _ = futex.wake(word, 1);
          }
          return;
        }
      } while (!word.compareAndSet(value, (value & OwnerWord.WAITERS) | OwnerWord.OWNER_DIED));
      if (OwnerWord.hasWaiters(value)) {
        int _ = futex.wake(word, 1);
      }
    } catch (WordFault e) {
      // as in the kernel: a word that has gone is nobody's; the others are looked at all the same
    }
  }
}
