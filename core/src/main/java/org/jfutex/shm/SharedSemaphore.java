package org.jfutex.shm;

import java.util.Objects;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of permits in a region. A permit belongs to the thread that has acquired it; those
 * of a thread or a process that ends are free again, and who acquires the first of them is told.
 */
public final class SharedSemaphore {
  /*
   * State       holdings: how many permits each member's threads hold, see Cells.holding. Free is
   *             what is left of the permits, so nothing has to agree with anything.
   *             word: grows by 1 with each release. left: how many threads have ended with permits
   *             while their process lives, and nobody has been told.
   * Guards      all but the word: the guard, a robust mutex. A death at any point leaves all as it
   *             was before a step or after it.
   * Lock order  the guard; nothing is taken inside.
   * Ordering    a waiter reads the word (O) before it looks for a permit; a release changes the
   *             word (O) with the guard held, after it has given the permit back. Who has not made
   *             its watch before the look does not wait for what it saw: it looks again.
   * Progress    a release wakes all who wait, and so does a death, see Members.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  private static final long WORD = 64;
  private static final long LEFT = 68;
  private static final long HOLDINGS = 128;

  private final MappedFile file;
  private final Members members;
  private final RobustMutex guard;
  private final Word word;
  private final Word left;
  private final Word[] holdings;
  private final int permits;
  private final Holders holders = new Holders(this::giveBack);

  SharedSemaphore(SharedRegion region, Layout.Cell cell) {
    this.file = region.file();
    this.members = region.attached();
    this.guard = members.mutex(region.word(cell, 0, Integer.SIZE));
    this.word = region.word(cell, WORD, Integer.SIZE);
    this.left = region.word(cell, LEFT, Integer.SIZE);
    this.holdings = region.holdings(cell, HOLDINGS);
    this.permits = cell.parameter();
  }

  /**
   * Acquires a permit. An interrupt does not end the wait, and is kept.
   *
   * @return LOCKED; OWNER_DIED if a process or thread ended with this permit, and nobody has been
   *     told so far
   * @throws FutexException with EINVAL if somebody has overwritten the semaphore and it shows
   * @throws org.jfutex.word.WordFault if the region is closed
   */
  public LockStatus acquire() {
    LockStatus status = acquire(Deadline.NEVER);
    return status == LockStatus.INTERRUPTED
        ? Cells.uninterruptibly(() -> acquire(Deadline.NEVER))
        : status;
  }

  /**
   * Acquires a permit, or gives up at a deadline or an interrupt.
   *
   * @param deadline when to give up; a permit that is free is taken even if it has been reached
   * @return LOCKED or OWNER_DIED, as {@link #acquire()}; TIMED_OUT; INTERRUPTED, with the interrupt
   *     flag still set
   */
  public LockStatus acquire(Deadline deadline) {
    return hold(Objects.requireNonNull(deadline, "deadline"));
  }

  /**
   * A permit keeps the region open, and so does the attempt to have one. Without a deadline it is
   * not waited for.
   */
  private LockStatus hold(@Nullable Deadline deadline) {
    LockStatus status = LockStatus.BUSY;
    int _ = holders.mine(); // what it takes to count is there before there is something to count
    file.pin();
    try {
      status = deadline == null ? look() : take(deadline);
    } finally {
      if (status.isLocked()) {
        holders.add(1);
      } else {
        file.unpin();
      }
    }
    return status;
  }

  private LockStatus take(Deadline deadline) {
    LockStatus status = look(deadline);
    while (status == LockStatus.BUSY) {
      Members.Watch watch = members.watch();
      int releases = (int) word.load(); // (O) before the look
      status = look(deadline);
      if (status == LockStatus.BUSY) {
        WaitStatus end = watch.await(word, releases, deadline);
        if (end == WaitStatus.TIMED_OUT) {
          status = LockStatus.TIMED_OUT;
        } else if (end == WaitStatus.INTERRUPTED) {
          status = LockStatus.INTERRUPTED;
        }
      }
    }
    return status;
  }

  /** LOCKED, OWNER_DIED or BUSY; or what has ended the wait for the guard. */
  private LockStatus look(Deadline deadline) {
    LockStatus guarded = guard.lock(deadline);
    return guarded.isLocked() ? takeAndUnlock() : guarded;
  }

  private LockStatus look() {
    Cells.lockUninterruptibly(guard);
    return takeAndUnlock();
  }

  private LockStatus takeAndUnlock() {
    try {
      return take();
    } finally {
      guard.unlock();
    }
  }

  /**
   * Acquires a permit if one is free.
   *
   * @return LOCKED or OWNER_DIED, as {@link #acquire()}; BUSY
   */
  public LockStatus tryAcquire() {
    return hold(null);
  }

  /** With the guard held. */
  private LockStatus take() {
    long held = 0;
    @Nullable Word dead = null;
    for (int i = 0; i < holdings.length; i++) {
      long holding = holdings[i].load();
      int count = Cells.count(holding);
      if (count != 0 && members.isAlive(i, Cells.generation(holding))) {
        held += Integer.toUnsignedLong(count);
      } else if (count != 0 && (dead == null || i == members.mine().index())) {
        dead = holdings[i]; // my place first, as writing there removes it
      }
    }
    if (held >= permits) {
      return LockStatus.BUSY;
    }
    boolean inMyPlace = Objects.equals(dead, holdings[members.mine().index()]);
    add(1); // first: who dies between the two is told of with the other
    if (dead != null) {
      if (!inMyPlace) {
        Cells.set(dead, 0);
      }
      return LockStatus.OWNER_DIED;
    }
    int ended = (int) left.load();
    if (ended > 0) {
      Cells.set(left, ended - 1L);
      return LockStatus.OWNER_DIED;
    }
    return LockStatus.LOCKED;
  }

  /** With the guard held. */
  private void add(int change) {
    Members.Place mine = members.mine();
    Word holding = holdings[mine.index()];
    long value = holding.load();
    int count = Cells.generation(value) == mine.generation() ? Cells.count(value) : 0;
    Cells.set(holding, Cells.holding(mine.generation(), count + change));
  }

  /**
   * Releases a permit that the calling thread has acquired.
   *
   * @throws FutexException with EPERM if it has none; nothing has changed then
   */
  public void release() {
    if (holders.mine() == 0) {
      throw new FutexException(Errno.EPERM, "the calling thread has no permit of " + this);
    }
    giveBack(1, 0);
    holders.add(-1);
  }

  private void giveBack(int count) {
    giveBack(count, 1);
  }

  private void giveBack(int count, int ended) {
    Cells.lockUninterruptibly(guard);
    try {
      add(-count);
      Cells.set(left, left.load() + ended);
      int _ = Cells.increment(word); // (O) with the guard held
    } finally {
      guard.unlock();
    }
    int _ = Futex.kernel().wakeAll(word);
    for (int i = 0; i < count; i++) {
      file.unpin();
    }
  }

  /**
   * How many permits are free just now.
   *
   * @return from 0 to the number of permits
   */
  public int available() {
    long held = 0;
    for (int i = 0; i < holdings.length; i++) {
      long holding = holdings[i].load();
      if (members.isAlive(i, Cells.generation(holding))) {
        held += Integer.toUnsignedLong(Cells.count(holding));
      }
    }
    return (int) Math.max(0, permits - held);
  }

  @Override
  public String toString() {
    return "shared semaphore of " + permits + " in " + word;
  }
}
