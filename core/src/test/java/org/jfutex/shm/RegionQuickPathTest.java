package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What nobody has to wait for makes no garbage. */
class RegionQuickPathTest {
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .event("event")
          .latch("latch", 1)
          .once("once")
          .signal("signal")
          .build();

  @TempDir Path folder;

  /** A pair of calls, or one that only looks. */
  record Pair(String name, Function<SharedRegion, Runnable> calls) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Pair> pairs() {
    return Stream.of(
        new Pair("mutex", RegionQuickPathTest::mutex),
        new Pair("semaphore", RegionQuickPathTest::semaphore),
        new Pair("reader", RegionQuickPathTest::reader),
        new Pair("writer", RegionQuickPathTest::writer),
        new Pair("set event", RegionQuickPathTest::event),
        new Pair("open latch", RegionQuickPathTest::latch),
        new Pair("once", RegionQuickPathTest::once),
        new Pair("signal", RegionQuickPathTest::signal));
  }

  private static void check(boolean expected) {
    if (!expected) { // an assertion would make garbage
      throw new AssertionError();
    }
  }

  private static Runnable mutex(SharedRegion region) {
    SharedMutex mutex = region.mutex("mutex");
    return () -> {
      check(mutex.lock() == LockStatus.LOCKED);
      mutex.unlock();
      check(mutex.tryLock() == LockStatus.LOCKED);
      mutex.unlock();
      check(mutex.lock(Deadline.NEVER) == LockStatus.LOCKED);
      mutex.unlock();
    };
  }

  private static Runnable semaphore(SharedRegion region) {
    SharedSemaphore semaphore = region.semaphore("semaphore");
    return () -> {
      check(semaphore.acquire() == LockStatus.LOCKED);
      check(semaphore.tryAcquire() == LockStatus.LOCKED);
      semaphore.release();
      semaphore.release();
    };
  }

  private static Runnable reader(SharedRegion region) {
    SharedRwLock lock = region.rwLock("rwlock");
    return () -> {
      check(lock.lockRead() == LockStatus.LOCKED);
      lock.unlockRead();
    };
  }

  private static Runnable writer(SharedRegion region) {
    SharedRwLock lock = region.rwLock("rwlock");
    return () -> {
      check(lock.lockWrite() == LockStatus.LOCKED);
      lock.unlockWrite();
    };
  }

  private static Runnable event(SharedRegion region) {
    SharedEvent event = region.event("event");
    event.set();
    return () -> check(event.await() == WaitStatus.WOKEN);
  }

  private static Runnable latch(SharedRegion region) {
    SharedLatch latch = region.latch("latch");
    latch.countDown();
    return () -> check(latch.await() == WaitStatus.WOKEN);
  }

  private static Runnable once(SharedRegion region) {
    SharedOnce once = region.once("once");
    Runnable nothing = () -> {};
    boolean _ = once.run(nothing);
    return () -> check(!once.run(nothing));
  }

  private static Runnable signal(SharedRegion region) {
    Signal signal = region.signal("signal");
    return () -> {
      int stamp = signal.stamp();
      signal.raise();
      check(signal.await(stamp, Deadline.NEVER) == WaitStatus.WOKEN);
    };
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void makesNoGarbage(Pair pair) throws Exception {
    try (SharedRegion region = SharedRegion.open(folder.resolve("region"), LAYOUT)) {
      Allocation.assertNone(pair.calls.apply(region));
    }
  }

  /** A closed region is refused, although the thread knows the lock's word. */
  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void aRegionIsClosedAfterItsLocksWereUsed(ThreadKind kind) throws Exception {
    try (Crew crew = new Crew()) {
      for (int round = 0; round < 20; round++) {
        SharedRegion region = SharedRegion.open(folder.resolve("region"), LAYOUT);
        for (int i = 0; i < 2; i++) {
          assertThat(crew.start(kind, () -> mutexOnce(region)).join()).isTrue();
          assertThat(mutexOnce(region)).isTrue();
        }
        region.close();
        assertThat(mutexOnce(region)).isFalse();
      }
    }
  }

  private static boolean mutexOnce(SharedRegion region) {
    try {
      mutex(region).run();
      return true;
    } catch (WordFault e) {
      return false;
    }
  }
}
