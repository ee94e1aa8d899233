package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitStatus;
import org.jfutex.engine.JvmFutex;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The same condition variable on both backends, with both kinds of thread. */
class CondvarTest {
  private static final int ROUNDS = 1_500;
  private static final int WAITERS = 5;

  /** A mutex and a condition variable. */
  private record Rig(Place place, Word lock, Word count, Mutex mutex, Condvar condvar) {
    static Rig of(Place place) {
      Word lock = place.word();
      Word count = place.word();
      return new Rig(place, lock, count, place.mutex(lock), place.condvar(count));
    }

    int waiting() {
      return place.backend().queued(count);
    }

    int locking() {
      return place.backend().queued(lock);
    }

    void assertAtRest() {
      assertThat(lock.load()).isZero();
      assertThat(waiting() + locking()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void everyItemIsConsumedOnce(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    Condvar space = place.condvar(place.word());
    int[] items = {0};
    int[] consumed = {0};
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 2; i++) {
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < ROUNDS; round++) {
                rig.mutex.lock();
                while (items[0] == 3) {
                  space.await(rig.mutex);
                }
                items[0]++;
                rig.condvar.signal(rig.mutex);
                rig.mutex.unlock();
              }
              return null;
            });
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < ROUNDS; round++) {
                rig.mutex.lock();
                while (items[0] == 0) {
                  rig.condvar.awaitUninterruptibly(rig.mutex);
                }
                items[0]--;
                consumed[0]++;
                rig.mutex.unlock();
                space.signal(rig.mutex);
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(items[0]).isZero();
    assertThat(consumed[0]).isEqualTo(2 * ROUNDS);
    rig.assertAtRest();
  }

  /** A permit is signalled once; who times out leaves it to the other one, or has got it. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void noSignalIsLostToATimeout(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    int rounds = ROUNDS / 10;
    int[] permits = {0};
    int[] served = {0};
    try (Crew crew = new Crew()) {
      crew.start(
          kind,
          () -> {
            while (served[0] < rounds) {
              rig.mutex.lock();
              Deadline deadline = Deadline.after(50, TimeUnit.MICROSECONDS);
              if (permits[0] > 0 || rig.condvar.await(rig.mutex, deadline) == WaitStatus.WOKEN) {
                served[0] += permits[0];
                permits[0] = 0;
              }
              rig.mutex.unlock();
            }
            rig.condvar.signalAll(rig.mutex);
            return null;
          });
      crew.start(
          kind,
          () -> {
            rig.mutex.lock();
            while (served[0] < rounds) {
              if (permits[0] == 0) {
                rig.condvar.await(rig.mutex);
              }
              served[0] += permits[0];
              permits[0] = 0;
            }
            rig.mutex.unlock();
            return null;
          });
      for (int round = 0; round < rounds; round++) {
        Crew.until("the last permit is taken", () -> tookAll(rig, permits));
        Crew.until("one waits at least", () -> rig.waiting() > 0);
        rig.mutex.lock();
        permits[0]++;
        rig.condvar.signal(rig.mutex);
        rig.mutex.unlock();
      }
      crew.joinAll();
    }
    assertThat(served[0]).isEqualTo(rounds);
    assertThat(permits[0]).isZero();
    rig.assertAtRest();
  }

  private static boolean tookAll(Rig rig, int[] permits) {
    try (var _ = rig.mutex.acquire()) {
      return permits[0] == 0;
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void whoIsSignalledWaitsForTheLockAndWakesUpInOrder(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    List<Integer> order = new ArrayList<>();
    try (Crew crew = new Crew()) {
      for (int i = 0; i < WAITERS; i++) {
        int id = i;
        crew.start(
            kind,
            () -> {
              rig.mutex.lock();
              rig.condvar.await(rig.mutex);
              order.add(id);
              rig.mutex.unlock();
              return null;
            });
        Crew.until("it waits", () -> rig.waiting() == id + 1);
      }
      rig.mutex.lock();
      rig.condvar.signal(rig.mutex);
      assertThat(rig.waiting()).isEqualTo(WAITERS - 1);
      assertThat(rig.locking()).isEqualTo(1);
      rig.condvar.signalAll(rig.mutex);
      assertThat(rig.waiting()).isZero();
      assertThat(rig.locking()).isEqualTo(WAITERS); // nobody has woken up, so nobody crowds
      rig.mutex.unlock();
      crew.joinAll();
    }
    assertThat(order).containsExactly(0, 1, 2, 3, 4);
    rig.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void withoutTheLockASignalWakesToo(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    try (Crew crew = new Crew()) {
      for (int i = 0; i < WAITERS; i++) {
        crew.start(
            kind,
            () -> {
              rig.mutex.lock();
              rig.condvar.await(rig.mutex);
              rig.mutex.unlock();
              return null;
            });
      }
      Crew.until("all wait", () -> rig.waiting() == WAITERS);
      rig.condvar.signal(rig.mutex);
      Crew.until("one has been woken", () -> rig.waiting() == WAITERS - 1);
      rig.condvar.signalAll(rig.mutex);
      crew.joinAll();
    }
    rig.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void aSignalBeatsAnInterruptThatComesLater(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    try (Crew crew = new Crew()) {
      Crew.Job<Boolean> waiter =
          crew.start(
              kind,
              () -> {
                rig.mutex.lock();
                rig.condvar.await(rig.mutex);
                rig.mutex.unlock();
                return Thread.currentThread().isInterrupted();
              });
      Crew.until("it waits", () -> rig.waiting() == 1);
      rig.mutex.lock();
      rig.condvar.signal(rig.mutex);
      waiter.thread().interrupt();
      Crew.until(
          "it waits for the lock", () -> !waiter.thread().isInterrupted() && rig.locking() == 1);
      rig.mutex.unlock();
      assertThat(waiter.join()).isTrue();
    }
    rig.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void whoIsNotSignalledHoldsTheLockToo(Place place, ThreadKind kind) {
    Rig rig = Rig.of(place);
    try (Crew crew = new Crew()) {
      Crew.Job<WaitStatus> timed =
          crew.start(
              kind,
              () -> {
                rig.mutex.lock();
                WaitStatus end = rig.condvar.await(rig.mutex, Deadline.after(Delays.SHORT));
                rig.mutex.unlock();
                return end;
              });
      assertThat(timed.join()).isEqualTo(WaitStatus.TIMED_OUT);
      Crew.Job<?> interrupted =
          crew.start(
              kind,
              () -> {
                rig.mutex.lock();
                assertThatThrownBy(() -> rig.condvar.await(rig.mutex))
                    .isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                rig.mutex.unlock();
                return null;
              });
      Crew.until("it waits", () -> rig.waiting() == 1);
      interrupted.thread().interrupt();
      interrupted.join();
      Crew.Job<Boolean> stubborn =
          crew.start(
              kind,
              () -> {
                rig.mutex.lock();
                rig.condvar.awaitUninterruptibly(rig.mutex);
                rig.mutex.unlock();
                return Thread.currentThread().isInterrupted();
              });
      Crew.until("it waits", () -> rig.waiting() == 1);
      stubborn.thread().interrupt();
      Crew.until("it waits on", () -> !stubborn.thread().isInterrupted() && rig.waiting() == 1);
      rig.condvar.signal(rig.mutex);
      assertThat(stubborn.join()).isTrue();
    }
    rig.assertAtRest();
  }

  @ParameterizedTest
  @EnumSource
  void misuseIsRefusedAndChangesNothing(Place place) {
    Rig rig = Rig.of(place);
    assertThatThrownBy(() -> rig.condvar.await(rig.mutex))
        .isInstanceOf(IllegalMonitorStateException.class);
    assertThatThrownBy(() -> rig.condvar.awaitUninterruptibly(rig.mutex))
        .isInstanceOf(IllegalMonitorStateException.class);
    refused(() -> rig.condvar.signal(Mutex.of(new JvmFutex(), Word.of(new int[1], 0))));
    refused(() -> rig.condvar.signalAll(place.mutex(rig.count)));
    rig.assertAtRest();
  }

  @Test
  void wordsOfTwoScopesDoNotGoTogether() {
    Mutex mutex = Mutex.of(Futex.kernel(), WordKind.NATIVE_32.fresh());
    refused(() -> Condvar.shared(WordKind.MAPPED_32.fresh()).signal(mutex));
  }

  private static void refused(ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(names = {"ENGINE_NATIVE", "KERNEL_PRIVATE"})
  void whereTheMemoryHasGoneTheLockIsHeld(Place place) {
    Arena arena = Arena.ofShared();
    Word lock = place.word();
    Word count = Word.of(arena.allocate(4, 4), 0);
    Mutex mutex = place.mutex(lock);
    Condvar condvar = place.condvar(count);
    try (Crew crew = new Crew()) {
      Crew.Job<?> waiter =
          crew.start(
              () -> {
                mutex.lock();
                assertThatThrownBy(() -> condvar.await(mutex))
                    .isInstanceOfAny(WordFault.class, FutexException.class);
                assertThat(mutex.isLocked()).isTrue();
                mutex.unlock();
                return null;
              });
      Crew.until("it waits", () -> place.backend().queued(count) == 1);
      arena.close();
      assertThatThrownBy(() -> condvar.signal(mutex)).isInstanceOf(WordFault.class);
      assertThat(place.backend().futex().wakeAll(count)).isEqualTo(1);
      waiter.join();
    }
    assertThat(lock.load()).isZero();
  }
}
