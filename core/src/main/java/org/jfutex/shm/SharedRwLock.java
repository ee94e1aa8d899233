package org.jfutex.shm;

import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A read-write lock in a region, which prefers writers: a reader that comes while a writer waits is
 * let in after it. Readers that end are forgotten, as they have changed nothing; a writer that ends
 * leaves the lock to the next one, reader or writer, who is told and recovers before anybody reads.
 *
 * <p>A thread that writes may go on as a reader ({@link #downgrade}). One that reads cannot become
 * a writer, as two of them would wait for each other; it frees the lock first. Neither is reentrant
 * for writers; a thread may read several times, but not if a writer may come in between.
 */
public final class SharedRwLock {
  /*
   * State       writer: a robust mutex. It is held by who writes and by who waits for readers to
   *             leave. holdings: how often each member's threads read, see Cells.holding.
   *             word: grows by 1 when readers or a writer may go on.
   * Guards      holdings: each by its own process, atomic; those of the dead by the writer.
   * Lock order  writer; nothing is taken inside.
   * Ordering    reader                              writer
   *             counts itself in          (W)       takes the mutex                  (W)
   *             mutex owned: out again    (W)       a reader counted: waits          (W)
   *             Both are atomic updates followed by a volatile read of the other's: not both miss.
   *             Leaving and freeing come before the word grows (Q); who waits reads the word (Q)
   *             before it looks. Who has not made its watch before the look does not wait for what
   *             it saw: it looks again.
   * Progress    a writer waits for the readers that were in before it; their deaths end the wait. A
   *             reader waits for the writer's end, and so for its mutex as well: it watches that
   *             too, as a member's mark may come before the mutex's. It passes on the wake that it
   *             may have taken from a writer, by Robust.attempt if it dies.
   * Callbacks   recovery, with the lock held for writing and nothing else.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  private static final long WORD = 64;
  private static final long HOLDINGS = 128;

  private static final Futex FUTEX = Futex.kernel();

  private final MappedFile file;
  private final Members members;
  private final Word owner;
  private final RobustMutex writer;
  private final Word word;
  private final Word[] holdings;
  private final Holders readers = new Holders(this::forget);
  private volatile @Nullable Runnable recovery;

  SharedRwLock(SharedRegion region, Layout.Cell cell) {
    this.file = region.file();
    this.members = region.attached();
    this.owner = region.word(cell, 0, Integer.SIZE);
    this.writer = members.mutex(owner);
    this.word = region.word(cell, WORD, Integer.SIZE);
    this.holdings = region.holdings(cell, HOLDINGS);
  }

  /**
   * States how to make whole what the lock protects after a writer has ended. If it throws, the
   * lock is freed, the next owner is told again, and the exception comes out of the call.
   *
   * @param action called by an acquisition through this object that inherits the lock, with the
   *     lock held for writing
   * @return this
   */
  public SharedRwLock onOwnerDied(Runnable action) {
    recovery = action;
    return this;
  }

  /**
   * Takes the lock for writing. An interrupt does not end the wait, and is kept.
   *
   * @return LOCKED; OWNER_DIED if the last writer ended while it held the lock
   * @throws FutexException with EDEADLK if the calling thread holds the lock; with EINVAL if the
   *     lock names a thread that does not exist: somebody has overwritten it
   * @throws org.jfutex.word.WordFault if the region is closed
   */
  public LockStatus lockWrite() {
    LockStatus status = lockWrite(Deadline.NEVER);
    return status == LockStatus.INTERRUPTED
        ? Cells.uninterruptibly(() -> lockWrite(Deadline.NEVER))
        : status;
  }

  /**
   * Takes the lock for writing, or gives up at a deadline or an interrupt.
   *
   * @param deadline when to give up, on its own clock
   * @return LOCKED or OWNER_DIED, as {@link #lockWrite()}; TIMED_OUT; INTERRUPTED, with the
   *     interrupt flag still set
   * @throws FutexException as {@link #lockWrite()}
   */
  public LockStatus lockWrite(Deadline deadline) {
    if (readers.mine() > 0) {
      throw new FutexException(Errno.EDEADLK, "the calling thread reads under " + this);
    }
    file.pin();
    try {
      return takeForWriting(deadline);
    } finally {
      file.unpin();
    }
  }

  private LockStatus takeForWriting(Deadline deadline) {
    LockStatus status = writer.lock(deadline);
    if (!status.isLocked()) {
      return status;
    }
    boolean drained = false;
    try {
      WaitStatus end = drain(deadline);
      drained = end == WaitStatus.CHANGED;
      if (!drained) {
        return end == WaitStatus.TIMED_OUT ? LockStatus.TIMED_OUT : LockStatus.INTERRUPTED;
      }
    } finally {
      if (!drained) {
        free(status == LockStatus.OWNER_DIED);
      }
    }
    if (status == LockStatus.OWNER_DIED) {
      recover();
    }
    return status;
  }

  /** Waits until nobody reads: CHANGED then, or TIMED_OUT or INTERRUPTED. */
  private WaitStatus drain(Deadline deadline) {
    while (isRead()) {
      Members.Watch watch = members.watch();
      int before = (int) word.load(); // (Q) before the look
      if (!isRead()) {
        return WaitStatus.CHANGED;
      }
      WaitStatus end = watch.await(word, before, deadline);
      if (end == WaitStatus.TIMED_OUT || end == WaitStatus.INTERRUPTED) {
        return end;
      }
    }
    return WaitStatus.CHANGED;
  }

  private boolean isRead() {
    for (int i = 0; i < holdings.length; i++) {
      long holding = holdings[i].load(); // (W) after the mutex was taken
      if (Cells.count(holding) != 0 && members.isAlive(i, Cells.generation(holding))) {
        return true;
      }
    }
    return false;
  }

  private void recover() {
    Runnable action = recovery;
    if (action == null) {
      return;
    }
    boolean recovered = false;
    try {
      action.run();
      recovered = true;
    } finally {
      if (!recovered) {
        free(true);
      }
    }
  }

  private void free(boolean damaged) {
    if (damaged) {
      writer.abandon();
    } else {
      writer.unlock();
    }
    letGoOn();
  }

  private void letGoOn() {
    int _ = Cells.increment(word); // (Q) after leaving
    int _ = FUTEX.wakeAll(word);
  }

  /**
   * Frees the lock that the calling thread holds for writing.
   *
   * @throws FutexException with EPERM if it does not; nothing has changed then
   */
  public void unlockWrite() {
    file.pin(); // for what comes after the lock is free
    try {
      free(false);
    } finally {
      file.unpin();
    }
  }

  /**
   * Goes on as a reader: no writer comes in between.
   *
   * @throws FutexException with EPERM if the calling thread does not hold the lock for writing
   */
  public void downgrade() {
    if (!writer.isHeldByCurrentThread()) {
      throw new FutexException(Errno.EPERM, "the calling thread does not write under " + this);
    }
    file.pin();
    countIn();
    readers.add(1);
    free(false);
  }

  /**
   * Takes the lock for reading. An interrupt does not end the wait, and is kept.
   *
   * @return LOCKED; OWNER_DIED if the last writer ended while it held the lock and this call has
   *     recovered what it left, as {@link #onOwnerDied} says
   * @throws FutexException with EDEADLK if the calling thread writes
   * @throws org.jfutex.word.WordFault if the region is closed
   */
  public LockStatus lockRead() {
    LockStatus status = lockRead(Deadline.NEVER);
    return status == LockStatus.INTERRUPTED
        ? Cells.uninterruptibly(() -> lockRead(Deadline.NEVER))
        : status;
  }

  /**
   * Takes the lock for reading, or gives up at a deadline or an interrupt.
   *
   * @param deadline when to give up, on its own clock
   * @return LOCKED or OWNER_DIED, as {@link #lockRead()}; TIMED_OUT; INTERRUPTED, with the
   *     interrupt flag still set
   * @throws FutexException as {@link #lockRead()}
   */
  public LockStatus lockRead(Deadline deadline) {
    if (writer.isHeldByCurrentThread()) {
      throw new FutexException(Errno.EDEADLK, "the calling thread writes under " + this);
    }
    int _ = readers.mine(); // what it takes to count is there before there is something to count
    file.pin();
    try {
      return isIn((int) owner.load()) ? LockStatus.LOCKED : takeForReading(deadline);
    } finally {
      file.unpin();
    }
  }

  private LockStatus takeForReading(Deadline deadline) {
    while (true) {
      Members.Watch watch = members.watch();
      int before = (int) word.load(); // (Q) before the look
      int value = (int) owner.load();
      if (isIn(value)) {
        return LockStatus.LOCKED;
      }
      if (OwnerWord.owner(value) == 0 && OwnerWord.hasOwnerDied(value)) {
        LockStatus status = lockWrite(deadline);
        if (status.isLocked()) {
          downgrade();
        }
        return status;
      }
      if (value != 0) {
        WaitStatus end = awaitWriter(watch, before, value, deadline);
        if (end == WaitStatus.TIMED_OUT) {
          return LockStatus.TIMED_OUT;
        }
        if (end == WaitStatus.INTERRUPTED) {
          return LockStatus.INTERRUPTED;
        }
      }
    }
  }

  /** Lets the caller in if nobody writes, as the owner's word says. */
  private boolean isIn(int value) {
    if (value != 0 || !enter()) {
      return false;
    }
    file.pin(); // until it leaves
    readers.add(1);
    return true;
  }

  /** Counts the caller in, unless a writer has come. */
  private boolean enter() {
    countIn(); // (W) before the look
    if (owner.load() == 0) {
      return true;
    }
    countOut();
    letGoOn();
    return false;
  }

  private WaitStatus awaitWriter(Members.Watch watch, int before, int value, Deadline deadline) {
    int marked = value | OwnerWord.WAITERS;
    if (value != marked && !owner.compareAndSet(value, marked)) {
      return WaitStatus.CHANGED;
    }
    Members.checkOwner(owner, marked);
    WaitStatus end = watch.await(word, before, deadline, owner, marked);
    if (owner.load() != marked) {
      int _ = FUTEX.wake(owner, 1); // a wake for writers may have met this reader
    }
    return end;
  }

  private void countIn() {
    Members.Place mine = members.mine();
    Word holding = holdings[mine.index()];
    long value;
    int count;
    do {
      value = holding.load();
      count = Cells.generation(value) == mine.generation() ? Cells.count(value) : 0;
    } while (!holding.compareAndSet(value, Cells.holding(mine.generation(), count + 1)));
  }

  private void countOut() {
    Word holding = holdings[members.mine().index()];
    long value;
    do {
      value = holding.load();
    } while (!holding.compareAndSet(value, value - 1));
  }

  /**
   * Frees the lock that the calling thread holds for reading.
   *
   * @throws FutexException with EPERM if it does not; nothing has changed then
   */
  public void unlockRead() {
    if (readers.mine() == 0) {
      throw new FutexException(Errno.EPERM, "the calling thread does not read under " + this);
    }
    readers.add(-1);
    leave();
  }

  private void forget(int reads) {
    for (int i = 0; i < reads; i++) {
      leave();
    }
  }

  private void leave() {
    countOut(); // (W) before the look
    if (owner.load() != 0) {
      letGoOn();
    }
    file.unpin();
  }

  @Override
  public String toString() {
    return "shared read-write lock in " + owner;
  }
}
