package org.jfutex.poll;

import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** An object that can be waited for. */
public interface Pollable {
  /**
   * What the object is ready for. If a poller is given, it is told of all that happens from then
   * on: what this misses the poller is told of, and what it does not tell is returned here.
   *
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param poller who is to be told, or null for a mere look
   * @return the events of interest that hold
   */
  int poll(int mask, @Nullable Poller poller);

  /**
   * Waits until the object is ready for something of interest.
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
      int events = poll(mask, poller);
      while (events == 0) {
        WaitStatus end = poller.await(deadline);
        events = poll(mask, null);
        if (events == 0 && end != WaitStatus.WOKEN) {
          return end;
        }
      }
      return WaitStatus.WOKEN;
    }
  }
}
