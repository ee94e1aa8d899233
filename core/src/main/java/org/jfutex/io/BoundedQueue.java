package org.jfutex.io;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * A first-in-first-out queue of a capacity to wait for, also together with other things. Closing it
 * ends what is put in: what is in it can still be taken.
 *
 * <p><b>Events.</b> IN while it has items, OUT while it is open and has room, HUP once it is
 * closed. Each item is news to who waits for IN, also if there were some before; room is news to
 * who waits for OUT when the queue was full.
 *
 * <p><b>Memory effects.</b> What a thread did before it put an item happens before the return of
 * the call that takes it.
 *
 * <p><b>Interruption.</b> Calls that may wait throw {@link InterruptedException} if the thread is
 * interrupted, before or while they wait; nothing has changed then.
 *
 * @param <E> what it holds
 */
public final class BoundedQueue<E> implements Pollable, AutoCloseable {
  /*
   * State       items: at most capacity. isClosed: for ever.
   * Guards      lock.
   * Lock order  lock; then those of the pollee.
   * Ordering    lock and the pollee's.
   * Progress    no call of others blocks one that need not wait.
   * Callbacks   the pollee's observers, with no lock held.
   * Checked by  BoundedQueueTest.
   */
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<E> items = new ArrayDeque<>();
  private final int capacity;
  private final Pollee pollee;
  private boolean isClosed;

  /**
   * An empty queue, {@link Discipline#HYBRID}.
   *
   * @param capacity how many items it can hold, at least 1
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public BoundedQueue(int capacity) {
    this(capacity, Discipline.HYBRID);
  }

  /**
   * An empty queue.
   *
   * @param capacity how many items it can hold, at least 1
   * @param discipline what it keeps of its readiness
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public BoundedQueue(int capacity, Discipline discipline) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + ", expected 1 or more");
    }
    this.capacity = capacity;
    this.pollee = new Pollee(discipline, this::events);
  }

  private int events() {
    lock.lock();
    try {
      int in = items.isEmpty() ? 0 : Events.IN;
      return in | (isClosed ? Events.HUP : items.size() < capacity ? Events.OUT : 0);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /**
   * How many items it has.
   *
   * @return 0 up to its capacity
   */
  public int size() {
    lock.lock();
    try {
      return items.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * How many more it has room for.
   *
   * @return 0 up to its capacity
   */
  public int remainingCapacity() {
    return capacity - size();
  }

  /**
   * Puts an item at the end if there is room.
   *
   * @param item the item
   * @return whether it was put
   * @throws IllegalStateException if the queue is closed
   */
  public boolean tryPut(E item) {
    Objects.requireNonNull(item, "item");
    lock.lock();
    try {
      if (isClosed) {
        throw new IllegalStateException("the queue is closed");
      }
      if (items.size() == capacity) {
        return false;
      }
      items.addLast(item);
      pollee.invalidate();
    } finally {
      lock.unlock();
    }
    pollee.tellEvents(Events.IN);
    return true;
  }

  /**
   * Puts an item at the end, waiting for room.
   *
   * @param item the item
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if the queue is closed, before or meanwhile
   */
  public void put(E item) throws InterruptedException {
    boolean _ = tryPut(item, Deadline.NEVER);
  }

  /**
   * Puts an item at the end, waiting for room, or gives up.
   *
   * @param item the item
   * @param deadline when to give up
   * @return whether it was put
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if the queue is closed, before or meanwhile
   */
  public boolean tryPut(E item, Deadline deadline) throws InterruptedException {
    return Waits.await(this, Events.OUT, deadline, () -> tryPut(item));
  }

  /**
   * Takes the first item if there is one.
   *
   * @return the item, or null if there is none now
   */
  public @Nullable E tryTake() {
    E item;
    boolean wasFull;
    lock.lock();
    try {
      wasFull = items.size() == capacity;
      item = items.pollFirst();
      if (item != null) {
        pollee.invalidate();
      }
    } finally {
      lock.unlock();
    }
    if (wasFull) {
      pollee.tellEvents(Events.OUT);
    }
    return item;
  }

  /**
   * Takes the first item, waiting for one.
   *
   * @return the item, or null if the queue is closed and has none
   * @throws InterruptedException if the thread is interrupted
   */
  public @Nullable E take() throws InterruptedException {
    return tryTake(Deadline.NEVER);
  }

  /**
   * Takes the first item, waiting for one, or gives up.
   *
   * @param deadline when to give up
   * @return the item, or null if the queue is closed and has none, or at the deadline
   * @throws InterruptedException if the thread is interrupted
   */
  public @Nullable E tryTake(Deadline deadline) throws InterruptedException {
    Taking<E> taking = new Taking<>(this);
    boolean _ = Waits.await(this, Events.IN, deadline, taking);
    return taking.item;
  }

  /** Ends when it has an item or there will be none. */
  private static final class Taking<E> implements Attempt<RuntimeException> {
    final BoundedQueue<E> queue;
    @Nullable E item;

    Taking(BoundedQueue<E> queue) {
      this.queue = queue;
    }

    @Override
    public boolean attempt() {
      boolean isLast = queue.isClosed(); // before the look: what was put before can be taken
      item = queue.tryTake();
      return item != null || isLast;
    }
  }

  /**
   * Whether it is closed. It may have items all the same.
   *
   * @return whether {@link #close} was called
   */
  public boolean isClosed() {
    lock.lock();
    try {
      return isClosed;
    } finally {
      lock.unlock();
    }
  }

  /** Lets nobody put anything in any more, and wakes all who wait. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      pollee.invalidate();
    } finally {
      lock.unlock();
    }
    pollee.tellEveryone(Events.IN | Events.HUP);
  }
}
