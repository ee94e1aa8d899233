package org.jfutex.poll;

import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * An object that can be waited for: whatever has a {@link Pollee}. This is all that a source of
 * one's own has to implement; a door, for example:
 *
 * <pre>{@code
 * final class Door implements Pollable {
 *   private final AtomicBoolean open = new AtomicBoolean();
 *   private final Pollee pollee = new Pollee(() -> open.get() ? Events.IN : 0);
 *
 *   void open() {
 *     open.set(true);
 *     pollee.notifyEvents(Events.IN); // after the change, with no lock held
 *   }
 *
 *   void shut() {
 *     open.set(false);
 *     pollee.invalidate(); // an event has gone, none has come
 *   }
 *
 *   public Pollee pollee() {
 *     return pollee;
 *   }
 * }
 * }</pre>
 *
 * <p>A second handle of the same object, as dup(2) makes them, is {@code Pollable other = () ->
 * door.pollee()}: an {@link Epoll} tells them apart.
 */
@FunctionalInterface
public interface Pollable {
  /**
   * What knows the readiness of this object.
   *
   * @return always the same
   */
  Pollee pollee();

  /**
   * What the object is ready for. If a poller is given, it is told of all that happens from then
   * on: what this misses the poller is told of, and what it does not tell is returned here.
   *
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param poller who is to be told, or null for a mere look
   * @return the events of interest that hold
   */
  default int poll(int mask, @Nullable Poller poller) {
    return pollee().poll(mask, poller);
  }

  /**
   * Waits until the object is ready for something of interest. Takes nothing: several threads that
   * wait for the same event are all told of it.
   *
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param deadline when to give up, on its own clock; an object that is ready is ready even if it
   *     has been reached
   * @return WOKEN if it was ready, which another thread may have changed; TIMED_OUT; INTERRUPTED,
   *     with the interrupt flag still set
   */
  default WaitStatus await(int mask, Deadline deadline) {
    if (poll(mask, null) != 0) {
      return WaitStatus.WOKEN;
    }
    try (Poller poller = new Poller()) {
      return poller.retry(deadline, pollee(), mask, () -> poll(mask, null) != 0);
    }
  }

  /**
   * Tries something until it succeeds, and sleeps in between until the object may be ready for it.
   * Of several threads that wait so, each event wakes one, in turn; who leaves with events left
   * wakes the next. So what one of them can use, the others must be able to use as well: who wakes
   * in vain sleeps on, and wakes nobody.
   *
   * @param <E> what the attempt throws
   * @param mask which events may make it succeed; {@link Events#ALWAYS} may, in any case
   * @param deadline when to give up, on its own clock; there is one attempt even if it has been
   *     reached
   * @param attempt what to try; does not block; called with no lock held
   * @return WOKEN if it has succeeded; TIMED_OUT; INTERRUPTED, with the interrupt flag still set
   * @throws E what the attempt throws
   */
  default <E extends Exception> WaitStatus await(int mask, Deadline deadline, Attempt<E> attempt)
      throws E {
    if (attempt.attempt()) {
      return WaitStatus.WOKEN;
    }
    try (Poller poller = new Poller(Registration.Mode.EXCLUSIVE)) {
      return poller.retry(deadline, pollee(), mask, attempt);
    }
  }

  /**
   * Something that succeeds at once or not at all.
   *
   * @param <E> what it throws
   */
  @FunctionalInterface
  interface Attempt<E extends Exception> {
    /**
     * Tries it.
     *
     * @return whether it has succeeded
     * @throws E if it can never succeed
     */
    boolean attempt() throws E;
  }
}
