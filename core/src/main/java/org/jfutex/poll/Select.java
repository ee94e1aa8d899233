package org.jfutex.poll;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Takes one thing from whichever of several objects has one first, and nothing from the others.
 *
 * <pre>{@code
 * Select<String> next =
 *     new Select<String>(Select.Order.FAIR)
 *         .on(orders, Events.IN, () -> orders.poll())
 *         .on(stop, Events.IN, () -> stop.tryTake() != 0 ? "stop" : null);
 * String what = next.take(Deadline.NEVER);
 * }</pre>
 *
 * <p>Of several threads that wait for the same object an event wakes one; a wake that this thread
 * does not use, because another object was first, goes to the next of them.
 *
 * <p>For one thread at a time.
 *
 * @param <R> what is taken
 */
public final class Select<R> {
  /** Which of several ready objects is first. */
  public enum Order {
    /** Each in turn: the search begins behind the one that was taken from last. */
    FAIR,
    /** The one that was named first. */
    BIASED
  }

  private record Case<R>(Pollable object, int mask, Supplier<? extends @Nullable R> take) {}

  private final Order order;
  private final List<Case<R>> cases = new ArrayList<>();
  private int start;

  /**
   * One without objects.
   *
   * @param order which of several ready objects is first
   */
  public Select(Order order) {
    this.order = order;
  }

  /**
   * Adds an object.
   *
   * @param object the object
   * @param mask which events may make the taking succeed; {@link Events#ALWAYS} may, in any case
   * @param take what the object's events are about, for all who wait for them alike: takes it at
   *     once, or returns null if there is nothing; called with no lock held; what it throws, {@link
   *     #take} throws
   * @return this
   */
  public Select<R> on(Pollable object, int mask, Supplier<? extends @Nullable R> take) {
    cases.add(new Case<>(object, mask, take));
    return this;
  }

  /**
   * Takes from what is ready now.
   *
   * @return what was taken; null if nothing is ready
   */
  public @Nullable R tryTake() {
    int first = order == Order.FAIR ? start : 0;
    for (int i = 0; i < cases.size(); i++) {
      int at = (first + i) % cases.size();
      Case<R> each = cases.get(at);
      if (each.object.poll(each.mask, null) != 0) {
        R taken = each.take.get();
        if (taken != null) {
          start = at + 1;
          return taken;
        }
      }
    }
    return null;
  }

  /**
   * Takes from what is ready first, and waits until then.
   *
   * @param deadline when to give up, on its own clock; if it has been reached, this tries once
   * @return what was taken; null if the deadline was reached
   * @throws InterruptedException if the thread is interrupted and nothing was taken
   */
  public @Nullable R take(Deadline deadline) throws InterruptedException {
    R taken = tryTake();
    if (taken != null || deadline.isReached(Ticker.system())) {
      return taken;
    }
    try (Poller poller = new Poller(Registration.Mode.EXCLUSIVE)) {
      for (Case<R> each : cases) {
        poller.register(each.object.pollee(), each.mask);
      }
      WaitStatus end = WaitStatus.WOKEN;
      while (true) {
        taken = tryTake();
        if (taken != null || end == WaitStatus.TIMED_OUT) {
          return taken;
        }
        if (end == WaitStatus.INTERRUPTED) {
          boolean _ = Thread.interrupted();
          throw new InterruptedException("interrupted while nothing was ready");
        }
        end = poller.await(deadline);
      }
    }
  }
}
