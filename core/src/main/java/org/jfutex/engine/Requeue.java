package org.jfutex.engine;

import java.util.OptionalInt;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** Requeue and compare-requeue: kernel/futex/requeue.c. */
final class Requeue {
  private final HashTable table;
  private final WaitWake waitWake;

  Requeue(HashTable table, WaitWake waitWake) {
    this.table = table;
    this.waitWake = waitWake;
  }

  int requeue(Word from, int wake, Word to, int move) {
    Key source = from.key();
    if ((wake == 0 && move == 0) || !table.bucketFor(source).hasWaiters()) {
      return 0;
    }
    return wakeAndMove(source, null, 0, wake, to.key(), move).orElseThrow();
  }

  OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move) {
    if (!from.holds(expected)) {
      return OptionalInt.empty();
    }
    return wakeAndMove(from.key(), from, expected, wake, to.key(), move);
  }

  /**
   * Wakes and moves in one step, under both locks; with a word, only if it holds a value.
   *
   * <p>The target is entered before the word is compared, like a waiter that comes. Whoever stores
   * to the word and then wakes on the target is either seen by the comparison, or sees that
   * somebody is there, takes the lock and finds who was moved: nobody gets between comparing and
   * moving. Test: LostRequeue (jcstress).
   */
  private OptionalInt wakeAndMove(
      Key source, @Nullable Word compared, long expected, int wake, Key target, int move) {
    WakeList list = new WakeList();
    int taken;
    int moved;
    HashTable.Pair pair = table.enterPair(source, target); // (A) pairs with (B) in hasWaiters
    Bucket from = pair.first();
    Bucket to = pair.second();
    try {
      if (compared != null && !compared.holds(expected)) {
        return OptionalInt.empty();
      }
      to.queueLocked().reserve(); // may run out of memory, so before anybody is taken
      taken = from.takeLocked(source, wake, WaitOptions.MATCH_ANY, list);
      moved = list.isRefused() ? 0 : from.moveLocked(source, move, to, target, list);
    } finally {
      pair.unlock();
    }
    int told = waitWake.tell(list, taken, source, WaitOptions.MATCH_ANY);
    if (told < taken) {
      // the next in line have been moved meanwhile, and counted; they get the wakes that are owed
      waitWake.wake(target, Math.min(taken - told, moved), WaitOptions.MATCH_ANY);
    }
    list.rethrow(source);
    return OptionalInt.of(told + moved);
  }
}
