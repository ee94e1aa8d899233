package org.jfutex.sync;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A barrier in a word that is 0 at first: threads wait for each other until a given number has
 * arrived, again and again. Immutable; all objects that are made of one word must be for the same
 * number.
 *
 * <p>A wait that is interrupted or reaches its deadline takes its arrival back: the others wait on
 * for somebody in its place, and the barrier is never broken. (A broken one, as {@link
 * java.util.concurrent.CyclicBarrier} has it, needs a repair by somebody who knows that all have
 * left, and between processes there is nobody who knows.) A process that is killed while it waits
 * has arrived.
 *
 * <p><b>Memory effects.</b> What a thread did before it arrived happens before the return of every
 * wait of the same generation; between processes too.
 *
 * <p><b>Errors.</b> {@link FutexException} with EINVAL if the word holds what no barrier for that
 * number puts there; {@link org.jfutex.word.WordFault}, or {@link FutexException} with EFAULT, if
 * the memory has gone.
 */
public final class Barrier {
  /*
   * State       the word counts arrivals, modulo the greatest multiple of parties that fits:
   *               value / parties   the generation that is gathering
   *               value % parties   how many of it have arrived
   *               limit or more     damaged: refused, as are negative values
   *             arrive     n -> n+1; who completes a generation wakes all
   *             give up    n -> n-1 while the generation is the caller's own
   * Guards      the word: atomic.
   * Lock order  none.
   * Ordering    Who sleeps does so at a value of its own generation; who completes the generation
   *             stores a value of the next one and wakes then. All sleepers are woken, not as many
   *             as have arrived: some of the next generation may stand before them by then.
   * Progress    The generation is read from the arrival itself, by the same compare-and-set, and
   *             it never comes back (but after 2^30 arrivals while one thread did not run at all):
   *             who looks late finds another one and leaves, however many have passed.
   * Callbacks   none.
   * Checked by  BarrierTest.
   */
  private static final int MAX_PARTIES = Integer.MAX_VALUE / 2; // two generations must fit

  private final Cell cell;
  private final int parties;
  private final int limit;

  private Barrier(Cell cell, int parties) {
    if (parties < 1 || parties > MAX_PARTIES) {
      throw new IllegalArgumentException("parties " + parties + ": expected 1 to " + MAX_PARTIES);
    }
    this.cell = cell;
    this.parties = parties;
    this.limit = Integer.MAX_VALUE - Integer.MAX_VALUE % parties;
  }

  /**
   * The barrier in a word, for the threads of this process.
   *
   * @param futex where its waiters meet
   * @param word 0 at first
   * @param parties how many wait for each other, 1 to 2^30 - 1
   * @return the barrier
   * @throws IllegalArgumentException if the number of parties is another
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or in a mapped file
   */
  public static Barrier of(Futex futex, Word word, int parties) {
    return new Barrier(Cell.local(futex, word), parties);
  }

  /**
   * The barrier in a word of a mapped file, for all processes that map it.
   *
   * @param word 0 at first
   * @param parties how many wait for each other, 1 to 2^30 - 1
   * @return the barrier
   * @throws IllegalArgumentException if the number of parties is another
   * @throws FutexException with EINVAL if the word is not 32 bits wide, or not in a mapped file
   */
  public static Barrier shared(Word word, int parties) {
    return new Barrier(Cell.shared(word), parties);
  }

  /**
   * How many threads wait for each other.
   *
   * @return the number
   */
  public int parties() {
    return parties;
  }

  /**
   * How many have arrived of those that the next release needs.
   *
   * @return the number just now, less than {@link #parties}
   */
  public int arrived() {
    return load() % parties;
  }

  /**
   * Arrives, and waits for the others.
   *
   * @return whether the caller was the last to arrive: true for one thread of each generation
   * @throws InterruptedException if the thread is interrupted, before it arrives or while it waits;
   *     it has not arrived then
   */
  public boolean await() throws InterruptedException {
    Sleep.checkInterrupt();
    int mine = arrive();
    boolean last = isLast(mine);
    if (!last) {
      boolean _ = await(mine, Sleep.until(Deadline.NEVER));
    }
    return last;
  }

  /**
   * Arrives, and waits for the others. An interrupt is kept for later.
   *
   * @return whether the caller was the last to arrive: true for one thread of each generation
   */
  public boolean awaitUninterruptibly() {
    int mine = arrive();
    boolean last = isLast(mine);
    if (!last) {
      boolean _ = await(mine, Sleep.UNINTERRUPTIBLE);
    }
    return last;
  }

  /**
   * Arrives, and waits for the others until a deadline.
   *
   * @param deadline when to give up
   * @return whether the caller was the last to arrive: true for one thread of each generation
   * @throws InterruptedException as {@link #await()}
   * @throws TimeoutException if the others have not arrived; the caller has not arrived then
   */
  public boolean await(Deadline deadline) throws InterruptedException, TimeoutException {
    Sleep.checkInterrupt();
    int mine = arrive();
    boolean last = isLast(mine);
    if (!last && !await(mine, Sleep.until(deadline))) {
      throw new TimeoutException(
          "%s: %d of %d parties have arrived".formatted(cell.word(), arrived(), parties));
    }
    return last;
  }

  /**
   * Arrives, and waits for the others for a while.
   *
   * @param timeout how long to wait; zero or less not at all
   * @param unit the unit of {@code timeout}
   * @return whether the caller was the last to arrive: true for one thread of each generation
   * @throws InterruptedException as {@link #await()}
   * @throws TimeoutException if the others have not arrived; the caller has not arrived then
   */
  public boolean await(long timeout, TimeUnit unit) throws InterruptedException, TimeoutException {
    return await(Deadline.after(timeout, unit));
  }

  /** Counts the caller in, and wakes the others if it is the last; returns its place. */
  private int arrive() {
    while (true) {
      int value = load();
      int next = value + 1;
      if (cell.compareAndSet(value, next == limit ? 0 : next)) {
        if (isLast(value) && parties > 1) {
          int _ = cell.wakeAll();
        }
        return value;
      }
    }
  }

  private boolean isLast(int place) {
    return place % parties == parties - 1;
  }

  /** Whether the generation was released; if not, the arrival has been taken back. */
  private <E extends Exception> boolean await(int mine, Sleep<E> sleep) throws E {
    while (true) {
      int value = load();
      if (isOver(mine, value)) {
        return true;
      }
      try {
        if (sleep.on(cell, value, WaitOptions.DEFAULT) == WaitStatus.TIMED_OUT) {
          return !takeBack(mine);
        }
      } catch (Exception e) {
        if (takeBack(mine) || !(e instanceof InterruptedException)) {
          throw e;
        }
        Thread.currentThread().interrupt(); // released before the interrupt: it is kept for later
        return true;
      }
    }
  }

  private boolean takeBack(int mine) {
    while (true) {
      int value = load();
      if (isOver(mine, value)) {
        return false;
      }
      if (value % parties == 0) {
        throw cell.damaged(value, "arrivals, among them that of the caller");
      }
      if (cell.compareAndSet(value, value - 1)) {
        return true;
      }
    }
  }

  private boolean isOver(int mine, int value) {
    return value / parties != mine / parties;
  }

  private int load() {
    int value = cell.load();
    if (value < 0 || value >= limit) {
      throw cell.damaged(value, "0 to %d, arrivals of %d parties".formatted(limit - 1, parties));
    }
    return value;
  }

  @Override
  public String toString() {
    return "barrier for %d in %s".formatted(parties, cell.word());
  }
}
