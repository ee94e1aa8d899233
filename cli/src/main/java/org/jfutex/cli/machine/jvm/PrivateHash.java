package org.jfutex.cli.machine.jvm;

import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.engine.JvmFutex;

/**
 * What PR_FUTEX_HASH(2const) says of a process's private hash. The engine has one table for all
 * processes, which takes the size that any of them asks for last.
 */
final class PrivateHash {
  /*
   * State       slots: 0 while the process has no hash of its own, for good once custom. custom: a
   *             size has been set, and does not follow the number of threads any more.
   * Guards      both: lock.
   * Lock order  lock, then everything inside the engine.
   * Ordering    none beyond the lock's.
   * Progress    holds the lock while the engine moves its waiters, which waits for nobody.
   * Callbacks   none.
   * Checked by  the scenarios of hash/.
   */

  /** The operation of prctl(2), and its commands. */
  static final long PR_FUTEX_HASH = 78;

  private static final long SET_SLOTS = 1;
  private static final long GET_SLOTS = 2;

  /** What a process gets with its second thread; the kernel's least. */
  private static final int LEAST_SLOTS = 16;

  private static final int SLOTS_PER_CPU = 4;

  /** Where the kernel finds no memory any more: 64 bytes for each slot. */
  private static final int TOO_MANY_SLOTS = 1 << 25;

  /** More would only make the machine slow to look at. */
  private static final int MOST_BUCKETS = 1 << 12;

  /** An errno that no futex call gives. */
  private static final int EBUSY = 16;

  private final JvmFutex engine;

  private final ReentrantLock lock = new ReentrantLock();

  private int slots;
  private boolean custom;

  PrivateHash(JvmFutex engine) {
    this.engine = engine;
  }

  /** Another thread has been started, which is when the kernel makes or enlarges the hash. */
  void grow(int threads) {
    lock.lock();
    try {
      if (!custom && threads > 1) {
        int wanted = SLOTS_PER_CPU * Math.min(threads, Runtime.getRuntime().availableProcessors());
        slots = Math.max(slots, Math.max(LEAST_SLOTS, Integer.highestOneBit(2 * wanted - 1)));
      }
    } finally {
      lock.unlock();
    }
  }

  /** futex_hash_prctl in kernel/futex/core.c. */
  long call(long command, long argument, long flags) {
    lock.lock();
    try {
      if (command == GET_SLOTS) {
        return slots;
      }
      return command == SET_SLOTS && flags == 0 ? set((int) argument) : -Errno.EINVAL.number();
    } finally {
      lock.unlock();
    }
  }

  private long set(int wanted) {
    if (wanted == 1 || Integer.bitCount(wanted) > 1) {
      return -Errno.EINVAL.number();
    }
    if (custom && slots == 0) {
      return -EBUSY;
    }
    if (Integer.compareUnsigned(wanted, TOO_MANY_SLOTS) >= 0) {
      return -Errno.ENOMEM.number();
    }
    custom = true;
    slots = wanted;
    engine.resize(wanted == 0 ? JvmMachine.BUCKETS : Math.min(wanted, MOST_BUCKETS));
    return 0;
  }
}
