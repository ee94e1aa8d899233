package org.jfutex.engine;

import java.util.Comparator;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * A lock that somebody waits for: its owner and its waiters, in the order they will be given it.
 * The kernel's futex_pi_state and its rt_mutex in one. Lives from the first waiter to the last.
 */
final class PiState {
  private static final Comparator<PiWaiter> ORDER =
      Comparator.comparingInt((PiWaiter waiter) -> -waiter.lent)
          .thenComparingLong(waiter -> waiter.arrival);

  final Key key;

  /** By lent rank, then arrival. Guarded, like all of this, by the lock of {@link PiChain}. */
  private final TreeSet<PiWaiter> waiters = new TreeSet<>(ORDER);

  Task owner;
  private long arrivals;

  PiState(Key key, Task owner) {
    this.key = key;
    this.owner = owner;
  }

  /** Puts a waiter behind those of its rank. */
  void add(PiWaiter waiter, int rank) {
    waiter.lent = rank;
    waiter.arrival = arrivals++;
    waiters.add(waiter);
  }

  void remove(PiWaiter waiter) {
    waiters.remove(waiter);
  }

  void forEach(Consumer<PiWaiter> action) {
    waiters.forEach(action);
  }

  /** Who is given the lock next; null if nobody waits. */
  @Nullable PiWaiter first() {
    return waiters.isEmpty() ? null : waiters.first();
  }
}
