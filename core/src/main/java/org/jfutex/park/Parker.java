package org.jfutex.park;

/** How one waiter sleeps and is told that it was woken. All that the engine knows of a waiter. */
public interface Parker {
  /** What kind of waiter this is, for those who look at the queues. */
  enum Kind {
    /** A platform thread of this JVM. */
    THREAD,
    /** A virtual thread of this JVM. */
    VIRTUAL_THREAD,
    /** A future or a listener. */
    CALLBACK,
    /** Who is told of wakes and takes none. */
    OBSERVER
  }

  /**
   * Tells the waiter that it was taken from a queue. Called by the waker with no lock held, once
   * for each of the waiter's entries that was taken while it slept.
   *
   * @return false if the waiter has gone without leaving its queue, so that the wake must go to the
   *     next one
   */
  boolean unpark();

  /**
   * What kind of waiter this is.
   *
   * @return the kind
   */
  Kind kind();

  /**
   * A name for people.
   *
   * @return a thread's name, or what the callback calls itself
   */
  String describe();
}
