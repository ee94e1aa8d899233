package org.jfutex.kernel;

import java.util.Collection;

/** Who serves the waits that no thread of their own sleeps in. */
interface Waits {
  /**
   * Begins a wait, which is then queued and ends by itself. The caller has compared the words
   * before, so most waits do sleep.
   *
   * @param wait a new wait, of one word unless {@link HelperWaits} serves it
   */
  void start(KernelWait wait);

  /** Waits until a wait is in its queue, or has ended. */
  void awaitQueued(KernelWait wait);

  /** Whether a wait is in its queue just now; one that has ended may be taken for one that is. */
  boolean isQueued(KernelWait wait);

  /**
   * Makes a wait leave its queue. It ends soon, with ECANCELED unless it was woken or timed out.
   */
  void cancel(KernelWait wait);

  /** The waits that have begun and not ended. */
  Collection<KernelWait> served();
}
