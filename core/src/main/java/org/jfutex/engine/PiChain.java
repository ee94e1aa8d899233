package org.jfutex.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for whom: the owners of priority-inheritance locks, their waiters, and the ranks they
 * lend. What kernel/locking/rtmutex.c is to the kernel.
 */
final class PiChain {
  /*
   * State       a graph: task -> (blockedOn) waiter -> (piState) state -> (owner) task. Each task
   *             waits for one lock at most. A state that nobody waits for is in no task's held.
   *             Between two operations the effective rank of every task is the highest of its own
   *             rank and the lent ranks of all waiters of what it holds, and the lent rank of every
   *             waiter is the effective rank of its task.
   * Guards      lock: all of the graph. One lock for the whole graph, as an operation may walk any
   *             part of it, and comes here only if a lock is contended.
   * Lock order  after the locks of buckets; nothing is taken inside.
   * Ordering    a state and the queue of its key are changed with both locks held, so who holds one
   *             of them sees them agree.
   * Progress    who comes to wait walks the chain before it joins: over MAX_DEPTH owners, or to
   *             itself, it is refused. So there is never a cycle, and every later walk ends.
   * Callbacks   Word.load and compareAndSet, and TaskFinder, are called with the lock held. The
   *             rank listener is called by drain, with no lock held; what it throws goes to the
   *             thread's handler, as its caller may be queued by then.
   * Checked by  PiChainTest, PiFutexTest, PiRaces (jcstress).
   */

  /** Sysctl kernel.max_lock_depth: how many owners of a chain may wait themselves. */
  static final int MAX_DEPTH = 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final @Nullable RankListener listener;
  private final ArrayDeque<Task> changed = new ArrayDeque<>();

  PiChain(@Nullable RankListener listener) {
    this.listener = listener;
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /**
   * Makes a waiter wait for a lock and lend its rank to the owner, and to whom that one waits for.
   *
   * @throws FutexException with EDEADLK, and nothing changed, if it would wait for itself
   */
  void blockLocked(PiWaiter waiter, PiState state) {
    assert lock.isHeldByCurrentThread();
    checkNoCycle(waiter.task, state);
    if (state.first() == null) {
      state.owner.held.add(state);
    }
    waiter.piState = state;
    waiter.task.blockedOn = waiter;
    state.add(waiter, waiter.task.effectiveRank());
    adjust(state.owner);
  }

  private static void checkNoCycle(Task task, PiState state) {
    int waiting = 0;
    @Nullable PiState next = state;
    while (next != null) {
      Task owner = next.owner;
      if (owner == task) {
        throw new FutexException(
            Errno.EDEADLK, task + " would wait for itself through " + state.owner);
      }
      next = owner.blockedOn == null ? null : owner.blockedOn.piState;
      if (next != null && ++waiting > MAX_DEPTH) {
        throw new FutexException(
            Errno.EDEADLK,
            "a chain of more than %d owners that wait from %s".formatted(MAX_DEPTH, state.owner));
      }
    }
  }

  /** A waiter waits no more; does nothing if it did not wait for a lock. */
  void unblockLocked(PiWaiter waiter) {
    assert lock.isHeldByCurrentThread();
    PiState state = waiter.piState;
    if (state == null) {
      return;
    }
    detach(waiter, state);
    if (state.first() == null) {
      state.owner.held.remove(state);
    }
    adjust(state.owner);
  }

  /** Makes the first waiter of a lock its owner, for whom the others wait from now on. */
  void handOverLocked(PiState state, PiWaiter next) {
    assert lock.isHeldByCurrentThread();
    Task old = state.owner;
    detach(next, state);
    old.held.remove(state);
    state.owner = next.task;
    if (state.first() != null) {
      next.task.held.add(state);
    }
    adjust(old);
    adjust(next.task);
  }

  private static void detach(PiWaiter waiter, PiState state) {
    state.remove(waiter);
    waiter.piState = null;
    waiter.task.blockedOn = null;
  }

  /** A task's own rank has changed. */
  void setRankLocked(Task task, int rank) {
    assert lock.isHeldByCurrentThread();
    if (task.rank != rank) {
      task.rank = rank;
      adjust(task);
    }
  }

  /** Makes the effective rank of a task right, and of all whom it waits for. */
  private void adjust(Task task) {
    Task at = task;
    while (true) { // ends: checkNoCycle lets no cycle come into being
      int rank = highest(at);
      if (rank == at.effectiveRank()) {
        return;
      }
      at.setEffective(rank);
      if (listener != null) {
        changed.add(at);
      }
      PiWaiter waiter = at.blockedOn;
      PiState state = waiter == null ? null : waiter.piState;
      if (waiter == null || state == null) {
        return;
      }
      state.remove(waiter); // behind those who have had the rank before
      state.add(waiter, rank);
      at = state.owner;
    }
  }

  private static int highest(Task task) {
    int rank = task.rank;
    for (PiState state : task.held) {
      PiWaiter first = state.first();
      if (first != null) {
        rank = Math.max(rank, first.lent);
      }
    }
    return rank;
  }

  /** Tells the listener whose rank has changed, with no lock held. */
  void drain() {
    if (listener == null) {
      return;
    }
    List<Task> told;
    lock.lock();
    try {
      told = new ArrayList<>(changed);
      changed.clear();
    } finally {
      lock.unlock();
    }
    told.forEach(task -> tell(listener, task));
  }

  private static void tell(RankListener listener, Task task) {
    try {
      listener.rankChanged(task);
    } catch (RuntimeException | Error e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
