package org.jfutex.shm;

import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * Tells other processes that something was written, and lets them sleep until it is: no processor
 * time is used while nothing happens, and no system call is made by who tells while nobody sleeps.
 *
 * <pre>{@code
 * int seen = signal.stamp();              // before looking
 * while ((message = ring.poll()) == null) {
 *   signal.await(seen, Deadline.NEVER);
 *   seen = signal.stamp();
 * }
 * }</pre>
 *
 * <p>Whether a wait spins is decided when this class is initialized, by how many processors the
 * thread that does so may use then: who keeps a thread to one processor should do so later.
 *
 * <p>What was done before {@link #raise} happens before the return of a wait that it ends. Nobody
 * owns anything here, so there is nothing to repair when a process dies: a sleeper that is killed
 * leaves the others a needless system call for each raise, no more.
 */
public final class Signal {
  /*
   * State       word: grows by 1 with each raise. sleepers: how many may sleep; too high by those
   *             that were killed, never too low.
   * Guards      both: atomic. unspun, failures: racy, a guess that any value is good for.
   * Lock order  none.
   * Ordering    sleeper                        who raises
   *             sleepers + 1           (S)     word + 1              (S)
   *             sleeps if word is old  (S)     sleepers == 0 : done  (S)
   *             Both are atomic updates followed by a read of the other's: not both read old
   *             values.
   * Progress    spinning is bounded, and left out where there is one processor and for virtual
   *             threads. When it was in vain it is tried again after 1, 2, 4, ... 1,024 waits. Who
   *             raises wakes all; if it dies before it has, the sleepers sleep on until the next
   *             one raises: a signal whose sender dies in it may not have been sent.
   * Callbacks   none.
   * Checked by  SharedPrimitivesTest.
   */
  private static final long SLEEPERS = 4;
  private static final int MOST_SPINS = 1_000;
  private static final int LEAST_SPINS = 16;
  private static final int MOST_FAILURES = 10;
  private static final boolean ALONE = Runtime.getRuntime().availableProcessors() == 1;

  private final Futex futex = Futex.kernel();
  private final SharedRegion region;
  private final Word word;
  private final Word sleepers;

  /** How many waits are to pass before the next one that spins for long. */
  private int unspun;

  /** How often in a row to spin for long was in vain; up to a limit. */
  private int failures;

  Signal(SharedRegion region, Layout.Cell cell) {
    this.region = region;
    this.word = region.word(cell, 0, Integer.SIZE);
    this.sleepers = region.word(cell, SLEEPERS, Integer.SIZE);
  }

  /**
   * How often it has been raised, modulo 2^32. To be read before looking for what it tells of.
   *
   * @return a stamp for {@link #await}
   */
  public int stamp() {
    return (int) word.load();
  }

  /** Tells everybody. */
  public void raise() {
    int _ = Cells.increment(word); // (S) before the look
    if (sleepers.load() != 0) {
      int _ = futex.wakeAll(word);
    }
  }

  /**
   * Waits until it has been raised since a stamp was read: spins for a while, if that has helped
   * lately, and sleeps then.
   *
   * @param stamp what {@link #stamp} gave
   * @param deadline when to give up, on its own clock
   * @return WOKEN if it has been raised; TIMED_OUT; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await(int stamp, Deadline deadline) {
    if (spin(stamp)) {
      return WaitStatus.WOKEN;
    }
    return region.use(() -> sleep(stamp, deadline));
  }

  private WaitStatus sleep(int stamp, Deadline deadline) {
    int _ = Cells.increment(sleepers); // (S) before the sleep
    try {
      while (stamp() == stamp) {
        WaitStatus end = futex.await(word, stamp, deadline);
        if (end == WaitStatus.TIMED_OUT || end == WaitStatus.INTERRUPTED) {
          return end;
        }
      }
      return WaitStatus.WOKEN;
    } finally {
      long value;
      do {
        value = sleepers.load();
      } while (!sleepers.compareAndSet(value, value - 1));
    }
  }

  private boolean spin(int stamp) {
    if (ALONE || Thread.currentThread().isVirtual()) {
      return stamp() != stamp;
    }
    int left = unspun;
    int budget = left > 0 ? LEAST_SPINS : MOST_SPINS;
    for (int i = 0; i < budget; i++) {
      if (stamp() != stamp) {
        if (left == 0) {
          failures = 0;
        }
        return true;
      }
      Thread.onSpinWait();
    }
    if (left > 0) {
      unspun = left - 1;
    } else {
      unspun = 1 << failures;
      failures = Math.min(failures + 1, MOST_FAILURES);
    }
    return false;
  }

  @Override
  public String toString() {
    return "signal in " + word;
  }
}
