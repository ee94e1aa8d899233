package org.jfutex.engine;

import org.jspecify.annotations.Nullable;

/** Finds the task that a word names as its owner, as the caller's process knows tasks. */
@FunctionalInterface
public interface TaskFinder {
  /**
   * The task of an id. Called with locks held; must be short and must not call the engine.
   *
   * @param id from 1 to 2^30 - 1
   * @return the task; null if there is none, or none any more
   * @throws org.jfutex.FutexException with EPERM if it is one that cannot own this futex
   */
  @Nullable Task find(int id);
}
