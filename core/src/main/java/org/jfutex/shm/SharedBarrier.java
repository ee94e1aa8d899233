package org.jfutex.shm;

import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A place in a region where a number of threads meet, again and again. What each did before happens
 * before the return of all. One that gives up may come back; one whose process dies while it waits
 * breaks the round: the others are told and may meet again.
 */
public final class SharedBarrier {
  /*
   * State       word: the number of the round. broken: which of the 32 rounds before it were
   *             broken, each by the bit of its number modulo 32.
   *             holdings: how many of each member's threads wait in the round noted with it.
   * Guards      all: the guard, a robust mutex. The word is the last that changes when a round
   *             ends, and what holdings say of another round counts for nothing.
   * Lock order  the guard; nothing is taken inside.
   * Ordering    the guard's, and the word's volatile read.
   * Progress    who completes or breaks a round wakes all; deaths do too, see Members.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  static final long WORD = 64;
  private static final long BROKEN = 68;
  private static final long HOLDINGS = 128;
  private static final int ROUND_SHIFT = 16;
  private static final int COUNT_MASK = 0xffff;

  /** The most threads that can meet. */
  static final int MOST_PARTIES = COUNT_MASK;

  private final SharedRegion region;
  private final Members members;
  private final RobustMutex guard;
  private final Word word;
  private final Word broken;
  private final Word[] holdings;
  private final int parties;

  /** How a wait ended. */
  public enum Outcome {
    /** All have met. */
    MET,
    /** A process died while one of its threads waited in this round. */
    BROKEN,
    /** The deadline was reached first; the caller is not counted any more. */
    TIMED_OUT,
    /** The thread was interrupted first, and is not counted any more; the flag is still set. */
    INTERRUPTED
  }

  SharedBarrier(SharedRegion region, Layout.Cell cell) {
    this.region = region;
    this.members = region.attached();
    this.guard = members.mutex(region.word(cell, 0, Integer.SIZE));
    this.word = region.word(cell, WORD, Integer.SIZE);
    this.broken = region.word(cell, BROKEN, Integer.SIZE);
    this.holdings = region.holdings(cell, HOLDINGS);
    this.parties = cell.parameter();
  }

  /**
   * Waits until all have come.
   *
   * @return MET, BROKEN or INTERRUPTED
   */
  public Outcome await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until all have come, or a deadline.
   *
   * @param deadline when to give up, on its own clock
   * @return the outcome
   */
  public Outcome await(Deadline deadline) {
    return region.use(() -> meet(deadline));
  }

  private Outcome meet(Deadline deadline) {
    Members.Watch watch = members.watch();
    int round;
    LockStatus guarded = guard.lock(deadline);
    if (!guarded.isLocked()) {
      return guarded == LockStatus.TIMED_OUT ? Outcome.TIMED_OUT : Outcome.INTERRUPTED;
    }
    try {
      breakIfDead();
      round = (int) word.load();
      forgetOthersThan(round);
      if (waiting(round) + 1 >= parties) {
        end(0);
        return Outcome.MET;
      }
      add(round, 1);
    } finally {
      guard.unlock();
    }
    while (true) {
      WaitStatus end = awaitOrLeave(watch, round, deadline);
      watch = members.watch();
      Cells.lockUninterruptibly(guard);
      try {
        breakIfDead();
        if ((int) word.load() != round) {
          return wasBroken(round) ? Outcome.BROKEN : Outcome.MET;
        }
        if (end == WaitStatus.TIMED_OUT || end == WaitStatus.INTERRUPTED) {
          add(round, -1);
          return end == WaitStatus.TIMED_OUT ? Outcome.TIMED_OUT : Outcome.INTERRUPTED;
        }
      } finally {
        guard.unlock();
      }
    }
  }

  /** Who leaves by an error, as where no thread can be had, is not counted any more. */
  private WaitStatus awaitOrLeave(Members.Watch watch, int round, Deadline deadline) {
    boolean hasWaited = false;
    try {
      WaitStatus end = watch.await(word, round, deadline);
      hasWaited = true;
      return end;
    } finally {
      if (!hasWaited) {
        Cells.lockUninterruptibly(guard);
        try {
          if ((int) word.load() == round) {
            add(round, -1);
          }
        } finally {
          guard.unlock();
        }
      }
    }
  }

  /** How many of the living wait in a round. With the guard held. */
  private int waiting(int round) {
    int waiting = 0;
    for (int i = 0; i < holdings.length; i++) {
      long holding = holdings[i].load();
      if (members.isAlive(i, Cells.generation(holding))) {
        waiting += count(holding, round);
      }
    }
    return waiting;
  }

  private static int count(long holding, int round) {
    int count = Cells.count(holding);
    return count >>> ROUND_SHIFT == (round & COUNT_MASK) ? count & COUNT_MASK : 0;
  }

  /** Ends the round if one of who wait in it has died. With the guard held. */
  private void breakIfDead() {
    int round = (int) word.load();
    for (int i = 0; i < holdings.length; i++) {
      long holding = holdings[i].load();
      if (count(holding, round) > 0 && !members.isAlive(i, Cells.generation(holding))) {
        end(1);
        return;
      }
    }
  }

  /** Whether a round was broken; of one that is long over nobody knows, and nobody should wait. */
  private boolean wasBroken(int round) {
    int ago = (int) word.load() - round - 1;
    return ago < 0 || ago >= Integer.SIZE || ((int) broken.load() >>> round & 1) != 0;
  }

  /**
   * Clears what is noted of earlier rounds: their numbers come round again. With the guard held.
   */
  private void forgetOthersThan(int round) {
    for (Word holding : holdings) {
      long value = holding.load();
      if (Cells.count(value) != 0 && count(value, round) == 0) {
        Cells.set(holding, 0);
      }
    }
  }

  /** Ends the round. A death between the two leaves a bit that the next end sets anew. */
  private void end(int wasBroken) {
    int round = (int) word.load(); // the shifts take it modulo 32
    Cells.set(broken, ((int) broken.load() & ~(1 << round)) | wasBroken << round);
    int _ = Cells.increment(word);
    int _ = Futex.kernel().wakeAll(word);
  }

  /** With the guard held. */
  private void add(int round, int change) {
    Members.Place mine = members.mine();
    Word holding = holdings[mine.index()];
    long value = holding.load();
    int count = Cells.generation(value) == mine.generation() ? count(value, round) : 0;
    int tagged = (round & COUNT_MASK) << ROUND_SHIFT | count + change;
    Cells.set(holding, Cells.holding(mine.generation(), tagged));
  }

  @Override
  public String toString() {
    return "shared barrier of " + parties + " in " + word;
  }
}
