package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SemaphoreTest {
  private static final int ROUNDS = 1_000;
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private static Semaphore semaphore(Setting setting, Word permits, Word waiters) {
    return setting.isShared()
        ? Semaphore.shared(permits, waiters)
        : Semaphore.of(setting.futex(), permits, waiters);
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void neverMoreThanThePermitsAreInside(Setting setting) {
    Word permits = setting.word(2);
    Word waiters = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, waiters);
    AtomicInteger inside = new AtomicInteger();
    setting.together(
        4,
        _ -> {
          for (int i = 0; i < ROUNDS; i++) {
            semaphore.acquireUninterruptibly();
            assertThat(inside.incrementAndGet()).isBetween(1, 2);
            if (i % 8 == 0) {
              Thread.yield();
            }
            inside.decrementAndGet();
            semaphore.release();
          }
        });
    assertThat(semaphore.availablePermits()).isEqualTo(2);
    assertThat(waiters.holds(0)).isTrue();
    assertThat(setting.queued(permits)).isZero();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void noPermitIsLostToOneWhoGivesUp(Setting setting) {
    Word permits = setting.word(0);
    Word waiters = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, waiters);
    setting.nothingIsLostToOneWhoGivesUp(
        permits, semaphore::tryAcquire, semaphore::acquireUninterruptibly, semaphore::release);
    assertThat(semaphore.availablePermits()).isZero();
    assertThat(waiters.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aReleaseWakesAsManyAsItHasPermits(Setting setting) {
    Word permits = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, setting.word(0));
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        crew.start(
            setting.kind(),
            () -> {
              semaphore.acquire();
              return null;
            });
      }
      setting.untilQueued(permits, 4);
      semaphore.release(3);
      setting.untilQueued(permits, 1);
      semaphore.release();
      crew.joinAll();
    }
    assertThat(semaphore.availablePermits()).isZero();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void givesUpAtADeadlineAndWhenInterrupted(Setting setting) {
    Word permits = setting.word(0);
    Word waiters = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, waiters);
    setting.givesUpAtADeadlineAndWhenInterrupted(
        permits,
        semaphore::tryAcquire,
        semaphore::acquire,
        semaphore::acquireUninterruptibly,
        semaphore::release);
    setting.keepsAnInterruptForLater(
        permits, semaphore::acquireUninterruptibly, semaphore::release);
    assertThat(semaphore.availablePermits()).isZero();
    assertThat(waiters.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void noWakeIsAskedForWhenNobodyWaits(Setting setting) throws Exception {
    if (setting.isShared()) {
      return; // the kernel is asked by the same code
    }
    AtomicInteger wakes = new AtomicInteger();
    Futex futex = setting.countingWakes(wakes);
    Word permits = setting.word(0);
    Semaphore semaphore = Semaphore.of(futex, permits, setting.word(0));
    semaphore.release(2);
    semaphore.acquire();
    semaphore.acquire();
    assertThat(semaphore.tryAcquire(REACHED)).isFalse();
    semaphore.release();
    assertThat(wakes).hasValue(0);
    semaphore.acquire();
    try (Crew crew = new Crew()) {
      Crew.Job<?> waiting =
          crew.start(
              setting.kind(),
              () -> {
                semaphore.acquire();
                return null;
              });
      setting.untilQueued(permits, 1);
      semaphore.release();
      waiting.join();
    }
    assertThat(wakes).hasValue(1);
    semaphore.release();
    assertThat(wakes).as("the waiter has left").hasValue(1);
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void misuseIsRefusedAndChangesNothing(Setting setting) {
    Word permits = setting.word(3);
    Word waiters = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, waiters);
    assertThatThrownBy(() -> semaphore.release(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> semaphore.release(Integer.MAX_VALUE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("3 permits");
    assertThat(permits.holds(3)).isTrue();
    semaphore.release(Integer.MAX_VALUE - 3);
    assertThatThrownBy(semaphore::release).isInstanceOf(IllegalStateException.class);
    assertThat(permits.holds(Integer.MAX_VALUE)).isTrue();
    refuses(Errno.EINVAL, "twice", () -> semaphore(setting, permits, permits));
    refuses(Errno.EINVAL, "64", () -> semaphore(setting, Word.of(new long[1], 0), waiters));
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aDamagedWordIsNamedAndCanBeMended(Setting setting) throws Exception {
    Word permits = setting.word(-2);
    Word waiters = setting.word(0);
    Semaphore semaphore = semaphore(setting, permits, waiters);
    refuses(Errno.EINVAL, "0xfffffffe", semaphore::acquire);
    refuses(Errno.EINVAL, "0xfffffffe", () -> semaphore.tryAcquire(REACHED));
    refuses(Errno.EINVAL, "0xfffffffe", semaphore::tryAcquire);
    refuses(Errno.EINVAL, "0xfffffffe", semaphore::release);
    refuses(Errno.EINVAL, "0xfffffffe", semaphore::availablePermits);
    WordKind.store(permits, 0);
    WordKind.store(waiters, -7);
    refuses(Errno.EINVAL, "0xfffffff9", semaphore::acquire);
    refuses(Errno.EINVAL, "0xfffffff9", () -> semaphore.tryAcquire(REACHED));
    WordKind.store(waiters, Integer.MAX_VALUE);
    refuses(Errno.EINVAL, "0x7fffffff", semaphore::acquire);
    semaphore.release();
    WordKind.store(waiters, 0);
    semaphore.acquire();
    assertThat(semaphore.tryAcquire(REACHED)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        2,
        (word, close) -> {
          Semaphore semaphore = semaphore(setting, word.apply(0), word.apply(1));
          semaphore.release();
          semaphore.acquire();
          close.run();
          faults(semaphore::acquire);
          faults(semaphore::acquireUninterruptibly);
          faults(() -> semaphore.tryAcquire(REACHED));
          faults(semaphore::tryAcquire);
          faults(semaphore::release);
        });
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void behavesAsTheOneOfTheJdk(Setting setting) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      int initial = random.nextInt(3);
      Semaphore semaphore = semaphore(setting, setting.word(initial), setting.word(0));
      var model = new java.util.concurrent.Semaphore(initial);
      for (int step = 0; step < 50; step++) {
        String where = "seed " + seed + ", step " + step;
        switch (random.nextInt(4)) {
          case 0 -> assertThat(semaphore.tryAcquire()).as(where).isEqualTo(model.tryAcquire());
          case 1 ->
              assertThat(semaphore.tryAcquire(REACHED)).as(where).isEqualTo(model.tryAcquire());
          case 2 -> {
            if (model.tryAcquire()) {
              semaphore.acquire();
            }
          }
          default -> {
            int count = random.nextInt(3);
            semaphore.release(count);
            model.release(count);
          }
        }
        assertThat(semaphore.availablePermits()).as(where).isEqualTo(model.availablePermits());
      }
    }
  }

  @Test
  void theFastPathMakesNoGarbage() {
    Semaphore semaphore = Semaphore.of(Futex.jvm(), Word.of(new int[1], 0), Word.of(new int[1], 0));
    Allocation.assertNone(
        () -> {
          semaphore.release();
          semaphore.acquireUninterruptibly();
        });
  }
}
