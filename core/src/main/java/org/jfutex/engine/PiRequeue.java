package org.jfutex.engine;

import java.util.OptionalInt;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.time.Deadline;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** Waiting to be moved to a lock, and the move: the requeue_pi half of kernel/futex/requeue.c. */
final class PiRequeue {
  private final HashTable table;
  private final PiFutex piFutex;
  private final PiChain chain;

  PiRequeue(HashTable table, PiFutex piFutex) {
    this.table = table;
    this.piFutex = piFutex;
    this.chain = piFutex.chain();
  }

  LockStatus await(Word word, long expected, Word lock, Task task, Deadline deadline) {
    Key key = word.key();
    Key target = lock.key();
    if (!word.holds(expected)) {
      return LockStatus.CHANGED; // as in WaitWake: who sleeps is decided under the lock
    }
    checkApart(key, target, word);
    PiWaiter waiter = piFutex.newWaiter(task, key, lock, target);
    if (!table.addIfHolds(word, expected, waiter)) {
      return LockStatus.CHANGED;
    }
    return piFutex.sleep(waiter, deadline);
  }

  private static void checkApart(Key key, Key target, Word word) {
    if (key.equals(target)) {
      throw new FutexException(Errno.EINVAL, word + ": expected another word than the lock");
    }
  }

  OptionalInt compareRequeue(Word from, long expected, Word lock, int move, TaskFinder tasks) {
    checkApart(from.key(), lock.key(), from);
    while (true) {
      Move attempt = new Move(from, lock, tasks);
      OptionalInt count;
      try {
        count = attempt.execute(expected, move);
      } finally {
        chain.drain(); // those before a waiter that is refused have been moved
      }
      Task exiting = attempt.exiting;
      if (exiting == null) {
        return count;
      }
      exiting.awaitGone();
    }
  }

  /** One attempt, by one thread. */
  private final class Move {
    private final Word from;
    private final Key source;
    private final Word lock;
    private final Key target;
    private final TaskFinder tasks;
    private final WakeList list = new WakeList();
    private @Nullable Task exiting;

    Move(Word from, Word lock, TaskFinder tasks) {
      this.from = from;
      this.source = from.key();
      this.lock = lock;
      this.target = lock.key();
      this.tasks = tasks;
    }

    /** The target is entered before the word is compared, as in {@link Requeue}. */
    OptionalInt execute(long expected, int move) {
      HashTable.Pair pair = table.enterPair(source, target); // (A) pairs with (B) in hasWaiters
      try {
        chain.lock();
        try {
          return from.holds(expected)
              ? OptionalInt.of(moveLocked(pair.first(), pair.second(), move))
              : OptionalInt.empty();
        } finally {
          chain.unlock();
        }
      } finally {
        pair.unlock();
        int _ = list.tell();
      }
    }

    private int moveLocked(Bucket bucket, Bucket targetBucket, int move) {
      long _ = lock.load(); // read even if nobody waits: what cannot be read is EFAULT
      PiWaiter top = firstLocked(bucket);
      if (top == null) {
        return 0;
      }
      targetBucket.queueLocked().reserve(); // may run out of memory, so before anybody is taken
      int mark = move > 0 ? OwnerWord.WAITERS : 0;
      PiFutex.Claim claim = piFutex.claimLocked(targetBucket, target, lock, top.task, tasks, mark);
      exiting = claim.exiting();
      PiState state = claim.state();
      int count = 0;
      if (claim.taken() != null) {
        top.given = claim.taken();
        bucket.removeLocked(top);
        list.add(top);
        state = new PiState(target, top.task);
        count = 1;
      }
      return state == null ? count : count + moveTo(bucket, targetBucket, state, move + 1L - count);
    }

    /** The first waiter, if it waits to be moved to this lock. */
    private @Nullable PiWaiter firstLocked(Bucket bucket) {
      Waiter first = bucket.queueLocked().firstWaiter(source);
      if (first == null) {
        return null;
      }
      if (first instanceof PiWaiter waiter && target.equals(waiter.target)) {
        return waiter;
      }
      throw new FutexException(
          Errno.EINVAL, from + ": expected waiters to be moved to " + lock + ", met another");
    }

    private int moveTo(Bucket bucket, Bucket targetBucket, PiState state, long most) {
      int moved = 0;
      while (moved < most) {
        PiWaiter next = firstLocked(bucket);
        if (next == null) {
          break;
        }
        chain.blockLocked(next, state);
        bucket.moveLocked(next, targetBucket, target);
        moved++;
      }
      return moved;
    }
  }
}
