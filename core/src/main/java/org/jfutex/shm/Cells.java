package org.jfutex.shm;

import java.util.function.Supplier;
import org.jfutex.LockStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.word.Word;

/** What the cells of a region have in common. */
final class Cells {
  private static final int COUNT_BITS = Integer.SIZE;

  private Cells() {}

  /** Adds 1 to a word; returns what it became. */
  static int increment(Word word) {
    int value;
    do {
      value = (int) word.load();
    } while (!word.compareAndSet(value, value + 1));
    return value + 1;
  }

  /** Sets a word that others may write at the same time only if they are hostile. */
  static void set(Word word, long value) {
    while (!word.compareAndSet(word.load(), value)) {
      Thread.onSpinWait();
    }
  }

  /** What an attachment holds: its generation above, how much below. */
  static long holding(int generation, int count) {
    return (long) generation << COUNT_BITS | Integer.toUnsignedLong(count);
  }

  static int generation(long holding) {
    return (int) (holding >>> COUNT_BITS);
  }

  static int count(long holding) {
    return (int) holding;
  }

  /** Takes a lock; an interrupt does not end the wait, and is kept. */
  static LockStatus lockUninterruptibly(RobustMutex mutex) {
    LockStatus status = mutex.lock();
    return status == LockStatus.INTERRUPTED ? uninterruptibly(mutex::lock) : status;
  }

  /** Repeats an attempt that an interrupt ends until another outcome; the interrupt is kept. */
  static LockStatus uninterruptibly(Supplier<LockStatus> attempt) {
    boolean interrupted = false;
    try {
      while (true) {
        LockStatus status = attempt.get();
        if (status != LockStatus.INTERRUPTED) {
          return status;
        }
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
