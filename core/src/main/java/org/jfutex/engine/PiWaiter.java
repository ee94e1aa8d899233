package org.jfutex.engine;

import org.jfutex.LockStatus;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** A waiter for a priority-inheritance lock, or for being moved to one. */
final class PiWaiter extends ThreadWaiter {
  private final PiChain graph;
  final Task task;

  /** The lock, as this waiter's process sees its word. */
  final Word lock;

  /** The key of the lock that it may be moved to; null if it waits for the lock itself. */
  final @Nullable Key target;

  /** The lock's state, once it waits for the lock. Guarded by the lock of {@link PiChain}. */
  @Nullable PiState piState;

  /** Its place in the state's order. Guarded by the lock of {@link PiChain}. */
  int lent;

  long arrival;

  /** How it got the lock; written before it is marked woken. */
  LockStatus given = LockStatus.LOCKED;

  /** Why its word could not be written when it was made the owner; written like the above. */
  @Nullable Throwable failure;

  /** Whether it had been moved to the lock when it left. Written before it is marked left. */
  boolean wasMoved;

  PiWaiter(
      PiChain graph, Task task, Key key, Word lock, @Nullable Key target, int rank, long nowNanos) {
    super(key, WaitOptions.ofRank(rank), nowNanos);
    this.graph = graph;
    this.task = task;
    this.lock = lock;
    this.target = target;
  }

  @Override
  boolean refusesWakes() {
    return true;
  }

  @Override
  void leaveLocked() {
    graph.lock();
    try {
      wasMoved = target != null && piState != null;
      graph.unblockLocked(this);
    } finally {
      graph.unlock();
    }
  }
}
