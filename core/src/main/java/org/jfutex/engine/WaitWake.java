package org.jfutex.engine;

import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.park.CoarseClock;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * Wait, wake and wake-op on one word at a time: kernel/futex/waitwake.c. The proof that no wake is
 * lost stands in {@link Bucket}.
 */
final class WaitWake {
  private final HashTable table;
  private final Ticker ticker;

  WaitWake(HashTable table, Ticker ticker) {
    this.table = table;
    this.ticker = ticker;
  }

  WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options) {
    if (!word.holds(expected)) {
      return WaitStatus.CHANGED; // decided at this load; who sleeps is decided under the lock
    }
    Waiter waiter = new ThreadWaiter(word.key(), options, CoarseClock.nanos(ticker));
    if (!table.addIfHolds(word, expected, waiter)) {
      return WaitStatus.CHANGED;
    }
    try {
      while (!waiter.isWoken()) { // read last before parking: the park rule of ThreadParker
        ThreadParker.park(this, deadline, ticker);
        WaitStatus giveUp = waiter.isWoken() ? null : reasonToGiveUp(deadline);
        if (giveUp != null) {
          return table.leave(waiter) ? giveUp : WaitStatus.WOKEN;
        }
      }
    } catch (RuntimeException | Error e) {
      if (table.leave(waiter)) { // nobody may be left in a queue
        throw e;
      } // otherwise the wake was counted and must not be lost
    }
    return WaitStatus.WOKEN;
  }

  /** Why a thread that has not been woken stops sleeping; null if it goes on. */
  @Nullable WaitStatus reasonToGiveUp(Deadline deadline) {
    if (deadline.isReached(ticker)) {
      return WaitStatus.TIMED_OUT;
    }
    return Thread.currentThread().isInterrupted() ? WaitStatus.INTERRUPTED : null;
  }

  int wake(Key key, int count, int bitset) {
    if (!table.bucketFor(key).hasWaiters() || count == 0) {
      return 0;
    }
    WakeList list = new WakeList();
    int taken = table.take(key, count, bitset, list);
    int told = tell(list, taken, key, bitset);
    list.rethrow(key);
    return told;
  }

  /**
   * Tells those who were taken, and gives the wakes of those who had gone to the next of the key.
   * The caller rethrows what went wrong.
   */
  int tell(WakeList list, int taken, Key key, int bitset) {
    int told = list.tell();
    while (told < taken) {
      int more = table.take(key, taken - told, bitset, list);
      if (more == 0) {
        break;
      }
      told += list.tell();
    }
    return told;
  }

  int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op) {
    Key key = word.key();
    Key targetKey = target.key();
    WakeList list = new WakeList();
    WakeList targetList = new WakeList();
    int taken;
    int targetTaken = 0;
    HashTable.Pair pair = table.lockPair(key, targetKey);
    try {
      long old = apply(op, target);
      taken = pair.first().takeLocked(key, wake, WaitOptions.MATCH_ANY, list);
      if (op.test(old) && !list.isRefused()) {
        targetTaken =
            pair.second().takeLocked(targetKey, wakeTarget, WaitOptions.MATCH_ANY, targetList);
      }
    } finally {
      pair.unlock();
    }
    int told =
        tell(list, taken, key, WaitOptions.MATCH_ANY)
            + tell(targetList, targetTaken, targetKey, WaitOptions.MATCH_ANY);
    list.rethrow(key);
    targetList.rethrow(targetKey);
    return told;
  }

  /** Changes the word in one atomic step that its other users see; returns the old value. */
  private static long apply(WakeOp op, Word target) {
    int unused = Long.SIZE - target.bits();
    while (true) {
      long old = target.load() << unused >> unused; // sign-extended
      if (target.compareAndSet(old, op.apply(old))) {
        return old;
      }
    }
  }
}
