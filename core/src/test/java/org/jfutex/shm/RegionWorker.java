package org.jfutex.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jfutex.LockStatus;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.Word;

/**
 * What the processes of {@link RegionKillTest} share, and the process itself: it uses one primitive
 * after the other, at random, and notes what it is inside of and which deaths it was told of. No
 * wait has a deadline.
 */
final class RegionWorker {
  static final int SLOTS = 4;
  static final int TOKENS = 2;
  static final int PARTIES = 2;

  /** What a worker can be inside of; 0 is nothing. */
  enum Inside {
    NOTHING,
    MUTEX,
    WRITER,
    READER,
    PERMIT,
    BARRIER
  }

  static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .autoResetEvent("event")
          .barrier("barrier", PARTIES)
          .bytes("state", 1024)
          .build();

  private static final long STOP = 0;
  private static final long BROKEN = 4;
  private static final long COUNTER = 8;
  private static final long FREE = 16;
  private static final long LEFT = 24;
  private static final long RIGHT = 32;
  private static final long TOLD = 64;
  private static final long SLOT = 128;
  private static final long SLOT_BYTES = 64;
  private static final long ROUNDS = 0;
  private static final long UPDATES = 8;
  private static final long TOKEN = 16;
  private static final long MARK = 24;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final SharedRegion region;
  private final MemorySegment state;

  RegionWorker(SharedRegion region) {
    this.region = region;
    this.state = region.bytes("state");
  }

  private static long slot(int index, long field) {
    return SLOT + index * SLOT_BYTES + field;
  }

  private Word word(long offset) {
    return region.word("state", offset);
  }

  void stop() {
    Cells.set(word(STOP), 1);
  }

  private boolean isStopped() {
    return word(STOP).load() != 0;
  }

  int broken() {
    return (int) word(BROKEN).load();
  }

  int rounds(int slot) {
    return (int) word(slot(slot, ROUNDS)).load();
  }

  Inside mark(int slot) {
    return Inside.values()[(int) word(slot(slot, MARK)).load()];
  }

  void clearMark(int slot) {
    mark(slot, Inside.NOTHING);
  }

  int told(Inside what) {
    return (int) word(TOLD + 4L * what.ordinal()).load();
  }

  private void mark(int slot, Inside what) {
    Cells.set(word(slot(slot, MARK)), what.ordinal());
  }

  private long sumOf(long field) {
    long sum = 0;
    for (int i = 0; i < SLOTS; i++) {
      sum += state.get(LONG, slot(i, field));
    }
    return sum;
  }

  /** Whether what the mutex protects agrees. With it held, or alone. */
  boolean isWhole() {
    return state.get(LONG, COUNTER) == sumOf(UPDATES)
        && state.get(LONG, FREE) + sumOf(TOKEN) == TOKENS;
  }

  /** Makes it agree. With the mutex held, or alone. */
  void repair() {
    state.set(LONG, COUNTER, sumOf(UPDATES));
    state.set(LONG, FREE, TOKENS - sumOf(TOKEN));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < SLOTS; i++) {
      text.append(
          "slot %d: %d rounds, inside %s, %d tokens; "
              .formatted(i, rounds(i), mark(i), state.get(LONG, slot(i, TOKEN))));
    }
    return text + "%d tokens free, members %s".formatted(state.get(LONG, FREE), region.members());
  }

  /** The process: the region's path, its slot, the kind of its thread, a seed. */
  public static void main(String[] arguments) throws Exception {
    try (SharedRegion region = SharedRegion.open(Path.of(arguments[0]), LAYOUT)) {
      RegionWorker worker = new RegionWorker(region);
      int slot = Integer.parseInt(arguments[1]);
      SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[3]));
      Runnable work = () -> worker.work(slot, random);
      Thread thread =
          ThreadKind.valueOf(arguments[2]) == ThreadKind.VIRTUAL
              ? Thread.ofVirtual().start(work)
              : Thread.ofPlatform().start(work);
      thread.join();
    } catch (Throwable e) {
      e.printStackTrace();
      throw e;
    }
  }

  private void work(int slot, SplittableRandom random) {
    try {
      takeBack(slot);
      while (!isStopped()) {
        switch (random.nextInt(6)) {
          case 0 -> update(slot);
          case 1 -> write(slot);
          case 2 -> read(slot);
          case 3 -> permit(slot);
          case 4 -> token(slot);
          default -> meet(slot);
        }
        int _ = Cells.increment(word(slot(slot, ROUNDS)));
      }
      region.condvar("condvar").signalAll();
      region.event("event").set();
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      Cells.set(word(BROKEN), 100L + slot);
    }
  }

  private void lock(SharedMutex mutex) {
    if (mutex.lock() == LockStatus.OWNER_DIED) {
      report(Inside.MUTEX);
      repair();
    }
    check(isWhole());
  }

  private void report(Inside what) {
    int _ = Cells.increment(word(TOLD + 4L * what.ordinal()));
  }

  private void check(boolean right) {
    if (!right) {
      int _ = Cells.increment(word(BROKEN));
    }
  }

  private void add(long offset, long change) {
    state.set(LONG, offset, state.get(LONG, offset) + change);
  }

  /** What an earlier process in this slot held is free again. */
  private void takeBack(int slot) {
    SharedMutex mutex = region.mutex("mutex");
    lock(mutex);
    if (state.get(LONG, slot(slot, TOKEN)) != 0) {
      add(FREE, 1);
      add(slot(slot, TOKEN), -1);
      region.condvar("condvar").signalAll();
    }
    mutex.unlock();
  }

  private void update(int slot) {
    SharedMutex mutex = region.mutex("mutex");
    lock(mutex);
    mark(slot, Inside.MUTEX);
    add(COUNTER, 1);
    Thread.onSpinWait();
    add(slot(slot, UPDATES), 1);
    mark(slot, Inside.NOTHING);
    mutex.unlock();
  }

  private void write(int slot) {
    SharedRwLock lock = region.rwLock("rwlock");
    if (lock.lockWrite() == LockStatus.OWNER_DIED) {
      report(Inside.WRITER);
      state.set(LONG, RIGHT, state.get(LONG, LEFT));
    }
    mark(slot, Inside.WRITER);
    check(state.get(LONG, LEFT) == state.get(LONG, RIGHT));
    add(LEFT, 1);
    Thread.onSpinWait();
    add(RIGHT, 1);
    mark(slot, Inside.NOTHING);
    lock.unlockWrite();
  }

  private void read(int slot) {
    SharedRwLock lock =
        region
            .rwLock("rwlock")
            .onOwnerDied(
                () -> {
                  if (mark(slot) == Inside.READER) {
                    report(Inside.WRITER);
                    state.set(LONG, RIGHT, state.get(LONG, LEFT));
                  }
                });
    mark(slot, Inside.READER); // so the recovery knows who has called
    LockStatus _ = lock.lockRead();
    check(state.get(LONG, LEFT) == state.get(LONG, RIGHT));
    lock.unlockRead();
    mark(slot, Inside.NOTHING);
  }

  private void permit(int slot) {
    SharedSemaphore semaphore = region.semaphore("semaphore");
    if (semaphore.acquire() == LockStatus.OWNER_DIED) {
      report(Inside.PERMIT);
    }
    mark(slot, Inside.PERMIT);
    Thread.yield();
    mark(slot, Inside.NOTHING);
    semaphore.release();
  }

  /** Takes a token under the mutex, with the condition, and gives it back. */
  private void token(int slot) {
    SharedMutex mutex = region.mutex("mutex");
    SharedCondvar condvar = region.condvar("condvar");
    lock(mutex);
    while (state.get(LONG, FREE) == 0 && !isStopped()) {
      condvar.await(mutex);
      if (mutex.isInherited()) {
        report(Inside.MUTEX);
        repair();
      }
    }
    if (isStopped()) {
      mutex.unlock();
      return;
    }
    add(FREE, -1);
    add(slot(slot, TOKEN), 1);
    mutex.unlock();
    Thread.yield();
    lock(mutex);
    add(FREE, 1);
    add(slot(slot, TOKEN), -1);
    condvar.signalAll();
    mutex.unlock();
  }

  /** An event that resets itself, set before it is waited for: each may take another's. */
  private void meet(int slot) {
    SharedEvent event = region.event("event");
    event.set();
    event.await();
    event.set();
    SharedBarrier barrier = region.barrier("barrier");
    mark(slot, Inside.BARRIER);
    SharedBarrier.Outcome outcome = barrier.await();
    mark(slot, Inside.NOTHING);
    if (outcome == SharedBarrier.Outcome.BROKEN) {
      report(Inside.BARRIER);
    }
  }
}
