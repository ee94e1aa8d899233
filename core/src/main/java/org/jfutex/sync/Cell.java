package org.jfutex.sync;

import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A 32-bit word with the backend on which its waiters meet: what every lock of this package is made
 * of. Immutable.
 *
 * @param futex where the waiters meet
 * @param word the word
 */
record Cell(Futex futex, Word word) {
  /** A cell for the threads of this process. */
  static Cell local(Futex futex, Word word) {
    checkWidth(word);
    if (isShared(word)) {
      throw new FutexException(
          Errno.EINVAL,
          word + ": expected one that other processes cannot map; shared() makes locks for those");
    }
    return new Cell(futex, word);
  }

  /** A cell for all processes that map its file. */
  static Cell shared(Word word) {
    checkWidth(word);
    if (!isShared(word)) {
      throw new FutexException(
          Errno.EINVAL, word + ": expected one in a mapped file, as only those are shared");
    }
    return new Cell(Futex.kernel(), word);
  }

  private static void checkWidth(Word word) {
    if (word.bits() != Integer.SIZE) {
      throw new FutexException(
          Errno.EINVAL, "%s of %d bits: expected 32".formatted(word, word.bits()));
    }
  }

  static boolean isShared(Word word) {
    @Nullable NativePlace place = word.nativePlace();
    return place != null && place.isShared();
  }

  int load() {
    return (int) word.load();
  }

  boolean compareAndSet(int expected, int value) {
    return word.compareAndSet(expected, value);
  }

  /** Sleeps while the word holds a value; an interrupt does not end the wait, and is kept. */
  void await(int expected) {
    boolean interrupted = false;
    try {
      while (futex.await(word, expected) == WaitStatus.INTERRUPTED) {
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Sleeps while the word holds a value.
   *
   * @return WOKEN, CHANGED or TIMED_OUT
   * @throws InterruptedException if the thread is interrupted; the flag is clear then
   */
  WaitStatus await(int expected, Deadline deadline) throws InterruptedException {
    WaitStatus status = futex.await(word, expected, deadline);
    if (status == WaitStatus.INTERRUPTED && Thread.interrupted()) {
      throw new InterruptedException();
    }
    return status;
  }

  int wake(int count) {
    return futex.wake(word, count);
  }
}
