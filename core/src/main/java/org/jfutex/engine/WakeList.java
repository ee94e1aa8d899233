package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * Waiters that a waker has taken under a lock and tells after it: the kernel's wake_q. Used by one
 * thread.
 */
final class WakeList {
  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private @Nullable List<Waiter> observers;
  private @Nullable Throwable failure;
  private boolean refused;

  /** A waiter was met that no plain wake or requeue may take. */
  void refuse() {
    refused = true;
  }

  /** Whether such a waiter was met. */
  boolean isRefused() {
    return refused;
  }

  /** Remembers to tell an observer, which stays where it is. */
  void observe(Waiter observer) {
    if (observers == null) {
      observers = new ArrayList<>(1);
    }
    observers.add(observer);
  }

  /** Marks a waiter woken, under its bucket's lock, and remembers to tell it. */
  void add(Waiter waiter) {
    waiter.markWoken();
    if (last == null) {
      first = waiter;
    } else {
      last.next = waiter;
    }
    last = waiter;
  }

  /**
   * Tells the waiters, with no lock held. Empties the list. What they throw waits for {@link
   * #rethrow}: one listener's bug must not cost the others their wake.
   *
   * @return how many waiters know; the others had gone, and their wakes are owed to the next
   */
  int tell() {
    int count = 0;
    Waiter waiter = first;
    if (waiter != null) {
      Waiter.fenceBeforeUnpark();
    }
    first = null;
    last = null;
    if (observers != null) {
      observers.forEach(this::tellObserver);
      observers = null;
    }
    while (waiter != null) {
      Waiter next = waiter.next;
      waiter.next = null;
      try {
        if (waiter.unpark()) {
          count++;
        }
      } catch (RuntimeException | Error e) {
        count++;
        failure = e;
      }
      waiter = next;
    }
    return count;
  }

  private void tellObserver(Waiter observer) {
    try {
      boolean _ = observer.unpark();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  /**
   * Throws what the last waiter that failed has thrown, or that a waiter refused, once every wake
   * has been given: as in the kernel, the waiters before it have been woken, and the count is lost.
   *
   * @throws FutexException with EINVAL if a waiter refused
   */
  void rethrow(Key key) {
    switch (failure) {
      case Error e -> throw e;
      case RuntimeException e -> throw e;
      case null, default -> {}
    }
    if (refused) {
      throw new FutexException(
          Errno.EINVAL, key + ": expected plain waiters, met one for a priority-inheritance lock");
    }
  }
}
