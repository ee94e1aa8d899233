package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitOptions;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock in a 32-bit word, 0 at first. The word is all the state there is: any
 * number of mutexes may be made for one word, and they are one lock, as long as they meet on one
 * backend.
 *
 * <p>Not reentrant, and it does not know its owner: any thread may unlock what another has locked.
 * {@link #asLock()} knows. A thread or process that ends with the lock leaves it locked for ever;
 * {@link RobustMutex} does not.
 *
 * <p><b>Cost.</b> Taking a free lock, and freeing one that nobody waits for, is one compare-and-set
 * each and makes no garbage. A thread that finds the lock taken stays awake for up to some 20
 * microseconds, if that has helped lately, before it sleeps; a virtual thread sometimes lets others
 * run instead, and always if the lock is {@link Fairness#FAIR}.
 *
 * <p><b>Memory effects</b> are those of {@link java.util.concurrent.locks.Lock}, between processes
 * too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word holds what no mutex has stored;
 * {@link org.jfutex.word.WordFault}, or FutexException with EFAULT, if its memory has gone. The
 * lock has not been taken then.
 *
 * <p>Source: Ulrich Drepper, Futexes Are Tricky (2011), mutex3; the hand-over to who has waited
 * long is that of Go's sync.Mutex.
 */
public final class Mutex {
  /*
   * State       the word. "Waiters" are threads in its queue.
   *
   *             value         held  waiters  means
   *             FREE      0   no    maybe *  who comes takes it
   *             LOCKED    1   yes   maybe *
   *             CONTENDED 2   yes   maybe    its unlock wakes one
   *             ASKED     3   yes   maybe    its unlock hands over to one who asked
   *             HANDED    4   no    maybe    it is for a waiter that is on its way
   *             others        -     -        not ours: refused with EINVAL
   *             * only beside a waiter that has been woken and looks at the word soon; it stores
   *               CONTENDED or ASKED before it sleeps, and when it takes the lock
   *
   *             FREE -> LOCKED               taken by who has not slept
   *             FREE -> CONTENDED            taken by a waiter that was woken
   *             FREE -> ASKED                the same, by one that had asked
   *             LOCKED -> CONTENDED          somebody is about to wait
   *             LOCKED, CONTENDED -> ASKED   somebody who has waited for long is about to wait on
   *             LOCKED -> FREE               unlock
   *             CONTENDED -> FREE            unlock, then one is woken
   *             ASKED -> HANDED              unlock, then one who asked is woken
   *             HANDED -> ASKED              taken by who was woken for it, or has seen it HANDED
   *                                          for LEASE_NANOS; more may have asked
   *             HANDED -> FREE               the unlocker has found nobody who asked
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    the compare-and-sets of the word order one critical section before the next.
   * Progress    whoever makes the word FREE from a value that admits waiters wakes one afterwards,
   *             and a waiter that was woken cannot leave before it has taken the lock or has stored
   *             that it waits again: woken beats timed out and interrupted.
   *             ASKED is never lowered but through HANDED, so who has gone to sleep at ASKED is
   *             found by the next unlock. If it gives up meanwhile, the unlocker finds nobody,
   *             takes the hand-over back, and wakes one of those that came in between: HANDED
   *             makes threads wait, and FREE would leave them there.
   *             If the chosen one is killed on its way, the next one to come takes its place when
   *             the lease is over.
   *             To stay awake is bounded; every other turn of a loop is another thread's progress.
   * Callbacks   none.
   * Checked by  MutexTest, BackoffTest, MutexModelTest (all schedules of the shipped code),
   *             MutexVisibility (jcstress).
   */
  static final int FREE = 0;
  static final int LOCKED = 1;
  static final int CONTENDED = 2;
  static final int ASKED = 3;
  static final int HANDED = 4;

  /** Who waits without having asked. */
  static final WaitOptions ORDINARY = WaitOptions.ofBitset(1);

  /** Who has asked, where there are no ranks. An unlock of a CONTENDED lock wakes them too. */
  private static final WaitOptions ASKING = WaitOptions.ofBitset(2);

  /** Who was woken and found the lock taken: before those that came later, if there are ranks. */
  private static final WaitOptions RANKED_OVERTAKEN = new WaitOptions(ORDINARY.bitset(), 1);

  /** Who has asked: before all others, if there are ranks. */
  private static final WaitOptions RANKED_ASKING = new WaitOptions(ASKING.bitset(), 2);

  /** How long a lock may be on its way before somebody else takes it: its taker is dead then. */
  private static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * How often a virtual thread that finds the lock taken lets others run: once in so many times.
   */
  private static final int TURNS = 16;

  /** The same where all are to have a share. */
  private static final int EVERY_TURN = 1;

  /** A time at which nobody has slept, as no clock gives it. */
  private static final long NOT_YET = Long.MIN_VALUE;

  final Futex futex;
  final Word word;
  private final long patienceNanos;
  private final Backoff backoff;

  private final WaitOptions overtaken;
  private final WaitOptions asking;

  /** One with any patience, for tests. */
  Mutex(Cell cell, long patienceNanos) {
    this(cell, patienceNanos, new Backoff());
  }

  /** The same, where a test says how who waits stays awake. */
  Mutex(Cell cell, long patienceNanos, Backoff backoff) {
    this.backoff = backoff;
    this.futex = cell.futex();
    this.word = cell.word();
    this.patienceNanos = patienceNanos;
    boolean ranks = futex.capabilities().ranks();
    this.overtaken = ranks ? RANKED_OVERTAKEN : ORDINARY;
    this.asking = ranks ? RANKED_ASKING : ASKING;
  }

  /**
   * The barging lock in a word, for threads of this process.
   *
   * @param futex where its waiters meet
   * @param word a 32-bit word, 0 at first, that other processes cannot map
   * @return the lock
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Mutex of(Futex futex, Word word) {
    return of(futex, word, Fairness.BARGING);
  }

  /**
   * The lock in a word, for threads of this process.
   *
   * @param futex where its waiters meet
   * @param word a 32-bit word, 0 at first, that other processes cannot map
   * @param fairness how those wait that wait through this object; others may wait otherwise
   * @return the lock
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Mutex of(Futex futex, Word word, Fairness fairness) {
    return new Mutex(Cell.local(futex, word), fairness.patienceNanos);
  }

  /**
   * The barging lock in a word of a mapped file, for all processes that map it.
   *
   * @param word a 32-bit word in a mapped file, 0 at first
   * @return the lock
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Mutex shared(Word word) {
    return shared(word, Fairness.BARGING);
  }

  /**
   * The lock in a word of a mapped file, for all processes that map it.
   *
   * @param word a 32-bit word in a mapped file, 0 at first
   * @param fairness how those wait that wait through this object; others may wait otherwise
   * @return the lock
   * @throws FutexException with EINVAL if the word is of another kind
   */
  public static Mutex shared(Word word, Fairness fairness) {
    return new Mutex(Cell.shared(word), fairness.patienceNanos);
  }

  /** Takes the lock; waits as long as it takes. An interrupt does not end the wait, and is kept. */
  public void lock() {
    if (!word.compareAndSet(FREE, LOCKED)) {
      lockUninterruptibly(LOCKED);
    }
  }

  /**
   * Takes the lock unless interrupted.
   *
   * @throws InterruptedException if the thread is interrupted, now or while it waits; the flag is
   *     clear then, and the lock not taken
   */
  public void lockInterruptibly() throws InterruptedException {
    boolean _ = tryLock(Deadline.NEVER);
  }

  /**
   * Takes the lock if it is free.
   *
   * @return whether it was taken
   */
  public boolean tryLock() {
    return word.compareAndSet(FREE, LOCKED);
  }

  /**
   * Takes the lock, or gives up at a deadline, on its own clock.
   *
   * @param deadline when to give up; a lock that is free is taken even if it has been reached
   * @return whether the lock was taken
   * @throws InterruptedException if the thread is interrupted, now or while it waits; the flag is
   *     clear then, and the lock not taken
   */
  public boolean tryLock(Deadline deadline) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return word.compareAndSet(FREE, LOCKED) || takeOrThrow(deadline);
  }

  /**
   * Takes the lock, or gives up after some time.
   *
   * @param amount how long to wait at most; a lock that is free is taken even if it is not positive
   * @param unit the unit of {@code amount}
   * @return whether the lock was taken
   * @throws InterruptedException if the thread is interrupted, now or while it waits; the flag is
   *     clear then, and the lock not taken
   */
  public boolean tryLock(long amount, TimeUnit unit) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return word.compareAndSet(FREE, LOCKED) || takeOrThrow(Deadline.after(amount, unit));
  }

  private boolean takeOrThrow(Deadline deadline) throws InterruptedException {
    LockStatus status = take(deadline, LOCKED);
    if (status == LockStatus.INTERRUPTED && Thread.interrupted()) {
      throw new InterruptedException();
    }
    return status == LockStatus.LOCKED;
  }

  /**
   * Takes the lock as {@link #lock()} does, for a {@code try} statement that frees it.
   *
   * @return frees the lock when it is closed, once
   */
  public Guard acquire() {
    lock();
    return new Guard(this);
  }

  /** Frees a lock at the end of a {@code try} statement. For the thread that has acquired it. */
  public static final class Guard implements AutoCloseable {
    private @Nullable Mutex held;

    private Guard(Mutex held) {
      this.held = held;
    }

    /** Frees the lock the first time; another owner's is not touched by the second. */
    @Override
    public void close() {
      Mutex mutex = held;
      held = null;
      if (mutex != null) {
        mutex.unlock();
      }
    }
  }

  /**
   * A view of this lock that knows its owner.
   *
   * @return a new one; only what was locked through it has an owner there
   */
  public MutexLock asLock() {
    return new MutexLock(this);
  }

  /**
   * Whether the lock is taken, or on its way to a waiter.
   *
   * @return whether the word says so just now
   */
  public boolean isLocked() {
    return !word.holds(FREE);
  }

  /** Takes the lock; a free word becomes {@code taken}, which says whether others may wait. */
  void lockUninterruptibly(int taken) {
    boolean interrupted = false;
    try {
      while (take(Deadline.NEVER, taken) == LockStatus.INTERRUPTED) {
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** LOCKED, TIMED_OUT or INTERRUPTED, with the flag still set. */
  private LockStatus take(Deadline deadline, int first) {
    long firstSleep = NOT_YET;
    int taken = first;
    int asleep = CONTENDED; // what the word says at least while this thread sleeps
    WaitOptions options = ORDINARY;
    boolean isChosen = false;
    while (true) {
      int value = linger((int) word.load());
      if (value == FREE || (value == HANDED && isChosen)) {
        if (word.compareAndSet(value, value == FREE ? taken : ASKED)) {
          return LockStatus.LOCKED;
        }
        backoff.wasLate();
        continue;
      }
      int expected = Math.max(checked(value), asleep);
      if (expected != value && !word.compareAndSet(value, expected)) {
        continue;
      }
      isChosen = false;
      if (firstSleep == NOT_YET && !isPatient()) {
        firstSleep = now();
      }
      switch (futex.await(word, expected, value == HANDED ? lease(deadline) : deadline, options)) {
        case WOKEN -> {
          isChosen = asleep == ASKED;
          taken = asleep;
          if (asleep != ASKED) {
            options = overtaken;
            if (!isPatient() && now() - firstSleep >= patienceNanos) {
              asleep = ASKED; // unless the lock is free now
              options = asking;
            }
          }
        }
        case CHANGED -> {}
        case TIMED_OUT -> {
          if (deadline.isReached(Ticker.system())) {
            return LockStatus.TIMED_OUT;
          }
          isChosen = true; // in place of the one that has not come
        }
        case INTERRUPTED -> {
          return LockStatus.INTERRUPTED;
        }
      }
    }
  }

  private boolean isPatient() {
    return patienceNanos == Long.MAX_VALUE;
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  /** What the word says after a moment in which who holds the lock may have freed it. */
  private int linger(int value) {
    return value == LOCKED || value == CONTENDED
        ? backoff.await(word, FREE, isPatient() ? TURNS : EVERY_TURN)
        : value;
  }

  private int checked(int value) {
    if (value < FREE || value > HANDED) {
      throw new FutexException(
          Errno.EINVAL, "%s holds %d: expected a mutex, 0 to %d".formatted(word, value, HANDED));
    }
    return value;
  }

  /** The earlier one of a deadline and the end of a lease that begins now. */
  private static Deadline lease(Deadline deadline) {
    return deadline.remainingNanos(Ticker.system()) < LEASE_NANOS
        ? deadline
        : Deadline.afterNanos(LEASE_NANOS, Ticker.system());
  }

  /**
   * Frees the lock.
   *
   * @throws IllegalMonitorStateException if it is not locked; nothing has changed then
   */
  public void unlock() {
    if (!word.compareAndSet(LOCKED, FREE)) {
      unlockWaited();
    }
  }

  private void unlockWaited() {
    while (true) {
      int value = checked((int) word.load());
      if (value == FREE || value == HANDED) {
        throw new IllegalMonitorStateException(word + " is not locked");
      }
      if (word.compareAndSet(value, value == ASKED ? HANDED : FREE)) {
        if (value == ASKED) {
          handOver();
        } else if (value == CONTENDED) {
          futex.wake(word, 1);
        }
        return;
      }
    }
  }

  private void handOver() {
    if (futex.wake(word, 1, ASKING.bitset()) == 0 && word.compareAndSet(HANDED, FREE)) {
      futex.wake(word, 1);
    }
  }

  /** Sees to it that threads which were moved to the queue of the word are woken. */
  void admitMoved() {
    while (true) {
      int value = (int) word.load();
      if (value == FREE) {
        futex.wake(word, 1);
        return;
      }
      if (value != LOCKED || word.compareAndSet(LOCKED, CONTENDED)) {
        return;
      }
    }
  }

  /** Whether the word is in a mapped file. */
  boolean isShared() {
    NativePlace place = word.nativePlace();
    return place != null && place.isShared();
  }

  @Override
  public String toString() {
    return "mutex in " + word;
  }
}
