package org.jfutex.engine;

/**
 * Is told when a task is lent a rank by who waits for it, or gets back its own: the place to hook
 * in priorities of the operating system, which the engine does not touch.
 *
 * <p>Told after the fact, by the thread that caused the change, with no lock held. Two changes of
 * one task may be told in the wrong order, so a listener reads {@link Task#effectiveRank()}, which
 * is never older than the call. What it throws is given to the thread's {@link
 * Thread.UncaughtExceptionHandler} and changes nothing.
 */
@FunctionalInterface
public interface RankListener {
  /**
   * A task's effective rank has changed.
   *
   * @param task the task
   */
  void rankChanged(Task task);
}
