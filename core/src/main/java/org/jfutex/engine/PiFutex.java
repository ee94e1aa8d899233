package org.jfutex.engine;

import static org.jfutex.OwnerWord.OWNER_DIED;
import static org.jfutex.OwnerWord.WAITERS;

import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.park.CoarseClock;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * Priority-inheritance locks: kernel/futex/pi.c. Every change of a lock's word that a call makes is
 * made under the lock of its bucket and that of {@link PiChain}, together with the queue, so the
 * word, the queue and the graph agree for who holds them; threads that take and release without a
 * call change the word only where it says that nobody waits.
 */
final class PiFutex {
  /*
   * State       none of its own: words, see OwnerWord; queues, see Bucket; graph, see PiChain.
   * Guards      see there.
   * Lock order  bucket, then PiChain.
   * Ordering    locker                                owner
   *             locks the bucket                      word: id -> 0 by compare-and-set
   *             word: id -> id | WAITERS  (P)           fails: WAITERS is set (P)
   *             queues, unlocks                       locks the bucket, finds who waits
   *             Both are compare-and-sets of the word: one comes first. If it is the owner's, the
   *             locker's fails and finds the lock free; if it is the locker's, the owner comes to
   *             the bucket, and the locker is queued when it gets there, as it set the bit with the
   *             bucket locked.
   * Progress    an unlock, or the end of an owner, hands the lock to the first waiter itself.
   * Callbacks   as in Bucket and PiChain.
   * Checked by  PiFutexTest, PiExitTest, PiFaultTest, PiContract, PiRaces (jcstress), the scenarios
   *             of pi/ and requeue_pi/.
   */
  private final HashTable table;
  private final WaitWake waitWake;
  private final PiChain chain;
  private final Ticker ticker;

  PiFutex(HashTable table, WaitWake waitWake, PiChain chain, Ticker ticker) {
    this.table = table;
    this.waitWake = waitWake;
    this.chain = chain;
    this.ticker = ticker;
  }

  PiChain chain() {
    return chain;
  }

  /** A task's own rank, which it lends while it waits. */
  void setRank(Task task, int rank) {
    chain.lock();
    try {
      chain.setRankLocked(task, rank);
    } finally {
      chain.unlock();
    }
    chain.drain();
  }

  /**
   * How an attempt on a word went: one of taken, to be waited for, or to be tried again once an
   * exiting owner has gone.
   *
   * @param taken how it was taken
   * @param state what to wait for; in nobody's held while nobody waits
   * @param exiting who is about to end
   */
  record Claim(@Nullable LockStatus taken, @Nullable PiState state, @Nullable Task exiting) {
    static final Claim LOCKED = new Claim(LockStatus.LOCKED, null, null);
    static final Claim OWNER_HAS_DIED = new Claim(LockStatus.OWNER_DIED, null, null);
  }

  /**
   * Takes a lock for a task if it is free, and otherwise finds out whom to wait for:
   * futex_lock_pi_atomic. With the bucket and the chain locked.
   *
   * @param mark {@link OwnerWord#WAITERS} if others will wait for the lock at once, else 0
   */
  Claim claimLocked(Bucket bucket, Key key, Word word, Task task, TaskFinder tasks, int mark) {
    while (true) {
      int value = (int) word.load();
      int owner = OwnerWord.owner(value);
      if (owner == task.id()) {
        throw new FutexException(Errno.EDEADLK, task + " owns " + word + " already");
      }
      Waiter top = bucket.queueLocked().firstWaiter(key);
      if (top != null) {
        return new Claim(null, attach(top, value, word), null);
      }
      if (owner == 0) {
        int died = value & OWNER_DIED;
        if (word.compareAndSet(value, task.id() | died | mark)) {
          return died == 0 ? Claim.LOCKED : Claim.OWNER_HAS_DIED;
        }
      } else if (word.compareAndSet(value, value | WAITERS)) { // stays, whatever comes
        Task found = tasks.find(owner);
        if (found != null && found.life == Task.Life.EXITING) {
          return new Claim(null, null, found);
        }
        if (found != null && found.life == Task.Life.LIVE) {
          return new Claim(null, new PiState(key, found), null);
        }
        if (word.holds(value | WAITERS)) {
          throw new FutexException(
              Errno.ESRCH, "%s names owner %d, who does not exist".formatted(word, owner));
        }
      }
    }
  }

  /** attach_to_pi_state: whether the word says what the waiters know. */
  private static PiState attach(Waiter top, int value, Word word) {
    PiState state = top instanceof PiWaiter waiter ? waiter.piState : null;
    if (state == null) {
      throw new FutexException(
          Errno.EINVAL, word + ": expected waiters for a lock, met one of another kind");
    }
    int owner = OwnerWord.owner(value);
    boolean freed = owner == 0 && OwnerWord.hasOwnerDied(value);
    if (!freed && owner != state.owner.id()) {
      throw new FutexException(
          Errno.EINVAL, "%s is 0x%x: expected owner %s".formatted(word, value, state.owner));
    }
    return state;
  }

  LockStatus lock(Word word, Task task, TaskFinder tasks, Deadline deadline) {
    Key key = word.key();
    PiWaiter waiter = newWaiter(task, key, word, null);
    while (true) {
      Claim claim = claimOrQueue(key, word, task, tasks, waiter);
      if (claim.taken != null) {
        return claim.taken;
      }
      if (claim.exiting == null) {
        return sleep(waiter, deadline);
      }
      claim.exiting.awaitGone();
    }
  }

  PiWaiter newWaiter(Task task, Key key, Word lock, @Nullable Key target) {
    return new PiWaiter(chain, task, key, lock, target, task.rank, CoarseClock.nanos(ticker));
  }

  /** Takes the lock or queues for it; seen by the tests of this package, where nobody sleeps. */
  Claim claimOrQueue(Key key, Word word, Task task, TaskFinder tasks, PiWaiter waiter) {
    boolean queued = false;
    Bucket bucket = table.enter(key);
    try {
      chain.lock();
      try {
        Claim claim = claimLocked(bucket, key, word, task, tasks, 0);
        if (claim.state != null && claim.state.owner == task) {
          return Claim.OWNER_HAS_DIED; // it is the owner, but for the word, which stays
        }
        if (claim.state != null) {
          bucket.queueLocked().reserve(); // may run out of memory, so before anything changes
          chain.blockLocked(waiter, claim.state);
          bucket.addLocked(waiter);
          queued = true;
        }
        return claim;
      } finally {
        chain.unlock();
      }
    } finally {
      bucket.unlock();
      if (queued) {
        chain.drain();
      }
    }
  }

  LockStatus tryLock(Word word, Task task, TaskFinder tasks) {
    Key key = word.key();
    while (true) {
      Claim claim;
      Bucket bucket = table.lock(key);
      try {
        chain.lock();
        try {
          claim = claimLocked(bucket, key, word, task, tasks, 0);
          if (claim.state != null && claim.state.owner == task) {
            rename(word, task);
          }
        } finally {
          chain.unlock();
        }
      } finally {
        bucket.unlock();
      }
      if (claim.taken != null) {
        return claim.taken;
      }
      if (claim.exiting == null) {
        return LockStatus.BUSY;
      }
      claim.exiting.awaitGone();
    }
  }

  /**
   * A failing try makes a word right that does not name the owner any more: fixup_pi_owner. Only a
   * lock that succeeds leaves it as it is.
   */
  private static void rename(Word word, Task task) {
    int value;
    do {
      value = (int) word.load();
    } while (!word.compareAndSet(value, (value & OWNER_DIED) | task.id() | WAITERS));
  }

  /** Sleeps until the lock is given; for a waiter that is queued. */
  LockStatus sleep(PiWaiter waiter, Deadline deadline) {
    try {
      while (!waiter.isWoken()) { // read last before parking: the park rule of ThreadParker
        ThreadParker.park(this, deadline, ticker);
        WaitStatus giveUp = waitWake.reasonToGiveUp(deadline);
        if (giveUp != null && leave(waiter)) {
          return leftBecause(giveUp, waiter);
        }
      }
    } catch (RuntimeException | Error e) {
      if (leave(waiter)) { // nobody may be left in a queue
        throw e;
      }
    }
    Throwable failure = waiter.failure;
    if (failure != null) {
      throw new FutexException(
          Errno.EFAULT,
          waiter.lock + " was given to " + waiter.task + ", but cannot be written",
          failure);
    }
    return waiter.given;
  }

  private boolean leave(PiWaiter waiter) {
    boolean left = table.leave(waiter);
    chain.drain();
    return left;
  }

  private static LockStatus leftBecause(WaitStatus giveUp, PiWaiter waiter) {
    if (giveUp == WaitStatus.TIMED_OUT) {
      return LockStatus.TIMED_OUT;
    }
    return waiter.wasMoved ? LockStatus.CHANGED : LockStatus.INTERRUPTED;
  }

  void unlock(Word word, Task task) {
    int value;
    do {
      value = (int) word.load();
      if (OwnerWord.owner(value) != task.id()) {
        throw new FutexException(
            Errno.EPERM, "%s is 0x%x: expected owner %s".formatted(word, value, task));
      }
    } while (!unlock(word, task, value));
    chain.drain();
  }

  /** Hands a lock on, or frees it; false if the word has changed and should be read again. */
  private boolean unlock(Word word, Task task, int value) {
    Key key = word.key();
    WakeList list = new WakeList();
    Bucket bucket = table.lock(key);
    try {
      chain.lock();
      try {
        Waiter top = bucket.queueLocked().firstWaiter(key);
        if (top == null) {
          free(word, value);
          return true;
        }
        PiState state = top instanceof PiWaiter waiter ? waiter.piState : null;
        PiWaiter next = state == null || state.owner != task ? null : state.first();
        if (state == null || next == null) {
          throw new FutexException(
              Errno.EINVAL,
              "%s: expected waiters for a lock that %s owns, met another".formatted(word, task));
        }
        if (!word.compareAndSet(value, next.task.id() | WAITERS)) {
          return mayRetry(word, value);
        }
        next.given = LockStatus.LOCKED;
        handOverLocked(bucket, state, next, list);
      } finally {
        chain.unlock();
      }
    } finally {
      bucket.unlock();
    }
    int _ = list.tell();
    return true;
  }

  private static void free(Word word, int value) {
    if (!word.compareAndSet(value, 0)) {
      throw new FutexException(
          Errno.EAGAIN, "%s was 0x%x and has changed: expected nobody to".formatted(word, value));
    }
  }

  /** The kernel reads the word again only if it held nothing but an id: wake_futex_pi. */
  private static boolean mayRetry(Word word, int value) {
    long now = word.load();
    if (OwnerWord.owner(now) != value) {
      throw new FutexException(
          Errno.EINVAL, "%s was 0x%x and is 0x%x: expected no change".formatted(word, value, now));
    }
    return false;
  }

  /** Takes the first waiter of a lock out of its queue as the owner; its word names it already. */
  private void handOverLocked(Bucket bucket, PiState state, PiWaiter next, WakeList list) {
    bucket.removeLocked(next);
    chain.handOverLocked(state, next);
    list.add(next);
  }

  /** From now on who finds the task in a word waits for its end. */
  void beginExit(Task task) {
    chain.lock();
    try {
      task.life = Task.Life.EXITING;
    } finally {
      chain.unlock();
    }
  }

  /** Hands on every lock that somebody waits for, and lets go of the task: exit_pi_state_list. */
  void endExit(Task task) {
    while (true) {
      PiState state;
      chain.lock();
      try {
        if (task.held.isEmpty()) {
          task.markGone();
          break;
        }
        state = task.held.iterator().next();
      } finally {
        chain.unlock();
      }
      handOverOf(task, state);
    }
    chain.drain();
  }

  /** Whoever stands first in the queue: a plain waiter may, and is in nobody's way. */
  private void handOverOf(Task dead, PiState state) {
    WakeList list = new WakeList();
    Bucket bucket = table.lock(state.key);
    try {
      chain.lock();
      try {
        PiWaiter next = dead.held.contains(state) ? state.first() : null;
        if (next == null) {
          return; // its last waiter has left meanwhile
        }
        inherit(next);
        handOverLocked(bucket, state, next, list);
      } finally {
        chain.unlock();
      }
    } finally {
      bucket.unlock();
    }
    int _ = list.tell();
  }

  /**
   * Writes the heir into the word: fixup_pi_state_owner. As in the kernel, who cannot be written
   * there is the owner all the same, and is told; the exit goes on whatever a word does.
   */
  private static void inherit(PiWaiter heir) {
    try {
      int value;
      do {
        value = (int) heir.lock.load();
      } while (!heir.lock.compareAndSet(value, heir.task.id() | WAITERS | OWNER_DIED));
      heir.given = LockStatus.OWNER_DIED;
    } catch (RuntimeException | Error e) {
      heir.failure = e;
    }
  }
}
