package org.jfutex.kernel;

import java.util.concurrent.CountDownLatch;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jspecify.annotations.Nullable;

/** A wait that the thread that wants it does not sleep in the kernel for. */
final class KernelWait {
  /*
   * State       result: PENDING -> an entry or a negative errno, once, by who serves the wait.
   *             cancelRequested: false -> true, by anybody. sleeper: null -> the helper thread's,
   *             once, by that thread.
   * Guards      all volatile. ring: the ring's thread. The rest is final.
   * Lock order  none.
   * Ordering    the result is written before the latches are opened. A canceller sets
   *             cancelRequested, then reads sleeper (H); a helper sets sleeper, then reads
   *             cancelRequested (H): not both read old values, so a cancel that finds no helper is
   *             found by it.
   * Progress    who serves the wait ends it; a ring or a helper that breaks ends all it serves.
   * Callbacks   onEnd, on a virtual thread of its own, with no lock held.
   * Checked by  CancelBeforeHelper (jcstress), KernelFutexContractTest.
   */

  /** The result while there is none. */
  static final int PENDING = Integer.MIN_VALUE;

  /** One word of a wait. */
  record Entry(NativePlace place, int expected) {}

  private final Entry[] entries;
  private final int bitset;
  private final Deadline deadline;
  private final Thread owner = Thread.currentThread();
  private final @Nullable Runnable onEnd;
  private final CountDownLatch queued = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile int result = PENDING;
  private volatile boolean cancelRequested;
  private volatile @Nullable Sleeper sleeper;

  /** What the ring knows this wait by; 0 before it is queued there and after it has ended. */
  long ring;

  private KernelWait(Entry[] entries, int bitset, Deadline deadline, @Nullable Runnable onEnd) {
    this.entries = entries;
    this.bitset = bitset;
    this.deadline = deadline;
    this.onEnd = onEnd;
  }

  /** A wait for the result of which a thread waits by {@link #join}. */
  static KernelWait joined(Entry[] entries, int bitset, Deadline deadline) {
    return new KernelWait(entries, bitset, deadline, null);
  }

  /** A wait that runs something when it has ended. */
  static KernelWait told(Entry entry, int bitset, Deadline deadline, Runnable onEnd) {
    return new KernelWait(new Entry[] {entry}, bitset, deadline, onEnd);
  }

  Entry[] entries() {
    return entries;
  }

  int bitset() {
    return bitset;
  }

  Deadline deadline() {
    return deadline;
  }

  /** The thread that made the wait. */
  Thread owner() {
    return owner;
  }

  /** An entry, a negative errno (ECANCELED if the wait left its queue unwoken), or PENDING. */
  int result() {
    return result;
  }

  /** Called by who serves the wait: it is in its queue. */
  void markQueued() {
    queued.countDown();
  }

  /** Called by who serves the wait, once. */
  void end(int outcome) {
    result = outcome;
    queued.countDown();
    ended.countDown();
    if (onEnd != null) {
      Thread.ofVirtual().name("jfutex-completion").start(onEnd);
    }
  }

  /** Whether somebody wants the wait to leave its queue. */
  boolean isCancelRequested() {
    return cancelRequested;
  }

  /**
   * Wants the wait to leave its queue.
   *
   * @return the sleeper to cancel, if a helper sleeps in it
   */
  @Nullable Sleeper requestCancel() {
    cancelRequested = true; // (H) pairs with serveBy
    return sleeper;
  }

  /** A helper begins to serve the wait; it looks whether it is cancelled afterwards. */
  void serveBy(Sleeper helper) {
    sleeper = helper; // (H) pairs with requestCancel
  }

  /** The helper's sleeper, once there is one. */
  @Nullable Sleeper sleeper() {
    return sleeper;
  }

  /** Waits until the wait has ended; an interrupt cancels it, and is kept. */
  int join(Waits waits) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          ended.await();
          return result;
        } catch (InterruptedException e) {
          interrupted = true;
          waits.cancel(this);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  /** Waits until the wait has ended, whether interrupted or not. */
  int joinUninterruptibly() {
    await(ended);
    return result;
  }

  /** Whether the wait is queued, or has been. */
  boolean isQueued() {
    return queued.getCount() == 0;
  }

  /** Waits until the wait is queued or has ended. */
  void awaitQueued() {
    await(queued);
  }

  /** Waits for a latch, whether interrupted or not; the interrupt is kept. */
  static void await(CountDownLatch latch) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          latch.await();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
