package org.jfutex.shm;

import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A latch in a region: threads wait until it has been counted down often enough; then it is open
 * for ever. What was done before {@link #countDown} happens before the return of a wait.
 *
 * <p>Whoever dies before it has counted down is not missed: nobody knows that it would have.
 */
public final class SharedLatch {
  /*
   * State       word: how often it has been counted down, up to the latch's count.
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    the compare-and-sets of the word.
   * Progress    the last one wakes all; if it dies before it has, its death does, see Members.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest.
   */
  private final Futex futex = Futex.kernel();
  private final SharedRegion region;
  private final Members members;
  private final Word word;
  private final int count;

  SharedLatch(SharedRegion region, Layout.Cell cell) {
    this.region = region;
    this.members = region.attached();
    this.word = region.word(cell, 0, Integer.SIZE);
    this.count = cell.parameter();
  }

  /** Counts down; does nothing when it is open. */
  public void countDown() {
    int value;
    do {
      value = (int) word.load();
      if (isOpen(value)) {
        return;
      }
    } while (!word.compareAndSet(value, value + 1));
    if (isOpen(value + 1)) {
      int _ = futex.wakeAll(word);
    }
  }

  private boolean isOpen(int value) {
    return Integer.compareUnsigned(value, count) >= 0;
  }

  /**
   * How often it has still to be counted down.
   *
   * @return 0 if it is open
   */
  public int remaining() {
    int value = (int) word.load();
    return isOpen(value) ? 0 : count - value;
  }

  /**
   * Waits until it is open.
   *
   * @return WOKEN if it is; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until it is open, or a deadline.
   *
   * @param deadline when to give up, on its own clock
   * @return WOKEN if it is open; TIMED_OUT; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await(Deadline deadline) {
    return remaining() == 0 ? WaitStatus.WOKEN : region.use(() -> awaitOpen(deadline));
  }

  private WaitStatus awaitOpen(Deadline deadline) {
    while (true) {
      Members.Watch watch = members.watch();
      int value = (int) word.load();
      if (isOpen(value)) {
        return WaitStatus.WOKEN;
      }
      WaitStatus end = watch.await(word, value, deadline);
      if (end == WaitStatus.TIMED_OUT || end == WaitStatus.INTERRUPTED) {
        return end;
      }
    }
  }

  @Override
  public String toString() {
    return "shared latch of " + count + " in " + word;
  }
}
