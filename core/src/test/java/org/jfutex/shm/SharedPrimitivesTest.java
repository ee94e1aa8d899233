package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The primitives of a region in one process, which has it open twice: two members. */
class SharedPrimitivesTest {
  private static final int ROUNDS = 500;
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .event("event")
          .autoResetEvent("auto")
          .barrier("barrier", 3)
          .latch("latch", 2)
          .once("once")
          .signal("signal")
          .bytes("data", 64)
          .build();

  private static final Layout.Cell MUTEX = LAYOUT.cell("mutex", Kind.MUTEX);

  @TempDir Path folder;

  private SharedRegion one;
  private SharedRegion two;

  @BeforeEach
  void open() throws Exception {
    one = SharedRegion.open(folder.resolve("region"), LAYOUT);
    two = SharedRegion.attach(folder.resolve("region"));
  }

  @AfterEach
  void close() {
    close(one);
    close(two);
  }

  /** What an ended thread has held is given back a little after its end. */
  static void close(SharedRegion region) {
    Crew.until(
        "nothing is held",
        () -> {
          try {
            region.close();
            return true;
          } catch (IllegalStateException e) {
            return false;
          }
        });
  }

  private static Deadline soon() {
    return Deadline.after(5, TimeUnit.MILLISECONDS);
  }

  private SharedRegion region(int index) {
    return index % 2 == 0 ? one : two;
  }

  private static long wordOf(SharedRegion region) {
    return region.word(MUTEX, 0, Integer.SIZE).load();
  }

  private long count() {
    return one.bytes("data").get(ValueLayout.JAVA_LONG, 0);
  }

  private static void add(SharedRegion region) {
    var data = region.bytes("data");
    data.set(ValueLayout.JAVA_LONG, 0, data.get(ValueLayout.JAVA_LONG, 0) + 1);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void mutexLetsOneIn(ThreadKind kind) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        SharedRegion region = region(i);
        crew.start(
            kind,
            () -> {
              SharedMutex mutex = region.mutex("mutex");
              long last = 0;
              for (int round = 0; round < ROUNDS; round++) {
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                assertThat(mutex.epoch()).isGreaterThan(last);
                last = mutex.epoch();
                add(region);
                mutex.unlock();
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(count()).isEqualTo(4 * ROUNDS);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void aMutexIsRecoveredOnce(ThreadKind kind) {
    AtomicInteger attempts = new AtomicInteger();
    SharedMutex mutex =
        one.mutex("mutex")
            .onOwnerDied(
                epoch -> {
                  assertThat(epoch).isEqualTo(2 + attempts.get());
                  if (attempts.incrementAndGet() == 1) {
                    throw new UnsupportedOperationException("no repair");
                  }
                });
    try (Crew crew = new Crew()) {
      crew.start(kind, () -> two.mutex("mutex").lock()).join();
    }
    Crew.until("its end is noticed", () -> OwnerWord.hasOwnerDied(wordOf(one)));
    assertThatThrownBy(mutex::lock).hasMessage("no repair");
    assertThat(mutex.isHeldByCurrentThread()).isFalse();
    try (SharedMutex.Guard guard = mutex.acquire()) {
      assertThat(guard.status()).isEqualTo(LockStatus.OWNER_DIED);
      assertThat(mutex.isInherited()).isTrue();
      assertThat(mutex.epoch()).isEqualTo(3);
    }
    assertThat(attempts).hasValue(2);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    assertThat(mutex.isInherited()).isFalse();
    mutex.unlock();
  }

  @Test
  void aGuardFreesOnceOrLeaves() {
    SharedMutex mutex = one.mutex("mutex");
    try (SharedMutex.Guard guard = mutex.acquire()) {
      guard.abandon();
      assertThat(mutex.isHeldByCurrentThread()).isFalse();
    }
    SharedMutex.Guard guard = mutex.acquire();
    assertThat(guard.status()).isEqualTo(LockStatus.OWNER_DIED);
    guard.close();
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    guard.close();
    assertThat(mutex.isHeldByCurrentThread()).isTrue();
    mutex.unlock();
    SharedMutex.Guard mine = mutex.acquire();
    try (Crew crew = new Crew()) {
      crew.start(
              () -> {
                assertThatThrownBy(mine::close).isInstanceOf(FutexException.class);
                return null;
              })
          .join();
    }
    mine.close();
    assertThat(mutex.isHeldByCurrentThread()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void conditionHandsOver(ThreadKind kind) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        int me = i;
        SharedRegion region = region(i);
        crew.start(
            kind,
            () -> {
              SharedMutex mutex = region.mutex("mutex");
              SharedCondvar condvar = region.condvar("condvar");
              var data = region.bytes("data");
              for (int round = 0; round < ROUNDS / 5; round++) {
                mutex.lock();
                while (data.get(ValueLayout.JAVA_LONG, 0) % 4 != me) {
                  assertThat(condvar.await(mutex)).isEqualTo(WaitStatus.WOKEN);
                }
                add(region);
                condvar.signalAll();
                mutex.unlock();
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(count()).isEqualTo(4 * (ROUNDS / 5));
  }

  @Test
  void aMissingDeadlineIsNoTry() {
    SharedSemaphore semaphore = one.semaphore("semaphore");
    assertThatThrownBy(() -> semaphore.acquire(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("deadline");
    assertThat(semaphore.available()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void semaphoreLetsTwoIn(ThreadKind kind) {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        SharedSemaphore semaphore = region(i).semaphore("semaphore");
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < ROUNDS; round++) {
                assertThat(semaphore.acquire()).isEqualTo(LockStatus.LOCKED);
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                Thread.yield();
                inside.decrementAndGet();
                semaphore.release();
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(most.get()).isBetween(1, 2);
    assertThat(one.semaphore("semaphore").available()).isEqualTo(2);
    assertThatThrownBy(() -> one.semaphore("semaphore").release())
        .isInstanceOf(FutexException.class);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void permitsOfAnEndedThreadComeBack(ThreadKind kind) {
    SharedSemaphore semaphore = one.semaphore("semaphore");
    SharedSemaphore other = two.semaphore("semaphore");
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                assertThat(semaphore.acquire()).isEqualTo(LockStatus.LOCKED);
                return semaphore.acquire();
              })
          .join();
      assertThat(other.acquire()).isEqualTo(LockStatus.OWNER_DIED);
      assertThat(other.acquire()).isEqualTo(LockStatus.LOCKED);
      assertThat(other.acquire(soon())).isEqualTo(LockStatus.TIMED_OUT);
      other.release();
      other.release();
    }
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void readersAndWritersKeepApart(ThreadKind kind) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        boolean writes = i < 2;
        SharedRegion region = region(i);
        crew.start(
            kind,
            () -> {
              SharedRwLock lock = region.rwLock("rwlock");
              var data = region.bytes("data");
              for (int round = 0; round < ROUNDS; round++) {
                if (writes) {
                  assertThat(lock.lockWrite()).isEqualTo(LockStatus.LOCKED);
                  add(region);
                  data.set(ValueLayout.JAVA_LONG, 8, data.get(ValueLayout.JAVA_LONG, 8) + 1);
                  lock.unlockWrite();
                } else {
                  assertThat(lock.lockRead()).isEqualTo(LockStatus.LOCKED);
                  assertThat(data.get(ValueLayout.JAVA_LONG, 0))
                      .isEqualTo(data.get(ValueLayout.JAVA_LONG, 8));
                  lock.unlockRead();
                }
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(count()).isEqualTo(2 * ROUNDS);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void aWriterThatEndsIsToldOfToAReader(ThreadKind kind) {
    AtomicInteger recovered = new AtomicInteger();
    SharedRwLock other = two.rwLock("rwlock").onOwnerDied(recovered::incrementAndGet);
    try (Crew crew = new Crew()) {
      crew.start(kind, () -> one.rwLock("rwlock").lockWrite()).join();
      assertThat(other.lockRead()).isEqualTo(LockStatus.OWNER_DIED);
      assertThat(recovered.get()).isEqualTo(1);
      assertThat(two.rwLock("rwlock").lockRead()).isEqualTo(LockStatus.LOCKED);
      other.unlockRead();
      other.unlockRead();
      // a reader that ends is forgotten
      crew.start(kind, () -> one.rwLock("rwlock").lockRead()).join();
      assertThat(other.lockWrite()).isEqualTo(LockStatus.LOCKED);
      other.downgrade();
      other.unlockRead();
    }
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void eventsLetGo(ThreadKind kind) throws Exception {
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> one.event("event").await());
      var autos = crew.start(kind, () -> one.event("auto").await());
      two.event("event").set();
      two.event("auto").set();
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(autos.join()).isEqualTo(WaitStatus.WOKEN);
    }
    assertThat(one.event("event").isSet()).isTrue();
    assertThat(one.event("auto").isSet()).isFalse();
    one.event("event").reset();
    assertThat(two.event("event").await(soon())).isEqualTo(WaitStatus.TIMED_OUT);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void threeMeetAgainAndAgain(ThreadKind kind) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 3; i++) {
        SharedBarrier barrier = region(i).barrier("barrier");
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < ROUNDS / 5; round++) {
                assertThat(barrier.await()).isEqualTo(SharedBarrier.Outcome.MET);
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(one.barrier("barrier").await(soon())).isEqualTo(SharedBarrier.Outcome.TIMED_OUT);
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void latchAndOnceAndSignal(ThreadKind kind) {
    CountDownLatch looked = new CountDownLatch(1);
    try (Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> one.latch("latch").await());
      var told =
          crew.start(
              kind,
              () -> {
                int seen = one.signal("signal").stamp();
                looked.countDown();
                return one.signal("signal").await(seen, Deadline.NEVER);
              });
      two.latch("latch").countDown();
      assertThat(one.latch("latch").remaining()).isEqualTo(1);
      two.latch("latch").countDown();
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
      looked.await();
      two.signal("signal").raise();
      assertThat(told.join()).isEqualTo(WaitStatus.WOKEN);
      assertThatThrownBy(
              () ->
                  one.once("once")
                      .run(
                          () -> {
                            throw new IllegalStateException("fails");
                          }))
          .hasMessage("fails");
      assertThat(one.once("once").run(() -> add(one))).isTrue();
      assertThat(two.once("once").run(() -> add(two))).isFalse();
      assertThat(count()).isEqualTo(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
