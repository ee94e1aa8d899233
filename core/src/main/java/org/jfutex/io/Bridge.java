package org.jfutex.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.kernel.EpollCalls;
import org.jfutex.park.ThreadParker;
import org.jfutex.poll.Feed;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Brings the events of the kernel's descriptors to their pollees: one epoll of the kernel for all
 * of them, by edges. Who polls fetches the events itself; a thread does while others sleep.
 */
final class Bridge implements Feed {
  /*
   * State       pollees, generations: by slot, whose events it carries, and how often it was given
   *             back; free: slots to be used again, freeCount of them. An event's data is its slot
   *             and the slot's generation, so that one of a former user is known.
   *             events: what the kernel has said last. begun: how many drains have begun; each
   *             has the next number; served: the last that has fetched all there was.
   *             only: the bridge of this process. spare: a list of whom to tell that nobody uses.
   *             watchers: how many sleep. isStarted, thread: the bridge's, from the first
   *             watcher on; isParked: it waits for a watcher, not for events.
   *             isParked   watchers   the thread
   *             no         0          waits for an event still, and parks after the next
   *             no         > 0        waits for events, or drains
   *             yes        0          is parked
   *             yes        > 0        is being unparked
   * Guards      only: MAKING, and read without. The slots, events, served: lock. begun: written
   *             with it held, read without. watchers, spare: atomic. isStarted: lock, and read
   *             without. thread, isParked: volatile,
   *             written by the thread.
   * Lock order  lock; inside of it those of checks, where a pollee is STATEFUL: they take none.
   * Ordering    events are taken from the kernel with the lock held, and the pollees invalidated
   *             before it is freed. So who drains after a change of the kernel's either takes the
   *             event, or comes after who did, and after the invalidation; both before it looks.
   *             A drain that began after this one came serves it as well (D).
   *             The thread waits in poll(2) for the epoll to have events, and takes none: then it
   *             drains as everybody. It writes isParked (P), then reads watchers (P); who watches
   *             writes watchers (P), then reads isParked (P): not both see old values.
   * Progress    an idle drain is one call of the kernel, and makes no garbage. Where many drain at
   *             once, one call may serve all. The thread is not woken by who watches while it waits
   *             in poll(2), so sleeps that come and go cost nothing.
   * Callbacks   observers, with no lock held; checks of STATEFUL pollees, with the lock held.
   * Checked by  BridgeTest, TcpTest, TcpStateTest.
   */
  private static final int BATCH = 256;
  private static final int FIRST_CAPACITY = 64;

  private static final ReentrantLock MAKING = new ReentrantLock();
  private static volatile @Nullable Bridge only;

  private final int epoll;
  private final MemorySegment events = EpollCalls.buffer(BATCH);
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Pollee[] pollees = new @Nullable Pollee[FIRST_CAPACITY];
  private int[] generations = new int[FIRST_CAPACITY];
  private int[] free = new int[FIRST_CAPACITY];
  private int freeCount;
  private int used;
  private volatile long begun;
  private long served;
  private final AtomicReference<@Nullable Batch> spare = new AtomicReference<>(new Batch());

  private final AtomicInteger watchers = new AtomicInteger();
  private volatile boolean isStarted;
  private volatile boolean isParked;
  private volatile @Nullable Object thread;

  /** Whom to tell of what, once the lock is free. */
  private static final class Batch {
    final @Nullable Pollee[] pollees = new @Nullable Pollee[BATCH];
    final int[] events = new int[BATCH];
    int size;

    /** An observer's bug must not cost the others their events: the kernel says them once. */
    void tell() {
      Throwable failure = null;
      for (int i = 0; i < size; i++) {
        Pollee pollee = pollees[i];
        pollees[i] = null;
        try {
          if (pollee != null) {
            pollee.tellEvents(events[i]);
          }
        } catch (RuntimeException | Error e) {
          failure = e;
        }
      }
      switch (failure) {
        case Error e -> throw e;
        case RuntimeException e -> throw e;
        case null, default -> {}
      }
    }
  }

  private Bridge() throws IOException {
    epoll = (int) Descriptor.check(EpollCalls.create(), "an epoll of the kernel");
  }

  /** The one of this process; made when it is first used. */
  static Bridge get() throws IOException {
    Bridge bridge = only;
    if (bridge == null) {
      MAKING.lock();
      try {
        bridge = only;
        if (bridge == null) {
          bridge = new Bridge();
          only = bridge;
        }
      } finally {
        MAKING.unlock();
      }
    }
    return bridge;
  }

  /** Carries the events of a descriptor to a pollee from now on; what to give back in the end. */
  int add(int descriptor, Pollee pollee) throws IOException {
    lock.lock();
    try {
      int slot = freeCount > 0 ? free[freeCount - 1] : used;
      if (slot == pollees.length) {
        pollees = Arrays.copyOf(pollees, 2 * slot);
        generations = Arrays.copyOf(generations, 2 * slot);
        free = Arrays.copyOf(free, 2 * slot);
      }
      long data = (long) generations[slot] << Integer.SIZE | slot;
      long _ = Descriptor.check(EpollCalls.add(epoll, descriptor, data), "a descriptor's events");
      if (slot == used) {
        used++;
      } else {
        freeCount--;
      }
      pollees[slot] = pollee;
      return slot;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a descriptor that is still open. No event of it is carried from now on. */
  void remove(int descriptor, int slot) {
    lock.lock();
    try {
      long _ = EpollCalls.remove(epoll, descriptor);
      pollees[slot] = null;
      generations[slot]++;
      free[freeCount++] = slot;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void drain() {
    long before = begun; // (D)
    long left = Long.MAX_VALUE;
    while (left > 0) {
      Batch batch;
      lock.lock();
      try {
        if (served > before) { // (D) that one began after this
          return;
        }
        long number = begun + 1;
        begun = number; // (D) before the events are taken
        int count = EpollCalls.fetch(epoll, events);
        if (count < BATCH) {
          served = number;
          left = 0;
        } else { // the kernel's list is in order: those that came later than this need not be taken
          left = Math.min(left, used) - BATCH;
        }
        if (count <= 0) {
          return;
        }
        batch = collect(count);
      } finally {
        lock.unlock();
      }
      batch.tell();
      spare.set(batch);
    }
  }

  /** Invalidates the pollees of the events that were fetched; whom to tell is returned. */
  private Batch collect(int count) {
    Batch batch = spare.getAndSet(null);
    if (batch == null) {
      batch = new Batch();
    }
    batch.size = 0;
    for (int i = 0; i < count; i++) {
      long data = EpollCalls.data(events, i);
      int slot = (int) data;
      Pollee pollee = pollees[slot];
      if (pollee != null && generations[slot] == (int) (data >>> Integer.SIZE)) {
        pollee.invalidate();
        batch.pollees[batch.size] = pollee;
        batch.events[batch.size++] = EpollCalls.events(events, i);
      }
    }
    return batch;
  }

  @Override
  public void watch() {
    if (!isStarted) {
      start(); // before it counts: who fails to leaves the next to try
    }
    if (watchers.getAndIncrement() == 0) { // (P)
      Object sleeper = thread;
      if (isParked && sleeper != null) { // (P)
        ThreadParker.unpark(sleeper);
      }
    }
  }

  @Override
  public void unwatch() {
    watchers.getAndDecrement();
  }

  /** Whether the thread waits for a watcher; for tests. */
  boolean isParked() {
    return isParked;
  }

  private void start() {
    lock.lock();
    try {
      if (!isStarted) {
        Thread.ofPlatform()
            .daemon()
            .name("jfutex-bridge")
            .inheritInheritableThreadLocals(false)
            .start(this::run);
        isStarted = true;
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    thread = ThreadParker.current();
    while (true) {
      EpollCalls.awaitReadable(epoll);
      if (watchers.get() == 0) {
        isParked = true; // (P)
        while (watchers.get() == 0) { // (P)
          ThreadParker.park(this, Deadline.NEVER, Ticker.system());
        }
        isParked = false;
      }
      try {
        drain();
      } catch (RuntimeException | Error e) { // an observer has thrown: not the end of all others
        Thread self = Thread.currentThread();
        self.getUncaughtExceptionHandler().uncaughtException(self, e);
      }
    }
  }
}
