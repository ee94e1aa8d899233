package org.jfutex.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.Word;

/**
 * What the processes of {@link RegionHarness} share, and the process itself: it uses one primitive
 * after the other, at random, and notes what it is inside of and which deaths it was told of. No
 * wait has a deadline. {@code worker.c} is the same in C, as far as C has the primitives.
 */
final class RegionWorker {
  static final int SLOTS = 8;
  static final int TOKENS = 2;
  static final int PARTIES = 2;

  /** What a worker can be inside of; 0 is nothing. */
  enum Inside {
    NOTHING,
    MUTEX,
    WRITER,
    READER,
    PERMIT,
    BARRIER,
    ONCE
  }

  static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .autoResetEvent("event")
          .barrier("barrier", PARTIES)
          .latch("latch", 2)
          .once("once")
          .signal("signal")
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
  private static final long ORDERS = 32;
  private static final long SECTION_NANOS = 20_000;
  private static final long PAUSE_NANOS = 50_000;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /** All it can do at random, the last of them only if there are others to meet. */
  private static final List<String> ALL =
      List.of("update", "write", "read", "permit", "token", "event", "meet");

  private final SharedRegion region;
  private final Steps steps;
  private final MemorySegment state;
  private final Word mutexEpoch;

  RegionWorker(SharedRegion region) {
    this(region, new Steps("none", 0));
  }

  private RegionWorker(SharedRegion region, Steps steps) {
    this.region = region;
    this.steps = steps;
    this.state = region.bytes("state");
    this.mutexEpoch = region.word(LAYOUT.cell("mutex", Kind.MUTEX), 8, Long.SIZE);
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

  /** Tells a worker to send itself a signal at a step. */
  void order(int slot, int signal, int point) {
    Cells.set(orders(slot), Steps.order(signal, point));
  }

  Word orders(int slot) {
    return word(slot(slot, ORDERS));
  }

  /** How often what has one owner at a time was entered. */
  long entries(Inside what) {
    return what == Inside.WRITER ? state.get(LONG, LEFT) : mutexEpoch.load();
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

  /** The process; see {@link RegionHarness#command}. */
  public static void main(String[] arguments) throws Exception {
    int slot = Integer.parseInt(arguments[1]);
    ThreadKind kind = ThreadKind.valueOf(arguments[2]);
    SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[3]));
    String operation = arguments[4];
    Steps steps = new Steps(arguments[5], Integer.parseInt(arguments[6]));
    steps.begin("attach");
    try (SharedRegion region = SharedRegion.attach(Path.of(arguments[0]), steps)) {
      steps.begin("prepare");
      RegionWorker worker = new RegionWorker(region, steps);
      steps.obey(worker.orders(slot));
      Runnable work = () -> worker.work(slot, operation, random);
      Thread thread =
          kind == ThreadKind.VIRTUAL
              ? Thread.ofVirtual().start(work)
              : Thread.ofPlatform().start(work);
      thread.join();
      steps.begin("close");
    } catch (Throwable e) {
      e.printStackTrace();
      throw e;
    }
  }

  private void work(int slot, String operation, SplittableRandom random) {
    try {
      if (operation.equals("all") || operation.equals("alone")) {
        takeBack(slot);
        int count = ALL.size() - (operation.equals("alone") ? 1 : 0);
        while (!isStopped()) {
          perform(ALL.get(random.nextInt(count)), slot);
          int _ = Cells.increment(word(slot(slot, ROUNDS)));
          if (random.nextBoolean()) {
            LockSupport.parkNanos(PAUSE_NANOS); // lets the others in
          }
        }
        region.condvar("condvar").signalAll();
        region.event("event").set();
      } else {
        steps.begin("operation");
        perform(operation, slot);
        steps.begin("end");
      }
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      Cells.set(word(BROKEN), 100L + slot);
    }
  }

  private void perform(String operation, int slot) {
    switch (operation) {
      case "update" -> update(slot);
      case "write" -> write(slot);
      case "read" -> read(slot);
      case "permit" -> permit(slot);
      case "token" -> token(slot);
      case "event" -> event();
      case "meet" -> meet(slot);
      case "latch" -> latch();
      case "once" -> once(slot);
      case "signal" -> region.signal("signal").raise();
      case "nothing" -> {}
      default -> throw new IllegalArgumentException(operation);
    }
  }

  /** Inside of something: two fail points, and some time. */
  private void stay() {
    steps.at();
    long end = System.nanoTime() + SECTION_NANOS;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    steps.at();
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
    stay();
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
    stay();
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
    stay();
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
    stay();
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

  /** One that resets itself, set before it is waited for: each may take another's. */
  private void event() {
    SharedEvent event = region.event("event");
    event.set();
    event.await();
    event.set();
  }

  private void meet(int slot) {
    SharedBarrier barrier = region.barrier("barrier");
    mark(slot, Inside.BARRIER);
    SharedBarrier.Outcome outcome = barrier.await();
    mark(slot, Inside.NOTHING);
    if (outcome == SharedBarrier.Outcome.BROKEN) {
      report(Inside.BARRIER);
    }
  }

  private void latch() {
    SharedLatch latch = region.latch("latch");
    latch.countDown();
    latch.countDown();
    check(latch.await() == WaitStatus.WOKEN);
  }

  private void once(int slot) {
    boolean done =
        region
            .once("once")
            .run(
                () -> {
                  mark(slot, Inside.ONCE);
                  stay();
                  mark(slot, Inside.NOTHING);
                });
    check(done);
  }
}
