package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.util.Objects;
import org.jfutex.park.PlatformParker;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;

/** A platform thread that sleeps in FUTEX_WAIT_BITSET on a word of its own. */
final class FutexParker implements PlatformParker.Sleeping {
  /*
   * State       permit: NONE -> ASLEEP -> NONE, and PERMIT -> NONE, by the thread; NONE or
   *             ASLEEP -> PERMIT, by anybody.
   * Guards      permit: compare-and-set.
   * Lock order  none.
   * Ordering    one variable: who gives the permit sees whether the thread is asleep, or about to
   *             be, and then makes the call that wakes it; the kernel compares the word once more
   *             before the thread sleeps. Who finds PERMIT does nothing and orders nothing, as in
   *             LockSupport; see (C) of the engine's Waiter.
   * Progress    of unpark: it tries again only if the thread has taken a permit or fallen asleep
   *             meanwhile.
   * Callbacks   none.
   * Checked by  FutexParkerTest, and the engine's contract with this parker.
   */
  private static final int NONE = 0;
  private static final int PERMIT = 1;
  private static final int ASLEEP = 2;

  /** Its cache line is nobody else's. */
  private static final int BYTES = 128;

  private final Thread thread = Thread.currentThread();
  private final InterruptibleSleeper sleeper;
  private final Word permit = Word.of(Arena.ofAuto().allocate(BYTES, BYTES), 0);
  private final NativePlace place = Objects.requireNonNull(permit.nativePlace());

  /** Made by the thread. */
  FutexParker(InterruptibleSleeper sleeper) {
    this.sleeper = sleeper;
  }

  @Override
  public Thread thread() {
    return thread;
  }

  /** The word that it sleeps on. */
  Word permit() {
    return permit;
  }

  @Override
  public void park(Deadline deadline) {
    if (permit.compareAndSet(NONE, ASLEEP)) {
      try {
        int _ = sleeper.sleepInterruptibly(place, ASLEEP, (int) FutexCalls.MATCH_ANY, deadline);
      } finally {
        wakeUp();
      }
    } else {
      wakeUp();
    }
  }

  /** From ASLEEP, or with the permit, which nobody else takes. */
  private void wakeUp() {
    if (!permit.compareAndSet(ASLEEP, NONE)) {
      boolean _ = permit.compareAndSet(PERMIT, NONE);
    }
  }

  @Override
  public void unpark() {
    while (true) {
      long seen = permit.load();
      if (seen == PERMIT) {
        return;
      }
      if (permit.compareAndSet(seen, PERMIT)) {
        if (seen == ASLEEP) {
          wake();
        }
        return;
      }
    }
  }

  /** If it cannot make the call, the permit is not given, and the next who unparks tries again. */
  private void wake() {
    boolean isDone = false;
    try {
      int _ = FutexCalls.wake(place.address(), false, 1, (int) FutexCalls.MATCH_ANY);
      isDone = true;
    } finally {
      if (!isDone) {
        boolean _ = permit.compareAndSet(PERMIT, ASLEEP);
      }
      Reference.reachabilityFence(this); // the word must outlast the call
    }
  }
}
