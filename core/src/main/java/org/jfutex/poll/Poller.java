package org.jfutex.poll;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jfutex.WaitStatus;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/**
 * A thread that waits for events of any number of {@link Pollable} objects. It is given to their
 * {@code poll}; then it waits, and polls them again. For one thread, platform or virtual; to be
 * closed by it, which takes it out of all objects.
 *
 * <pre>{@code
 * try (Poller poller = new Poller()) {
 *   boolean ready = a.poll(Events.IN, poller) != 0 | b.poll(Events.OUT, poller) != 0;
 *   while (!ready) {
 *     poller.await(Deadline.NEVER);
 *     ready = a.poll(Events.IN, null) != 0 | b.poll(Events.OUT, null) != 0;
 *   }
 * }
 * }</pre>
 */
public final class Poller implements AutoCloseable {
  /*
   * State       told: false -> true by who tells of events, back by the thread that waits.
   *             registrations: where it is registered.
   * Guards      told: atomic. registrations: the thread.
   * Lock order  none.
   * Ordering    who tells sets told (T), then unparks; the thread takes told (T) and only then
   *             parks again, and polls after it has taken it: what is told after that poll's look
   *             sets it once more.
   * Progress    many tellings before the thread looks are one; none is lost.
   * Callbacks   none.
   * Checked by  PolleeTest, PollOrNotify (jcstress).
   */
  private final AtomicBoolean told = new AtomicBoolean();
  private final ThreadParker parker = ThreadParker.current();
  private final List<Registration> registrations = new ArrayList<>();

  /** A poller of the calling thread. */
  public Poller() {}

  private boolean tell(int events) {
    boolean isNews = told.compareAndSet(false, true); // (T) before the unpark
    if (isNews) {
      boolean _ = parker.unpark();
    }
    return isNews;
  }

  void register(Pollee pollee, int mask) {
    registrations.add(pollee.register(this::tell, mask, Registration.Mode.SHARED));
  }

  /**
   * Waits until it is told of an event: one since it was created, or since the last wait ended.
   *
   * @param deadline when to give up, on its own clock
   * @return WOKEN if it was told; TIMED_OUT; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await(Deadline deadline) {
    while (!told.compareAndSet(true, false)) { // (T) before what follows
      if (Thread.currentThread().isInterrupted()) {
        return WaitStatus.INTERRUPTED;
      }
      if (deadline.isReached(Ticker.system())) {
        return WaitStatus.TIMED_OUT;
      }
      ThreadParker.park(this, deadline, Ticker.system());
    }
    return WaitStatus.WOKEN;
  }

  /** Takes it out of all objects it was given to. Idempotent. */
  @Override
  public void close() {
    registrations.forEach(Registration::close);
    registrations.clear();
  }
}
