package org.jfutex.shm;

import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * Something that happens, in a region: threads wait until it is set. It stays set until it is
 * reset, by a call or, if it resets itself, by the one waiter that it lets go. What was done before
 * {@link #set} happens before the return of a wait that it ends.
 */
public final class SharedEvent {
  /*
   * State       word: 0 not set, 1 set (anything else another process has written, and counts as
   *             set).
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    the compare-and-sets of the word.
   * Progress    set wakes all, and so does a death, see Members.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest, RegionKillTest.
   */
  private final Futex futex = Futex.kernel();
  private final SharedRegion region;
  private final Members members;
  private final Word word;
  private final boolean resetsItself;

  SharedEvent(SharedRegion region, Layout.Cell cell) {
    this.region = region;
    this.members = region.attached();
    this.word = region.word(cell, 0, Integer.SIZE);
    this.resetsItself = cell.parameter() != 0;
  }

  /** Sets it and lets who waits go: all, or the first to reset it if it resets itself. */
  public void set() {
    if (word.compareAndSet(0, 1)) {
      int _ = futex.wakeAll(word); // one alone might end or give up before it has taken it
    }
  }

  /** Resets it. */
  public void reset() {
    Cells.set(word, 0);
  }

  /**
   * Whether it is set.
   *
   * @return whether it is just now
   */
  public boolean isSet() {
    return word.load() != 0;
  }

  /**
   * Waits until it is set.
   *
   * @return WOKEN if it was; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until it is set, or a deadline.
   *
   * @param deadline when to give up, on its own clock
   * @return WOKEN if it was, which an event that resets itself is not any more; TIMED_OUT;
   *     INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await(Deadline deadline) {
    return isTaken() ? WaitStatus.WOKEN : region.use(() -> take(deadline));
  }

  /** Whether it was set, and is reset then if it resets itself. */
  private boolean isTaken() {
    long value;
    do {
      value = word.load();
      if (value == 0) {
        return false;
      }
    } while (resetsItself && !word.compareAndSet(value, 0));
    return true;
  }

  private WaitStatus take(Deadline deadline) {
    while (true) {
      Members.Watch watch = members.watch();
      if (isTaken()) {
        return WaitStatus.WOKEN;
      }
      WaitStatus end = watch.await(word, 0, deadline);
      if (end == WaitStatus.TIMED_OUT || end == WaitStatus.INTERRUPTED) {
        return end;
      }
    }
  }

  @Override
  public String toString() {
    return "shared event in " + word;
  }
}
