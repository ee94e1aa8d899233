package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the view as a java.util.concurrent lock adds to the mutex. */
class MutexLockTest {
  @ParameterizedTest
  @EnumSource
  void onlyTheOwnerUnlocks(Place place) throws Exception {
    Mutex mutex = place.mutex(place.word());
    MutexLock lock = mutex.asLock();
    assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
    lock.lock();
    assertThat(lock.isHeldByCurrentThread()).isTrue();
    assertThat(lock.toString()).contains("owned by " + Thread.currentThread().getName());
    try (Crew crew = new Crew()) {
      crew.start(
              () -> {
                assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
                assertThat(lock.tryLock()).isFalse();
                return lock.tryLock(1, TimeUnit.MILLISECONDS);
              })
          .join();
    }
    assertThat(mutex.isLocked()).isTrue();
    assertThatThrownBy(lock::lock).hasMessageContaining("not reentrant");
    assertThatThrownBy(lock::lockInterruptibly).hasMessageContaining("not reentrant");
    assertThatThrownBy(() -> lock.tryLock(1, TimeUnit.DAYS)).hasMessageContaining("not reentrant");
    assertThat(lock.tryLock()).isFalse();
    lock.unlock();
    assertThat(mutex.isLocked()).isFalse();
    assertThat(lock.tryLock(1, TimeUnit.SECONDS)).isTrue();
    lock.unlock();
    lock.lockInterruptibly();
    lock.unlock();
    mutex.lock();
    assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
    mutex.unlock();
  }

  @Test
  void threadDumpsNameTheOwner() {
    MutexLock lock = Place.ENGINE_HEAP.mutex(Place.ENGINE_HEAP.word()).asLock();
    lock.lock();
    LockInfo[] owned =
        ManagementFactory.getThreadMXBean()
            .getThreadInfo(new long[] {Thread.currentThread().threadId()}, false, true)[0]
            .getLockedSynchronizers();
    lock.unlock();
    assertThat(owned).extracting(LockInfo::getClassName).contains(MutexLock.class.getName());
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void conditionsPassTheLockOn(Place place, ThreadKind kind) {
    Mutex mutex = place.mutex(place.word());
    MutexLock lock = mutex.asLock();
    Condition turn = lock.newCondition(place.word());
    int[] turns = {0};
    try (Crew crew = new Crew()) {
      for (int id = 0; id < 2; id++) {
        int mine = id;
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < 100; round++) {
                lock.lock();
                while (turns[0] % 2 != mine) {
                  turn.await();
                  assertThat(lock.isHeldByCurrentThread()).isTrue();
                }
                turns[0]++;
                turn.signalAll();
                lock.unlock();
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(turns[0]).isEqualTo(200);
    assertThat(mutex.isLocked()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("WaitNotInLoop") // how each wait ends is what is tested
  void conditionsKeepTheContractOfConcurrent(Place place) throws Exception {
    MutexLock lock = place.mutex(place.word()).asLock();
    Condition condition = lock.newCondition(place.word());
    assertThatThrownBy(condition::signal).isInstanceOf(IllegalMonitorStateException.class);
    assertThatThrownBy(condition::signalAll).isInstanceOf(IllegalMonitorStateException.class);
    assertThatThrownBy(condition::await).isInstanceOf(IllegalMonitorStateException.class);
    lock.lock();
    assertThat(condition.awaitNanos(1000)).isNotPositive();
    assertThat(condition.await(-1, TimeUnit.DAYS)).isFalse();
    assertThat(condition.awaitUntil(Date.from(Instant.now().plus(Delays.SHORT)))).isFalse();
    Thread.currentThread().interrupt();
    assertThatThrownBy(condition::await).isInstanceOf(InterruptedException.class);
    assertThat(lock.isHeldByCurrentThread()).isTrue();
    try (Crew crew = new Crew()) {
      crew.start(
          () -> {
            lock.lock();
            condition.signal();
            lock.unlock();
            return null;
          });
      condition.awaitUninterruptibly();
      assertThat(lock.isHeldByCurrentThread()).isTrue();
      crew.joinAll();
    }
    lock.unlock();
  }

  @Test
  void onlyWordsInTheHeapComeByThemselves() {
    assertThat(Place.ENGINE_NATIVE.mutex(Place.ENGINE_NATIVE.word()).asLock().newCondition())
        .isNotNull();
    MutexLock kernel = Place.KERNEL_PRIVATE.mutex(Place.KERNEL_PRIVATE.word()).asLock();
    assertThatThrownBy(kernel::newCondition)
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("give newCondition a word");
  }
}
