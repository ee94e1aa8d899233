package org.jfutex.io;

import java.util.concurrent.Semaphore;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;

/**
 * A {@link Semaphore} of the JDK to wait for, also together with other things: IN while it has
 * permits. Each release is news to who waits for that.
 *
 * <p>Who polls takes nothing, and does not queue for permits: {@link #tryAcquire()} takes one.
 */
public final class PollableSemaphore extends Semaphore implements Pollable {
  private static final long serialVersionUID = 1L;

  /** Keeps nothing: the permits are one read, and the JDK does not tell when some are taken. */
  private final transient Pollee pollee = new Pollee(Discipline.STATELESS, this::events);

  /**
   * A semaphore that is not fair.
   *
   * @param permits how many permits there are at first; may be negative
   */
  public PollableSemaphore(int permits) {
    super(permits);
  }

  /**
   * A semaphore.
   *
   * @param permits how many permits there are at first; may be negative
   * @param fair whether those who wait in its own calls are served in their order, as there
   */
  public PollableSemaphore(int permits, boolean fair) {
    super(permits, fair);
  }

  private Object readResolve() {
    return new PollableSemaphore(availablePermits(), isFair());
  }

  private int events() {
    return availablePermits() > 0 ? Events.IN : 0;
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  @Override
  public void release() {
    super.release();
    pollee.notifyEveryone(Events.IN); // they may want different numbers of permits
  }

  @Override
  public void release(int permits) {
    super.release(permits);
    pollee.notifyEveryone(Events.IN); // they may want different numbers of permits
  }
}
