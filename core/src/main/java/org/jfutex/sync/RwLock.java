package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A lock for many readers or one writer, in two words that are 0 at first. All objects that are
 * made of the same words must be of the same preference.
 *
 * <p>While a writer waits, threads that come to read wait too. Neither lock is reentrant: a thread
 * that holds one and waits for either may wait for itself. A writer may turn its lock into a
 * reader's ({@link WriteLock#downgrade}); a reader may become the writer only if it is the only
 * reader ({@link ReadLock#tryUpgrade}), because two that wait for each other to leave wait for
 * ever. The lock of a thread or process that ends is not freed.
 *
 * <p><b>Memory effects</b> are those of {@link ReadWriteLock}; between processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word of waiters holds what no lock
 * puts there, with EDEADLK if the calling thread holds the write lock through this object and asks
 * for it again; {@link IllegalMonitorStateException} if a lock is freed that is not held; {@link
 * IllegalStateException} if there are more than 2^29 - 2 readers; {@link
 * org.jfutex.word.WordFault}, or {@link FutexException} with EFAULT, if the memory has gone.
 */
public final class RwLock implements ReadWriteLock {
  /*
   * State       state     holders (29 bits): 0 free, WRITER, or the number of readers
   *                       TURN     free, and kept for readers that were woken; FAIR only
   *                       READERS  readers may sleep
   *                       WRITERS  writers may sleep; while free, kept from readers that come
   *             writers   how many writers wait, or have just stopped
   *
   *             read      n -> n+1      if not WRITERS; FAIR: also by who was woken, or in its TURN
   *                       n, WRITER -> with READERS, and sleep on the bitset of readers
   *             write     0 -> WRITER   if not TURN, keeps both flags
   *                       n, WRITER, TURN -> with WRITERS, and sleep on the bitset of writers
   *             free      n -> n-1, WRITER -> 0; who makes it 0 beside a flag passes the lock on:
   *               to readers   READERS -> none, or TURN if FAIR; wakes them all.
   *                            FAIR: after a writer; else: only if not WRITERS
   *               to a writer  wakes one, who keeps WRITERS when it takes the lock
   *               to nobody    if none was asleep; the flag, or TURN, is cleared
   *             A writer that stops waiting as the last one clears WRITERS.
   *             Every value of the word state is one of these.
   * Guards      both words: atomic. The owner of the write lock: written by the owner, and compared
   *             by others with themselves only.
   * Lock order  none.
   * Ordering    Who sleeps does so at a value with its flag. A flag is cleared before those whom it
   *             stands for are woken, or when a wake has found none and the word has not changed;
   *             writers do not sleep on a free lock that is not in its TURN, so none can have come.
   *             A writer counts itself in (A), then sets WRITERS (B); one that leaves counts itself
   *             out (A), clears WRITERS if it was the last (B), then reads the count again (A) and
   *             wakes one if another has come meanwhile: it looks again, and sets the flag again.
   * Progress    Who was woken takes the lock if it is free, whatever else happened to it, or finds
   *             a holder that will pass it on. A writer that has slept keeps WRITERS for those that
   *             sleep on.
   * Callbacks   none.
   * Checked by  RwLockTest.
   */
  private static final int HOLDERS = 0x1fff_ffff;
  private static final int WRITER = HOLDERS;
  private static final int MOST_READERS = WRITER - 1;
  private static final int TURN = 0x2000_0000;
  private static final int READERS = 0x4000_0000;
  private static final int WRITERS = 0x8000_0000;

  private static final WaitOptions READING = WaitOptions.ofBitset(1);
  private static final WaitOptions WRITING = WaitOptions.ofBitset(2);

  /** Who comes first when a lock is freed that both wait for. */
  public enum Preference {
    /** A writer, as long as one waits: readers may wait for ever. */
    WRITERS,
    /**
     * Readers after a writer, a writer after readers: nobody waits for ever. Readers that are slow
     * to run when their turn comes may miss it, and have the next one.
     */
    FAIR
  }

  private final Cell state;
  private final Cell writers;
  private final Preference preference;
  private final ReadLock readLock = new ReadLock();
  private final WriteLock writeLock = new WriteLock();

  private RwLock(Cell state, Cell writers, Preference preference) {
    state.checkOther(writers);
    this.state = state;
    this.writers = writers;
    this.preference = preference;
  }

  /**
   * The lock in two words, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param state 0 at first
   * @param writers 0 at first
   * @param preference who comes first
   * @return the lock
   * @throws FutexException with EINVAL if a word is not 32 bits wide or in a mapped file, or if
   *     both are the same
   */
  public static RwLock of(Futex futex, Word state, Word writers, Preference preference) {
    return new RwLock(Cell.local(futex, state), Cell.local(futex, writers), preference);
  }

  /**
   * The lock in two words of mapped files, for all processes that map them.
   *
   * @param state 0 at first
   * @param writers 0 at first
   * @param preference who comes first
   * @return the lock
   * @throws FutexException with EINVAL if a word is not 32 bits wide or not in a mapped file, or if
   *     both are the same
   */
  public static RwLock shared(Word state, Word writers, Preference preference) {
    return new RwLock(Cell.shared(state), Cell.shared(writers), preference);
  }

  @Override
  public ReadLock readLock() {
    return readLock;
  }

  @Override
  public WriteLock writeLock() {
    return writeLock;
  }

  private static int holders(int value) {
    return value & HOLDERS;
  }

  private static boolean has(int value, int flag) {
    return (value & flag) != 0;
  }

  private boolean isFair() {
    return preference == Preference.FAIR;
  }

  /** Gives a lock that has just been freed to those who wait for it. */
  private void passOn(int first) {
    int turn = first;
    while (true) {
      int value = state.load();
      if (holders(value) != 0) {
        return; // who holds it will
      }
      if (has(value, READERS) && (turn == READERS || !has(value, WRITERS))) {
        int next = (value & ~READERS) | (isFair() ? TURN : 0);
        if (state.compareAndSet(value, next)) {
          if (wakeReaders() > 0) {
            return;
          }
          turn = WRITERS;
        }
      } else if (has(value, TURN)) {
        boolean _ = state.compareAndSet(value, value & ~TURN); // nobody was there to take it
      } else if (has(value, WRITERS)) {
        if (wakeWriter() > 0) {
          return;
        }
        boolean _ = state.compareAndSet(value, value & ~WRITERS);
      } else {
        return;
      }
    }
  }

  private int wakeReaders() {
    return state.wake(Integer.MAX_VALUE, READING.bitset());
  }

  private int wakeWriter() {
    return state.wake(1, WRITING.bitset());
  }

  @Override
  public String toString() {
    return "read-write lock in " + state.word();
  }

  /** The lock for reading. Any thread may free what another has taken. */
  public final class ReadLock implements Lock {
    private ReadLock() {}

    /**
     * Takes the lock. An interrupt is kept for later.
     *
     * @throws IllegalStateException if there are 2^29 - 2 readers; nothing has changed then
     */
    @Override
    public void lock() {
      if (!enter()) {
        boolean _ = await(Sleep.UNINTERRUPTIBLE);
      }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
      Sleep.checkInterrupt();
      if (!enter()) {
        boolean _ = await(Sleep.until(Deadline.NEVER));
      }
    }

    /**
     * Takes the lock if no writer holds it, even if one waits.
     *
     * @return whether it was taken
     */
    @Override
    public boolean tryLock() {
      while (true) {
        int value = state.load();
        if (holders(value) == WRITER) {
          return false;
        }
        if (add(value)) {
          return true;
        }
      }
    }

    /**
     * Takes the lock, or gives up at a deadline.
     *
     * @param deadline when to give up; a lock that is free is taken even if it has been reached
     * @return whether it was taken
     * @throws InterruptedException if the thread is interrupted, before or while it waits
     */
    public boolean tryLock(Deadline deadline) throws InterruptedException {
      Sleep.checkInterrupt();
      return enter() || await(Sleep.until(deadline));
    }

    @Override
    public boolean tryLock(long timeout, TimeUnit unit) throws InterruptedException {
      Sleep.checkInterrupt();
      return enter() || await(Sleep.until(Deadline.after(timeout, unit)));
    }

    /**
     * Frees the lock.
     *
     * @throws IllegalMonitorStateException if there is no reader; nothing has changed then
     */
    @Override
    public void unlock() {
      int value;
      do {
        value = state.load();
        checkReading(value);
      } while (!state.compareAndSet(value, value - 1));
      if (holders(value) == 1 && value != 1) {
        passOn(WRITERS);
      }
    }

    /**
     * Makes the caller, who must hold this lock, the writer, if there is no other reader. Then it
     * holds the write lock instead of this one.
     *
     * @return whether it is the writer; if not, it holds this lock as before
     * @throws IllegalMonitorStateException if there is no reader; nothing has changed then
     */
    public boolean tryUpgrade() {
      while (true) {
        int value = state.load();
        checkReading(value);
        if (holders(value) != 1) {
          return false;
        }
        if (writeLock.take(value, 0)) {
          writeLock.own();
          return true;
        }
      }
    }

    private void checkReading(int value) {
      if (holders(value) == 0 || holders(value) == WRITER) {
        throw new IllegalMonitorStateException(
            "%s holds %#x: expected one that is locked for reading".formatted(state.word(), value));
      }
    }

    /**
     * Not supported.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public Condition newCondition() {
      throw new UnsupportedOperationException("a lock for reading has no conditions");
    }

    private boolean enter() {
      while (true) {
        int value = state.load();
        if (!isOpen(value, WaitStatus.CHANGED)) {
          return false;
        }
        if (add(value)) {
          return true;
        }
      }
    }

    private boolean isOpen(int value, WaitStatus slept) {
      return holders(value) != WRITER
          && (!has(value, WRITERS)
              || (isFair() && (slept == WaitStatus.WOKEN || has(value, TURN))));
    }

    private boolean add(int value) {
      if (holders(value) == MOST_READERS) {
        throw new IllegalStateException(
            "%s holds %#x: expected less than %d readers, the most there can be"
                .formatted(state.word(), value, MOST_READERS));
      }
      return state.compareAndSet(value, (value & ~TURN) + 1);
    }

    private <E extends Exception> boolean await(Sleep<E> sleep) throws E {
      writeLock.checkNotMine();
      WaitStatus slept = WaitStatus.CHANGED;
      while (true) {
        int value = state.load();
        if (isOpen(value, slept)) {
          if (add(value)) {
            return true;
          }
        } else if (has(value, READERS) || state.compareAndSet(value, value | READERS)) {
          slept = sleep.on(state, value | READERS, READING);
          if (slept == WaitStatus.TIMED_OUT) {
            return false;
          }
        }
      }
    }

    @Override
    public String toString() {
      return "read lock in " + state.word();
    }
  }

  /** The lock for writing. Thread dumps show its owner. */
  @SuppressWarnings("serial") // not meant to be serialized: a word is not
  public final class WriteLock extends AbstractOwnableSynchronizer implements Lock {
    private WriteLock() {}

    /** Takes the lock. An interrupt is kept for later. */
    @Override
    public void lock() {
      if (!enter()) {
        boolean _ = await(Sleep.UNINTERRUPTIBLE);
      }
      own();
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
      Sleep.checkInterrupt();
      if (!enter()) {
        boolean _ = await(Sleep.until(Deadline.NEVER));
      }
      own();
    }

    /**
     * Takes the lock if nobody holds it, even if others wait.
     *
     * @return whether it was taken
     */
    @Override
    public boolean tryLock() {
      while (true) {
        int value = state.load();
        if (holders(value) != 0) {
          return false;
        }
        if (take(value, 0)) {
          own();
          return true;
        }
      }
    }

    /**
     * Takes the lock, or gives up at a deadline.
     *
     * @param deadline when to give up; a lock that is free is taken even if it has been reached
     * @return whether it was taken
     * @throws InterruptedException if the thread is interrupted, before or while it waits
     */
    public boolean tryLock(Deadline deadline) throws InterruptedException {
      Sleep.checkInterrupt();
      boolean taken = enter() || await(Sleep.until(deadline));
      if (taken) {
        own();
      }
      return taken;
    }

    @Override
    public boolean tryLock(long timeout, TimeUnit unit) throws InterruptedException {
      Sleep.checkInterrupt();
      boolean taken = enter() || await(Sleep.until(Deadline.after(timeout, unit)));
      if (taken) {
        own();
      }
      return taken;
    }

    /**
     * Frees the lock.
     *
     * @throws IllegalMonitorStateException if the calling thread does not hold it through this
     *     object, or if the word says that no writer does; the word has not changed then
     */
    @Override
    public void unlock() {
      if (leave(0) != WRITER) {
        passOn(isFair() ? READERS : WRITERS);
      }
    }

    /**
     * Makes the caller a reader, without letting another writer in between. It holds the read lock
     * instead of this one then.
     *
     * @throws IllegalMonitorStateException as {@link #unlock}
     */
    public void downgrade() {
      int value = leave(1);
      while (has(value, READERS) && (isFair() || !has(value, WRITERS))) {
        value = state.load();
        if (state.compareAndSet(value, value & ~READERS)) {
          int _ = wakeReaders();
          return;
        }
      }
    }

    /**
     * Not supported.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public Condition newCondition() {
      throw new UnsupportedOperationException("a lock for writing has no conditions");
    }

    private boolean isFree(int value) {
      return holders(value) == 0 && !(isFair() && has(value, TURN));
    }

    private boolean enter() {
      while (true) {
        int value = state.load();
        if (!isFree(value)) {
          return false;
        }
        if (take(value, 0)) {
          return true;
        }
      }
    }

    private boolean take(int value, int flag) {
      return state.compareAndSet(value, (value & ~TURN) | WRITER | flag);
    }

    private <E extends Exception> boolean await(Sleep<E> sleep) throws E {
      checkNotMine();
      writers.countIn();
      try {
        int flag = 0;
        while (true) {
          int value = state.load();
          if (isFree(value)) {
            if (take(value, flag)) {
              return true;
            }
          } else if (has(value, WRITERS) || state.compareAndSet(value, value | WRITERS)) {
            switch (sleep.on(state, value | WRITERS, WRITING)) {
              case WOKEN -> flag = WRITERS; // others may sleep on
              case TIMED_OUT -> {
                return false;
              }
              case CHANGED, INTERRUPTED -> {}
            }
          }
        }
      } finally {
        if (writers.countOut() == 0) {
          stopWaiting();
        }
      }
    }

    /** No writer waits any more: readers need not wait for one. */
    private void stopWaiting() {
      int value;
      int next;
      do {
        value = state.load();
        if (!has(value, WRITERS)) {
          return;
        }
        next = value & ~(holders(value) == WRITER ? WRITERS : WRITERS | READERS);
      } while (!state.compareAndSet(value, next));
      if (has(value & ~next, READERS)) {
        int _ = wakeReaders();
      }
      if (writers.load() != 0) {
        int _ = wakeWriter();
      }
    }

    /** Returns what the word held. */
    private int leave(int readers) {
      if (!isMine()) {
        throw new IllegalMonitorStateException(
            "%s holds %#x: expected one that the calling thread holds for writing"
                .formatted(state.word(), state.load()));
      }
      setExclusiveOwnerThread(null); // before the word says so, as the next owner sets it then
      int value;
      do {
        value = state.load();
        if (holders(value) != WRITER) {
          throw new IllegalMonitorStateException(
              "%s holds %#x: expected one that is locked for writing"
                  .formatted(state.word(), value));
        }
      } while (!state.compareAndSet(value, (value & ~HOLDERS) | readers));
      return value;
    }

    private void own() {
      setExclusiveOwnerThread(Thread.currentThread());
    }

    @SuppressWarnings("ReferenceEquality") // a thread is its own identity
    private boolean isMine() {
      return getExclusiveOwnerThread() == Thread.currentThread();
    }

    private void checkNotMine() {
      if (isMine()) {
        throw new FutexException(
            Errno.EDEADLK, "the calling thread holds the write lock in " + state.word());
      }
    }

    @Override
    public String toString() {
      return "write lock in " + state.word();
    }
  }
}
