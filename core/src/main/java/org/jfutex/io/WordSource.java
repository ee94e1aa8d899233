package org.jfutex.io;

import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Futex;
import org.jfutex.Observation;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * A futex word to wait for together with other things: ready while the word does not hold a value.
 * What FUTEX_FD was meant to be, with the value that it lacked.
 *
 * <p>{@link Events#IN} while the word differs. It is looked at by every poll, so a change is seen
 * at once; who sleeps is told by the wakes on the word, as those are who wait on it: a waker
 * changes the word and then wakes. A wake is an edge. Who waits here takes no wake from those who
 * wait on the word, and is not counted.
 */
public final class WordSource implements Pollable, AutoCloseable {
  /*
   * State       observation: null -> set, by the first poll of who is registered -> null, by close.
   *             isClosed.
   * Guards      lock.
   * Lock order  lock; inside of it those of the futex, which call nobody.
   * Ordering    who polls registers, then observes the word (if nobody did before), then reads it;
   *             who wakes has changed the word, and then finds the observer, as it would find a
   *             waiter: pair (A), (B) of the engine's buckets. Either the poll sees the change, or
   *             the wake tells the pollee.
   * Progress    as the futex.
   * Callbacks   observers, by who wakes, with no lock held.
   * Checked by  WordSourceTest.
   */
  private final Futex futex;
  private final Word word;
  private final long expected;
  private final Pollee pollee = new Pollee(Discipline.STATELESS, this::check);
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Observation observation;
  private boolean isClosed;

  /**
   * Waits for a word to hold something else.
   *
   * @param futex where it is woken on
   * @param word the word
   * @param expected the value it holds while there is nothing to wait for; of which the low {@link
   *     Word#bits()} count
   * @throws IllegalArgumentException if the futex cannot tell observers, as that of the kernel
   */
  public WordSource(Futex futex, Word word, long expected) {
    if (!futex.capabilities().observers()) {
      throw new IllegalArgumentException(
          "futex %s: expected one with observers, as Futex.jvm()"
              .formatted(futex.capabilities().backend()));
    }
    this.futex = futex;
    this.word = word;
    this.expected = expected;
  }

  private int check() {
    if (observation == null && pollee.isObserved()) {
      observe();
    }
    return word.holds(expected) ? 0 : Events.IN;
  }

  private void observe() {
    lock.lock();
    try {
      if (observation == null && !isClosed) {
        observation = futex.observe(word, this::told);
      }
    } finally {
      lock.unlock();
    }
  }

  private void told() {
    pollee.notifyEvents(Events.IN);
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /** Stops looking at the word, which it leaves alone. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      Observation ended = observation;
      observation = null;
      if (ended != null) {
        ended.close();
      }
    } finally {
      lock.unlock();
    }
    pollee.close();
  }

  @Override
  public String toString() {
    return word + " != " + expected;
  }
}
