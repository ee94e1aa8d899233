package org.jfutex.io;

import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;

/**
 * A counter of 64 bits without a sign to wait for, as eventfd(2). Who has something to tell adds to
 * it, and who is told takes what there is.
 *
 * <p><b>Events.</b> IN while it is more than 0; OUT while 1 can be added. Each addition is news to
 * who waits for IN, also if it was more than 0 before, and each taking to who waits for OUT.
 *
 * <p><b>Memory effects.</b> What a thread did before it added happens before the return of the call
 * that takes it.
 *
 * <p><b>Interruption.</b> Calls that may wait throw {@link InterruptedException} if the thread is
 * interrupted, before or while they wait; nothing has changed then.
 */
public final class EventCounter implements Pollable {
  /*
   * State       count: as eventfd's; never 2^64 - 1.
   * Guards      lock.
   * Lock order  lock; then those of the pollee.
   * Ordering    lock and the pollee's.
   * Progress    no call of others blocks one that need not wait.
   * Callbacks   the pollee's observers, with no lock held.
   * Checked by  EventCounterTest.
   */

  /** The highest count, 2^64 - 2, as an unsigned number. */
  public static final long MAX = -2;

  /** What is taken at once. */
  public enum Mode {
    /** Everything. */
    COUNTER,
    /** 1, as with EFD_SEMAPHORE. */
    SEMAPHORE
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Mode mode;
  private final Pollee pollee;
  private long count;

  /**
   * A counter at 0 of which everything is taken at once, {@link Discipline#HYBRID}.
   *
   * @see #EventCounter(long, Mode, Discipline)
   */
  public EventCounter() {
    this(0, Mode.COUNTER, Discipline.HYBRID);
  }

  /**
   * A counter.
   *
   * @param count what it counts at first, unsigned, at most {@link #MAX}
   * @param mode what is taken at once
   * @param discipline what it keeps of its readiness
   * @throws FutexException EINVAL if {@code count} is 2^64 - 1
   */
  public EventCounter(long count, Mode mode, Discipline discipline) {
    checkRange(count);
    this.count = count;
    this.mode = Objects.requireNonNull(mode, "mode");
    this.pollee = new Pollee(discipline, this::events);
  }

  private static void checkRange(long value) {
    if (value == -1) {
      throw new FutexException(Errno.EINVAL, "2^64 - 1, expected at most 2^64 - 2");
    }
  }

  private int events() {
    lock.lock();
    try {
      return (count == 0 ? 0 : Events.IN) | (count == MAX ? 0 : Events.OUT);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /**
   * What it counts now.
   *
   * @return the count, unsigned
   */
  public long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds if the sum is at most {@link #MAX}.
   *
   * @param value what to add, unsigned; 0 tells who waits all the same
   * @return whether it was added
   * @throws FutexException EINVAL if {@code value} is 2^64 - 1
   */
  public boolean tryAdd(long value) {
    checkRange(value);
    lock.lock();
    try {
      if (Long.compareUnsigned(value, MAX - count) > 0) {
        return false;
      }
      count += value;
      pollee.invalidate();
    } finally {
      lock.unlock();
    }
    pollee.tellEvents(Events.IN);
    return true;
  }

  /**
   * Adds, waiting until the sum is at most {@link #MAX}.
   *
   * @param value what to add, unsigned
   * @throws InterruptedException if the thread is interrupted
   * @throws FutexException EINVAL if {@code value} is 2^64 - 1
   */
  public void add(long value) throws InterruptedException {
    boolean _ = tryAdd(value, Deadline.NEVER);
  }

  /**
   * Adds, waiting until the sum is at most {@link #MAX}, or gives up.
   *
   * @param value what to add, unsigned
   * @param deadline when to give up
   * @return whether it was added
   * @throws InterruptedException if the thread is interrupted
   * @throws FutexException EINVAL if {@code value} is 2^64 - 1
   */
  public boolean tryAdd(long value, Deadline deadline) throws InterruptedException {
    return Waits.await(this, Events.OUT, deadline, () -> tryAdd(value));
  }

  /**
   * Takes what there is.
   *
   * @return the count, or 1 if it is a semaphore; 0 if it is at 0
   */
  public long tryTake() {
    long taken;
    lock.lock();
    try {
      if (count == 0) {
        return 0;
      }
      taken = mode == Mode.SEMAPHORE ? 1 : count;
      count -= taken;
      pollee.invalidate();
    } finally {
      lock.unlock();
    }
    // as eventfd_read: who needs more room than there is must not take the wake of who needs less
    pollee.tellEveryone(Events.OUT);
    return taken;
  }

  /**
   * Takes what there is, waiting for something.
   *
   * @return the count, unsigned, or 1 if it is a semaphore
   * @throws InterruptedException if the thread is interrupted
   */
  public long take() throws InterruptedException {
    return tryTake(Deadline.NEVER);
  }

  /**
   * Takes what there is, waiting for something, or gives up.
   *
   * @param deadline when to give up
   * @return the count, unsigned, or 1 if it is a semaphore; 0 at the deadline
   * @throws InterruptedException if the thread is interrupted
   */
  public long tryTake(Deadline deadline) throws InterruptedException {
    return Waits.awaitCount(this, deadline, this::tryTake);
  }
}
