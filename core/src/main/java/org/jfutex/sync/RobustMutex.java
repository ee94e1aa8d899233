package org.jfutex.sync;

import static org.jfutex.OwnerWord.WAITERS;

import java.util.Objects;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.Robust;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock in a word, whose next owner is told when the last one ended while it held
 * the lock: a thread that ended, or a process that was killed. Never by a timeout: an owner that is
 * stopped, or slow, keeps it.
 *
 * <p>Not reentrant. Memory effects are those of {@link java.util.concurrent.locks.Lock}; between
 * processes too.
 */
public final class RobustMutex {
  /*
   * State       the word                  0 -> id                 taken, by compare-and-set
   *                                       id -> id|WAITERS        somebody is about to wait
   *                                       id -> 0                 freed, nobody waits
   *                                       id|WAITERS -> 0         freed, one is woken, in one step
   *                                       id.. -> OWNER_DIED..    the owner ended, one is woken
   *                                       OWNER_DIED.. -> id|OWNER_DIED..  taken, and told so
   *             holder: the thread of this process that owns the word through this object.
   * Guards      the word: atomic. holder: written by the holder only; plain, as a thread only asks
   *             whether it is the thread itself, and sees its own last write or a later one of
   *             another: none of these names it wrongly.
   * Lock order  none.
   * Ordering    the compare-and-sets of the word order one critical section before the next. The
   *             owner enlists before the word names it and delists after: it may be killed between
   *             any two steps. A waiter that takes the lock after a sleep sets WAITERS, as others
   *             may sleep on.
   * Progress    who is woken and ends before it has taken the word passes the wake on, see Robust;
   *             but not if another process has taken it meanwhile, as the kernel sees no reason to
   *             then: the others sleep on until the lock is contended again, unless their Waiting
   *             tells them of the death.
   * Callbacks   none.
   * Checked by  RobustMutexTest, RobustKillTest.
   */
  private final Robust robust;
  private final Word word;
  private final Waiting waiting;
  private @Nullable Thread holder;

  /** How a thread sleeps that waits for the lock. */
  @FunctionalInterface
  public interface Waiting {
    /**
     * Sleeps as {@link Futex#await(Word, long, Deadline)} does on the lock's word; more may end it.
     *
     * @param expected the value
     * @param deadline when to give up
     * @return the outcome; WOKEN if the word was woken on
     */
    WaitStatus await(long expected, Deadline deadline);
  }

  private RobustMutex(Futex futex, Word word, Waiting waiting) {
    this.robust = futex.robust();
    this.word = word;
    this.waiting = waiting;
  }

  /**
   * The lock in a word.
   *
   * @param futex where its waiters meet: {@link Futex#kernel()} for several processes
   * @param word a 32-bit word, 0 at first; see {@link Robust#enlist} for where it may be
   * @return the lock
   * @throws FutexException with EINVAL if the word is not 32 bits wide
   */
  public static RobustMutex of(Futex futex, Word word) {
    return of(futex, word, (expected, deadline) -> futex.await(word, expected, deadline));
  }

  /**
   * The lock in a word, whose waiters sleep in their own way.
   *
   * @param futex the backend
   * @param word a 32-bit word, as {@link #of(Futex, Word)}
   * @param waiting how they sleep
   * @return the lock
   * @throws FutexException with EINVAL if the word is not 32 bits wide
   */
  public static RobustMutex of(Futex futex, Word word, Waiting waiting) {
    if (word.bits() != Integer.SIZE) {
      throw new FutexException(
          Errno.EINVAL,
          "%s of %d bits: expected 32, as it holds an owner's id".formatted(word, word.bits()));
    }
    return new RobustMutex(futex, word, waiting);
  }

  /**
   * Takes the lock.
   *
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock; INTERRUPTED
   * @throws FutexException as {@link #lock(Deadline)}
   */
  public LockStatus lock() {
    return lock(Deadline.NEVER);
  }

  /**
   * Takes the lock, or gives up at a deadline.
   *
   * @param deadline when to give up; a lock that is free is taken even if it has been reached
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock; TIMED_OUT;
   *     INTERRUPTED, with the interrupt flag still set
   * @throws FutexException with EDEADLK if the calling thread holds the lock through this object;
   *     with EINVAL and EFAULT as {@link Robust#enlist} and {@link Futex#await}
   * @throws org.jfutex.word.WordFault if the word's memory has gone; the lock is not owned then
   */
  public LockStatus lock(Deadline deadline) {
    return take(Objects.requireNonNull(deadline, "deadline"));
  }

  /**
   * Takes the lock if it is free.
   *
   * @return LOCKED, OWNER_DIED or BUSY
   * @throws FutexException as {@link #lock(Deadline)}
   */
  public LockStatus tryLock() {
    return take(null);
  }

  @SuppressWarnings("ReferenceEquality") // a thread is its own identity
  private boolean isMine() {
    return holder == Thread.currentThread();
  }

  /** Without a deadline the lock is not waited for. */
  private LockStatus take(@Nullable Deadline deadline) {
    if (isMine()) {
      throw new FutexException(Errno.EDEADLK, "the calling thread holds the lock in " + word);
    }
    int id = robust.enlist(word);
    LockStatus status = LockStatus.BUSY;
    try {
      status = tryAcquire(id, 0);
      if (status == LockStatus.BUSY && deadline != null) {
        status = await(id, deadline);
      }
    } finally {
      if (status.isLocked()) {
        holder = Thread.currentThread();
      } else {
        robust.delist(word);
      }
    }
    return status;
  }

  /** Apart from the quick path, for which nothing is to be made. */
  private LockStatus await(int id, Deadline deadline) {
    return robust.attempt(word, () -> acquire(id, deadline));
  }

  /** Takes the word if nobody owns it. */
  private LockStatus tryAcquire(int id, int mark) {
    while (true) {
      int value = (int) word.load();
      if (OwnerWord.owner(value) != 0) {
        return LockStatus.BUSY;
      }
      if (word.compareAndSet(value, id | value | mark)) {
        return OwnerWord.hasOwnerDied(value) ? LockStatus.OWNER_DIED : LockStatus.LOCKED;
      }
    }
  }

  private LockStatus acquire(int id, Deadline deadline) {
    int mark = 0;
    while (true) {
      LockStatus status = tryAcquire(id, mark);
      if (status.isLocked()) {
        return status;
      }
      int value = (int) word.load();
      if (OwnerWord.owner(value) == 0
          || (!OwnerWord.hasWaiters(value) && !word.compareAndSet(value, value | WAITERS))) {
        continue;
      }
      WaitStatus end = waiting.await(value | WAITERS, deadline);
      switch (end) {
        case WOKEN -> mark = WAITERS; // others may sleep on
        case CHANGED -> {}
        case TIMED_OUT -> {
          return LockStatus.TIMED_OUT;
        }
        case INTERRUPTED -> {
          return LockStatus.INTERRUPTED;
        }
      }
    }
  }

  /**
   * Frees the lock. Clears {@link OwnerWord#OWNER_DIED}: what the lock protects is taken to be
   * whole again.
   *
   * @throws FutexException with EPERM if the calling thread does not hold the lock through this
   *     object; nothing has changed then
   */
  public void unlock() {
    checkMine();
    holder = null;
    int value;
    do {
      value = (int) word.load();
      if (OwnerWord.hasWaiters(value)) {
        robust.free(word);
        break;
      }
    } while (!word.compareAndSet(value, 0));
    robust.delist(word);
  }

  /**
   * Frees the lock without a claim that what it protects is whole: the next owner is told {@link
   * LockStatus#OWNER_DIED}, as if the caller had ended.
   *
   * @throws FutexException as {@link #unlock}
   */
  public void abandon() {
    checkMine();
    holder = null;
    robust.abandon(word);
    robust.delist(word);
  }

  private void checkMine() {
    if (!isMine()) {
      throw new FutexException(Errno.EPERM, "the calling thread does not hold the lock in " + word);
    }
  }

  /**
   * Whether the calling thread holds the lock through this object.
   *
   * @return whether it does
   */
  public boolean isHeldByCurrentThread() {
    return isMine();
  }

  /**
   * Whether the lock's last owner ended while it held it, and nobody has taken it since.
   *
   * @return whether the word says so just now
   */
  public boolean isOwnerDead() {
    long value = word.load();
    return OwnerWord.owner(value) == 0 && OwnerWord.hasOwnerDied(value);
  }

  @Override
  public String toString() {
    return "robust mutex in " + word;
  }
}
