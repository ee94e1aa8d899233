package org.jfutex.park;

import org.jfutex.time.Deadline;

/**
 * The service by which platform threads sleep in another way than by {@link
 * java.util.concurrent.locks.LockSupport}, so that this package depends on no system. A provider
 * whose constructor throws {@link UnsupportedOperationException} says with the message why it
 * cannot work.
 */
public interface PlatformParker {
  /**
   * The calling thread, which is a platform thread.
   *
   * @return for one thread always the same
   */
  Sleeping current();

  /** A platform thread that can sleep. */
  interface Sleeping {
    /**
     * The thread itself.
     *
     * @return the thread
     */
    Thread thread();

    /**
     * Sleeps until there is a permit, which it takes, or the deadline is reached, or the thread
     * interrupted, or for no reason. Called by the thread alone.
     *
     * @param deadline when to return at the latest, by the system's clocks
     */
    void park(Deadline deadline);

    /**
     * Gives the thread a permit, unless it has one, and ends its sleep. As with {@link
     * java.util.concurrent.locks.LockSupport#unpark}, who sees that there is one already does
     * nothing.
     */
    void unpark();
  }
}
