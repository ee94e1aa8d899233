package org.jfutex.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/** One slot of the hash table: the waiters of every key that hashes here. */
final class Bucket extends BucketFields {
  /*
   * State       waiters: waiters counted in and not yet out. Errs high (a waiter counts itself in
   *             before it locks, a requeue before it moves anybody), never low.
   *             moved: null -> the buckets of the next size, once, when the table's size changes.
   * Guards      queue, and the linked fields of its waiters: lock. waiters: atomic. moved: written
   *             with the lock held, volatile for who looks it up.
   * Lock order  one bucket, or two through HashTable.lockPair, or one and those it moves to (see
   *             HashTable); inside of them that of PiChain, where locks are waited for, and
   *             nothing else.
   * Ordering    waiter                                waker
   *             waiters += 1              (A)         word = new            (caller's, any mode)
   *             lock; volatile read of word           full fence            (B, pairs with A)
   *             equal ? queue : count out             waiters == 0 ? return : lock and take
   *             unlock
   *             Each side writes, then reads what the other wrote, with a full order in between
   *             (A is an atomic read-modify-write of volatile strength and the read of the word is
   *             volatile; B is a full fence): they cannot both read old values. If the waker reads
   *             0, the waiter's read of the word comes later and sees the new value. If it reads
   *             more, it takes the lock: the waiter is linked by then, or will lock after the
   *             waker's unlock and sees the word the waker wrote before.
   *
   *             without (B), or with (A) after the read:
   *             waiter                                waker
   *             reads word: old                       (new value still in its store buffer)
   *             waiters += 1                          reads waiters: 0, wakes nobody
   *             queues and sleeps                     word = new becomes visible: sleeps for ever
   *             Requeue.compareRequeue is a waiter in this sense: it counts the target in (A), then
   *             reads the word that it compares.
   * Progress    the lock is never held while parking, telling, tracing or naming a waiter. A thread
   *             that finds the lock taken spins a little, then parks.
   * Callbacks   under the lock, and so must not call back: Word.load, bits and compareAndSet, and
   *             equals of the object that identifies a file (Key.file).
   * Checked by  LostWake, LostRequeue (jcstress, shipped and weakened), LeaveAgainstRequeue
   *             (jcstress), BucketLincheckTest, EngineFuzzTest.
   */

  /** About what a holder needs for its few dozen instructions, when it runs. */
  private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 64 : 0;

  private static final VarHandle WAITERS;

  static {
    try {
      WAITERS = MethodHandles.lookup().findVarHandle(BucketFields.class, "waiters", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // keeps the fields of the next object in the heap off the cache lines of ours
  @SuppressWarnings("unused")
  private long q0, q1, q2, q3, q4, q5, q6, q7;

  private final int size;
  private volatile @Nullable Buckets moved;

  /** One that is in no table, for tests. */
  Bucket(int index) {
    this(0, 0, index, index + 1);
  }

  /**
   * A bucket of a table.
   *
   * @param node whose table it is
   * @param generation how often its size has changed
   * @param index which bucket
   * @param size of how many
   */
  Bucket(int node, int generation, int index, int size) {
    super(node, generation, index);
    this.size = size;
  }

  /**
   * Returns false only if nobody waits here and whoever arrives later will see what the caller has
   * stored.
   */
  boolean hasWaiters() {
    VarHandle.fullFence(); // (B) pairs with (A) in countIn
    return waiters != 0;
  }

  /** Counts the caller in; {@link #countOut} or a waker that takes its waiter counts it out. */
  void countIn() {
    WAITERS.getAndAdd((BucketFields) this, 1); // (A) pairs with (B) in hasWaiters
  }

  void countOut(int n) {
    WAITERS.getAndAdd((BucketFields) this, -n);
  }

  void lock() {
    for (int i = 0; i < SPINS; i++) {
      if (lock.tryLock()) {
        return;
      }
      Thread.onSpinWait();
    }
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /** Takes waiters of a key and marks them woken; the caller tells them after unlocking. */
  int takeLocked(Key key, int count, int bitset, WakeList list) {
    assert lock.isHeldByCurrentThread();
    int taken = queue.take(key, count, bitset, list);
    countOut(taken);
    return taken;
  }

  /**
   * Moves the first waiters of a key to another key, whose bucket may be this one, up to one that
   * refuses. The target's queue has room for one more key.
   */
  int moveLocked(Key from, int count, Bucket target, Key to, WakeList list) {
    assert lock.isHeldByCurrentThread() && target.lock.isHeldByCurrentThread();
    if (from.equals(to)) {
      return queue.count(from, count, list);
    }
    int moved = 0;
    while (moved < count) {
      Waiter waiter = queue.firstWaiter(from);
      if (waiter == null) {
        break;
      }
      if (waiter.refusesWakes()) {
        list.refuse();
        break;
      }
      moveLocked(waiter, target, to);
      moved++;
    }
    return moved;
  }

  /** Moves one waiter to another key, whose bucket may be this one. */
  void moveLocked(Waiter waiter, Bucket target, Key to) {
    removeLocked(waiter);
    waiter.key = to;
    target.countIn();
    target.addLocked(waiter);
  }

  /** Takes a waiter out and counts it out. */
  void removeLocked(Waiter waiter) {
    assert lock.isHeldByCurrentThread();
    queue.remove(waiter);
    countOut(1);
  }

  /** Queues a waiter that has been counted in; the queue has room for one more key. */
  void addLocked(Waiter waiter) {
    assert lock.isHeldByCurrentThread();
    queue.add(waiter);
  }

  /** How many are counted in just now; 0 in a bucket at rest. */
  int countedIn() {
    return waiters;
  }

  /** The queue, for who holds the lock. */
  WaitQueue queueLocked() {
    assert lock.isHeldByCurrentThread();
    return queue;
  }

  /** Whether its waiters are in buckets of the next size; for good where the lock is held. */
  boolean hasMoved() {
    return moved != null;
  }

  /** Where a key of this bucket, which has moved, is by now. */
  Bucket successor(Key key) {
    Bucket bucket = this;
    for (Buckets next = moved; next != null; next = bucket.moved) {
      bucket = next.of(key);
    }
    return bucket;
  }

  /** The buckets that share the keys of this one, which has moved; in their lock order. */
  List<Bucket> successors() {
    Buckets next = moved;
    return next == null ? List.of() : next.holding(index, size);
  }

  /**
   * Moves all waiters to the buckets of another size that share the keys of this one, in their
   * order, and sends there who comes. They sleep on.
   */
  void moveTo(Buckets next) {
    List<Bucket> targets = next.holding(index, size);
    lock();
    try {
      if (moved == null) {
        moveLocked(next, targets);
      }
    } finally {
      unlock();
    }
  }

  private void moveLocked(Buckets next, List<Bucket> targets) {
    List<Waiter> waiters = new ArrayList<>(queue.size());
    queue.forEach(waiters::add);
    int locked = 0;
    try {
      for (Bucket target : targets) {
        target.lock();
        locked++;
        target.queue.reserve(queue.keys()); // may run out of memory, so before anything changes
      }
      countIn(); // (M) for ever: pairs with hasWaiters, see HashTable
      for (Waiter waiter : waiters) {
        moveLocked(waiter, next.of(waiter.key), waiter.key);
      }
      moved = next;
    } finally {
      targets.subList(0, locked).forEach(Bucket::unlock);
    }
  }

  /** Whether this bucket stands before another in the lock order. */
  boolean before(Bucket other) {
    return order < other.order;
  }
}
