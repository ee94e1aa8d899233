package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.park.CoarseClock;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** Vector wait: futex_wait_multiple of kernel/futex/waitwake.c. */
final class WaitMany {
  private final HashTable table;
  private final WaitWake waitWake;
  private final Ticker ticker;

  WaitMany(HashTable table, WaitWake waitWake, Ticker ticker) {
    this.table = table;
    this.waitWake = waitWake;
    this.ticker = ticker;
  }

  AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline, WaitOptions options) {
    Entries queued = new Entries(entries.size());
    AnyWait result = queued.queue(entries, options, null);
    if (result != null) {
      return result;
    }
    try {
      return sleep(queued, deadline);
    } catch (RuntimeException | Error e) {
      int woken = queued.leave(); // nobody may be left in a queue
      if (woken < 0) {
        throw e;
      }
      return new AnyWait(WaitStatus.WOKEN, woken); // the wake was counted and must not be lost
    }
  }

  private AnyWait sleep(Entries queued, Deadline deadline) {
    while (!queued.anyWoken()) { // read last before parking: the park rule of ThreadParker
      ThreadParker.park(this, deadline, ticker);
      WaitStatus giveUp = waitWake.reasonToGiveUp(deadline);
      if (giveUp != null) {
        int woken = queued.leave();
        return woken >= 0 ? new AnyWait(WaitStatus.WOKEN, woken) : new AnyWait(giveUp, -1);
      }
    }
    return new AnyWait(WaitStatus.WOKEN, queued.leave());
  }

  Entries newEntries(int size) {
    return new Entries(size);
  }

  /**
   * The queue entries of one vector wait. Used by who queues them, then by who ends the wait; see
   * {@link AsyncWait} for how these may be different threads.
   */
  final class Entries {
    private final Waiter[] waiters;
    private int queued;

    /** When the first came; one reading of the clock is enough for all. */
    private long sinceNanos;

    private Entries(int size) {
      waiters = new Waiter[size];
    }

    /**
     * Queues entry after entry; those before are live meanwhile.
     *
     * @param wait who waits; null for the calling thread
     * @return null if all are queued; otherwise none is any more, and this is the result
     */
    @Nullable AnyWait queue(
        List<WaitEntry> entries, WaitOptions options, @Nullable AsyncWait wait) {
      try {
        for (WaitEntry entry : entries) {
          if (!queueNext(entry, options, wait)) {
            int changed = queued;
            int woken = leave();
            return woken >= 0
                ? new AnyWait(WaitStatus.WOKEN, woken)
                : new AnyWait(WaitStatus.CHANGED, changed);
          }
        }
        return null;
      } catch (RuntimeException | Error e) {
        int woken = leave();
        if (woken < 0) {
          throw e;
        }
        return new AnyWait(WaitStatus.WOKEN, woken); // as above: it was counted
      }
    }

    private boolean queueNext(WaitEntry entry, WaitOptions options, @Nullable AsyncWait wait) {
      Word word = entry.word();
      if (!word.holds(entry.expected())) {
        return false;
      }
      if (queued == 0) {
        sinceNanos = CoarseClock.nanos(ticker);
      }
      Waiter waiter =
          wait == null
              ? new ThreadWaiter(word.key(), options, sinceNanos)
              : new AsyncWaiter(word.key(), options, sinceNanos, wait);
      waiters[queued] = waiter;
      if (!table.addIfHolds(word, entry.expected(), waiter)) {
        return false;
      }
      queued++;
      return true;
    }

    boolean anyWoken() {
      for (int i = 0; i < queued; i++) {
        if (waiters[i].isWoken()) {
          return true;
        }
      }
      return false;
    }

    /** The keys of the entries that are still queued, in order. */
    List<Key> keys() {
      List<Key> keys = new ArrayList<>(queued);
      for (int i = 0; i < queued; i++) {
        Key key = table.keyOf(waiters[i]);
        if (key != null) {
          keys.add(key);
        }
      }
      return keys;
    }

    /**
     * Takes out every entry that is still queued. Idempotent.
     *
     * @return the highest entry that a waker took, -1 if none
     */
    int leave() {
      int woken = -1;
      for (int i = 0; i < queued; i++) {
        if (!table.leave(waiters[i])) {
          woken = i;
        }
      }
      return woken;
    }
  }
}
