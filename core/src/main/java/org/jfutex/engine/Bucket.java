package org.jfutex.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.park.ThreadParker;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/** One slot of the hash table: the waiters of every key that hashes here. */
final class Bucket extends BucketFields {
  /*
   * State       state: two bits.
   *             LOCKED    somebody holds the lock
   *             OCCUPIED  somebody is queued here, or may be before the lock is free again
   *
   *             not LOCKED -> LOCKED               lock: who comes to take or to look
   *             not LOCKED -> LOCKED and OCCUPIED  enter: who may queue somebody here
   *             LOCKED -> not LOCKED               unlock, by the holder; OCCUPIED as the queue is
   *             Only the holder changes what is LOCKED. OCCUPIED errs high (an entering waiter may
   *             find that its word has changed), never low.
   *             moved: null -> the buckets of the next size, once, when the table's size changes.
   *             From then on the bucket stays OCCUPIED.
   * Guards      queue, and the linked fields of its waiters: LOCKED. state: taken by
   *             compare-and-set, freed by a release store. moved: written with the lock held,
   *             volatile for who looks it up.
   * Lock order  one bucket, or two through HashTable.lockPair, or one and those it moves to (see
   *             HashTable); inside of them that of PiChain, where locks are waited for, and
   *             nothing else.
   * Ordering    waiter                                waker
   *             LOCKED, OCCUPIED set  (A)             word = new            (caller's, any mode)
   *             volatile read of word                 full fence            (B, pairs with A)
   *             equal ? queue                         not OCCUPIED ? return : lock and take
   *             unlock, OCCUPIED if queued
   *             Each side writes, then reads what the other wrote, with a full order in between
   *             (A is an atomic read-modify-write of volatile strength and the read of the word is
   *             volatile; B is a full fence): they cannot both read old values. If the waker reads
   *             that nobody is here, the waiter's read of the word comes later and sees the new
   *             value. If it reads that somebody is, it takes the lock: the waiter is linked by
   *             then, or will lock after the waker's unlock and sees the word the waker wrote
   *             before. A waker that frees the lock makes the bucket unoccupied only where the
   *             queue is empty, and whoever enters then enters after it.
   *
   *             without (B), or with (A) after the read:
   *             waiter                                waker
   *             reads word: old                       (new value still in its store buffer)
   *             sets OCCUPIED                         reads OCCUPIED: no, wakes nobody
   *             queues and sleeps                     word = new becomes visible: sleeps for ever
   *             Requeue.compareRequeue is a waiter in this sense: it enters the target (A), then
   *             reads the word that it compares.
   *             unlock's release store (U) pairs with the compare-and-set of the next who locks:
   *             it sees all that was done with the lock held. That it is no read-modify-write
   *             costs no wake: what the next one, or hasWaiters, does not see yet is LOCKED, or
   *             OCCUPIED where the queue has become empty, and both err high.
   * Progress    the lock is never held while waiting for a wake, telling, tracing or naming a
   *             waiter. A thread that finds the lock taken spins a little, yields, then naps,
   *             longer each time up to a limit: as with the kernel's spin lock nobody is told that
   *             it is free. Who is told nothing can miss nothing, and the holder pays nothing for
   *             it. An interrupted platform thread goes on yielding. Virtual threads nap too, since
   *             a holder that has left its carrier (it waits for the second of two locks, or the
   *             JVM for a class) may be run again only when a carrier has nothing else to do, which
   *             those that yield would always be.
   * Callbacks   under the lock, and so must not call back: Word.load, bits and compareAndSet, and
   *             equals of the object that identifies a file (Key.file).
   * Checked by  LostWake, LostRequeue, BucketLock (jcstress, shipped and weakened),
   *             LeaveAgainstRequeue (jcstress), BucketLincheckTest, EngineFuzzTest.
   */
  private static final int LOCKED = 1;
  private static final int OCCUPIED = 2;

  /** About what a holder needs for its few dozen instructions, when it runs. */
  private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 64 : 0;

  /** More than a holder needs that was put off its processor, if who waits yields it to him. */
  private static final int YIELDS = 32;

  private static final long FIRST_NAP_NANOS = 50_000;
  private static final long LONGEST_NAP_NANOS = 1_000_000;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(BucketFields.class, "state", int.class);
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
    if ((state & OCCUPIED) != 0) {
      return true; // who is told so locks, so it needs no order
    }
    VarHandle.fullFence(); // (B) pairs with (A) in enter
    return (state & OCCUPIED) != 0;
  }

  /** Locks, for who queues nobody. */
  void lock() {
    lock(LOCKED);
  }

  /** Locks, for who may queue somebody: from now on {@link #hasWaiters} says so. */
  void enter() {
    lock(LOCKED | OCCUPIED); // (A) pairs with (B) in hasWaiters
  }

  /** Locks, or enters. */
  void lock(boolean enters) {
    lock(enters ? LOCKED | OCCUPIED : LOCKED);
  }

  private void lock(int bits) {
    if (!tryLock(bits)) {
      lockTaken(bits);
    }
  }

  /** Throws nothing: who leaves its queue comes here, and must not stay in it. */
  private void lockTaken(int bits) {
    for (int i = 0; i < SPINS; i++) {
      Thread.onSpinWait();
      if (tryLock(bits)) {
        return;
      }
    }
    for (int i = 0; i < YIELDS; i++) {
      ThreadParker.giveWay();
      if (tryLock(bits)) {
        return;
      }
    }
    long nap = FIRST_NAP_NANOS;
    boolean wasInterrupted = false;
    while (!tryLock(bits)) {
      wasInterrupted |= ThreadParker.nap(this, nap);
      nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Locks if nobody has. */
  boolean tryLock() {
    return tryLock(LOCKED);
  }

  private boolean tryLock(int bits) {
    int seen = state;
    return (seen & LOCKED) == 0
        && STATE.compareAndSet((BucketFields) this, seen, seen | bits); // (A), (U)
  }

  void unlock() {
    assert isLocked();
    int free = queue.size() > 0 || moved != null ? OCCUPIED : 0;
    STATE.setRelease((BucketFields) this, free); // (U) pairs with tryLock
  }

  boolean isLocked() {
    return (state & LOCKED) != 0;
  }

  /** Takes waiters of a key and marks them woken; the caller tells them after unlocking. */
  int takeLocked(Key key, int count, int bitset, WakeList list) {
    assert isLocked();
    return queue.take(key, count, bitset, list);
  }

  /**
   * Moves the first waiters of a key to another key, whose bucket may be this one, up to one that
   * refuses. The target's queue has room for one more key.
   */
  int moveLocked(Key from, int count, Bucket target, Key to, WakeList list) {
    assert isLocked() && target.isLocked();
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
    target.addLocked(waiter);
  }

  void removeLocked(Waiter waiter) {
    assert isLocked();
    queue.remove(waiter);
  }

  /** Queues a waiter, for who has entered; the queue has room for one more key. */
  void addLocked(Waiter waiter) {
    assert isLocked() && (state & OCCUPIED) != 0;
    queue.add(waiter);
  }

  /** The queue, for who holds the lock. */
  WaitQueue queueLocked() {
    assert isLocked();
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
    enter(); // (M) for ever, once it has moved: pairs with hasWaiters, see HashTable
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
        target.enter(); // before moved is written
        locked++;
        target.queue.reserve(queue.keys()); // may run out of memory, so before anything changes
      }
      for (Waiter waiter : waiters) {
        moveLocked(waiter, next.of(waiter.key), waiter.key);
      }
      moved = next;
    } finally {
      for (int i = 0; i < locked; i++) { // makes no objects, as there may be no memory for them
        targets.get(i).unlock();
      }
    }
  }

  /** Whether this bucket stands before another in the lock order. */
  boolean before(Bucket other) {
    return order < other.order;
  }
}
