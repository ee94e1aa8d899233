package org.jfutex.engine;

import org.jspecify.annotations.Nullable;

/**
 * Waiters that a waker has taken under a lock and tells after it: the kernel's wake_q. Used by one
 * thread.
 */
final class WakeList {
  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private int told;

  /** Marks a waiter woken, under its bucket's lock, and remembers to call its parker. */
  void add(Waiter waiter) {
    if (!waiter.markWoken()) {
      told++; // it had not parked yet and sees its state
      return;
    }
    if (last == null) {
      first = waiter;
    } else {
      last.next = waiter;
    }
    last = waiter;
  }

  /**
   * Calls the parkers, with no lock held. Empties the list.
   *
   * @return how many waiters know; the others had gone, and their wakes are owed to the next
   */
  int tell() {
    int count = told;
    Waiter waiter = first;
    first = null;
    last = null;
    told = 0;
    Throwable failure = null;
    while (waiter != null) {
      Waiter next = waiter.next;
      waiter.next = null;
      try {
        if (waiter.parker.unpark()) {
          count++;
        }
      } catch (RuntimeException | Error e) {
        // one listener's bug must not cost the others their wake
        count++;
        failure = e;
      }
      waiter = next;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    return count;
  }
}
