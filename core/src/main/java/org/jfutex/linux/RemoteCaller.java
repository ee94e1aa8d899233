package org.jfutex.linux;

/** A caller that no thread of this JVM stands for: it is told its result when there is one. */
public interface RemoteCaller extends Caller {
  /**
   * Takes the result of a call that slept. Called once, with no lock held, by the waking thread or
   * the deadline timer, possibly before the submission has returned; must be short and must not
   * throw.
   *
   * @param result 0, an index, or a negative errno
   * @return false if the thread has gone, so that the wake must go to the next waiter
   */
  boolean complete(long result);
}
