package org.jfutex.shm;

import org.jfutex.LockStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.word.Word;

/**
 * Something that is done once by all processes of a region together. If who does it fails or dies,
 * the next one does it again, from the start. What was done happens before the return of every
 * {@link #run}.
 */
public final class SharedOnce {
  /*
   * State       word: 0 not done, 1 done.
   * Guards      the word: the guard, a robust mutex, for who does it.
   * Lock order  the guard; what the action takes is taken inside.
   * Ordering    the word is set after the action (X), and read before run returns (X).
   * Progress    the guard's, see RobustMutex.
   * Callbacks   the action, with the guard held.
   * Checked by  SharedPrimitivesTest.
   */
  private static final long WORD = 64;

  private final RobustMutex guard;
  private final Word word;

  SharedOnce(SharedRegion region, Layout.Cell cell) {
    this.guard = region.attached().mutex(region.word(cell, 0, Integer.SIZE));
    this.word = region.word(cell, WORD, Integer.SIZE);
  }

  /**
   * Runs the action, unless it has been done; waits while another thread runs it.
   *
   * @param action what to do; it may meet what an earlier attempt has left behind
   * @return whether this call has done it
   * @throws org.jfutex.FutexException with EDEADLK if the action calls this
   */
  public boolean run(Runnable action) {
    if (isDone()) {
      return false;
    }
    LockStatus _ = Cells.lockUninterruptibly(guard);
    try {
      if (isDone()) {
        return false;
      }
      action.run();
      Cells.set(word, 1); // (X) after the action
      return true;
    } finally {
      guard.unlock();
    }
  }

  /**
   * Whether it has been done.
   *
   * @return whether it has
   */
  public boolean isDone() {
    return word.load() != 0; // (X) before what follows
  }

  @Override
  public String toString() {
    return "shared once in " + word;
  }
}
