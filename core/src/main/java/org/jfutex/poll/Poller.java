package org.jfutex.poll;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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
   * State       state: WAITING -> TOLD by who tells of events, back by the thread that waits;
   *             any -> CLOSED by that thread.
   *             registrations: where it is registered. hasBeenTold: it has taken a telling.
   * Guards      state: atomic. The others: the thread.
   * Lock order  none.
   * Ordering    who tells sets TOLD (T), then unparks; the thread takes it (T) and only then parks
   *             again, and polls after it has taken it: what is told after that poll's look sets
   *             it once more. Who comes after CLOSED is refused, and tells the next.
   * Progress    many tellings before the thread looks are one; none is lost. An exclusive poller
   *             that has been told, and leaves while events are left, tells the next.
   * Callbacks   none.
   * Checked by  PolleeTest, SelectTest, PollOrNotify (jcstress).
   */
  private static final int WAITING = 0;
  private static final int TOLD = 1;
  private static final int CLOSED = 2;

  private final AtomicInteger state = new AtomicInteger(WAITING);
  private final Object thread = ThreadParker.current();
  private final List<Registration> registrations = new ArrayList<>(1);
  private final Registration.Mode mode;
  private boolean hasBeenTold;

  /** A poller of the calling thread, which is told of events as all others are. */
  public Poller() {
    this(Registration.Mode.SHARED);
  }

  /**
   * A poller of the calling thread.
   *
   * @param mode SHARED to be told as all others are; EXCLUSIVE to be told in turn with the others
   *     that are: for who takes what it is told of
   */
  public Poller(Registration.Mode mode) {
    this.mode = mode;
  }

  private boolean tell(int events) {
    boolean isNews = state.compareAndSet(WAITING, TOLD); // (T) before the unpark
    if (isNews) {
      ThreadParker.unpark(thread);
    }
    return isNews;
  }

  void register(Pollee pollee, int mask) {
    registrations.add(pollee.register(this::tell, mask, mode));
  }

  /**
   * Waits until it is told of an event: one since it was created, or since the last wait ended.
   *
   * @param deadline when to give up, on its own clock
   * @return WOKEN if it was told; TIMED_OUT; INTERRUPTED, with the interrupt flag still set
   */
  public WaitStatus await(Deadline deadline) {
    while (!state.compareAndSet(TOLD, WAITING)) { // (T) before what follows
      if (Thread.currentThread().isInterrupted()) {
        return WaitStatus.INTERRUPTED;
      }
      if (deadline.isReached(Ticker.system())) {
        return WaitStatus.TIMED_OUT;
      }
      ThreadParker.park(this, deadline, Ticker.system());
    }
    hasBeenTold = true;
    return WaitStatus.WOKEN;
  }

  /** Registers with one object and tries until it succeeds; the one loop of all that block. */
  <E extends Exception> WaitStatus retry(
      Deadline deadline, Pollee pollee, int mask, Pollable.Attempt<E> attempt) throws E {
    register(pollee, mask);
    WaitStatus end = WaitStatus.WOKEN;
    while (true) {
      if (attempt.attempt()) {
        return WaitStatus.WOKEN;
      }
      if (end != WaitStatus.WOKEN) {
        return end;
      }
      end = await(deadline);
    }
  }

  /** Takes it out of all objects it was given to. Idempotent. */
  @Override
  public void close() {
    boolean wasTold = state.getAndSet(CLOSED) == TOLD || hasBeenTold;
    registrations.forEach(Registration::close);
    if (wasTold && mode == Registration.Mode.EXCLUSIVE) {
      registrations.forEach(Registration::passOn);
    }
    registrations.clear();
    hasBeenTold = false;
  }
}
