package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PiMutexTest {
  private static final int ROUNDS = 1_000;
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private static PiMutex mutex(Setting setting, Word word) {
    return setting.isShared() ? PiMutex.shared(word) : PiMutex.of(setting.futex(), word);
  }

  private static boolean isEngine(Setting setting) {
    return setting.futex().capabilities().heapWords();
  }

  /** Where the kernel has no owners of that kind, only the refusal is tested. */
  static Stream<Setting> served() {
    return Setting.all().filter(s -> isEngine(s) || s.kind() == ThreadKind.PLATFORM);
  }

  static Stream<Setting> refused() {
    return Setting.all().filter(s -> !isEngine(s) && s.kind() == ThreadKind.VIRTUAL);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aVirtualThreadIsToldThatTheKernelWantsAnother(Setting setting) {
    Word word = setting.word(0);
    PiMutex mutex = mutex(setting, word);
    try (Crew crew = new Crew()) {
      crew.start(
              setting.kind(),
              () -> {
                assertThatThrownBy(mutex::lock)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining("platform thread");
                assertThatThrownBy(mutex::tryLock).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(mutex::unlock).isInstanceOf(WrongThreadException.class);
                return null;
              })
          .join();
    }
    assertThat(word.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("served")
  void oneAtATime(Setting setting) {
    Word word = setting.word(0);
    PiMutex mutex = mutex(setting, word);
    int[] guarded = {0};
    setting.together(
        4,
        index -> {
          Lock lock = mutex.asLock();
          for (int i = 0; i < ROUNDS; i++) {
            if (index < 2) {
              lock.lock();
              guarded[0]++;
              lock.unlock();
            } else {
              assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
              guarded[0]++;
              mutex.unlock();
            }
          }
        });
    assertThat(guarded[0]).isEqualTo(4 * ROUNDS);
    assertThat(word.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("served")
  void givesUpAtADeadlineAndWhenInterrupted(Setting setting) throws Exception {
    Word word = setting.word(0);
    PiMutex mutex = mutex(setting, word);
    assertThat(mutex.tryLock(REACHED)).isEqualTo(LockStatus.LOCKED);
    try (Crew crew = new Crew()) {
      crew.start(
              setting.kind(),
              () -> {
                assertThat(mutex.tryLock()).isEqualTo(LockStatus.BUSY);
                assertThat(mutex.asLock().tryLock()).isFalse();
                assertThat(mutex.tryLock(Deadline.after(Delays.SHORT)))
                    .isEqualTo(LockStatus.TIMED_OUT);
                assertThat(mutex.asLock().tryLock(1, TimeUnit.MILLISECONDS)).isFalse();
                Thread.currentThread().interrupt();
                assertThatThrownBy(mutex::lockInterruptibly)
                    .isInstanceOf(InterruptedException.class);
                return null;
              })
          .join();
      Crew.Job<Boolean> stubborn =
          crew.start(
              setting.kind(),
              () -> {
                mutex.lock();
                mutex.unlock();
                return Thread.interrupted();
              });
      Crew.until("it waits", () -> setting.backend().isAsleep(word, stubborn.thread()));
      stubborn.thread().interrupt();
      if (isEngine(setting)) { // the kernel lets nobody go who waits for such a lock
        Crew.until("it has noticed", () -> !stubborn.thread().isInterrupted());
        Crew.Job<?> interrupted =
            crew.start(
                setting.kind(),
                () -> {
                  assertThatThrownBy(mutex::lockInterruptibly)
                      .isInstanceOf(InterruptedException.class);
                  return null;
                });
        Crew.until("it waits", () -> setting.backend().isAsleep(word, interrupted.thread()));
        interrupted.thread().interrupt();
        interrupted.join();
      }
      mutex.unlock();
      assertThat(stubborn.join()).isTrue();
    }
    assertThat(word.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("served")
  void misuseIsRefusedAndChangesNothing(Setting setting) {
    Word word = setting.word(0);
    PiMutex mutex = mutex(setting, word);
    try (Crew crew = new Crew()) {
      crew.start(
              setting.kind(),
              () -> {
                refuses(Errno.EPERM, "", mutex::unlock);
                assertThatThrownBy(mutex.asLock()::unlock)
                    .isInstanceOf(IllegalMonitorStateException.class)
                    .hasMessageContaining("EPERM");
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                refuses(Errno.EDEADLK, "", mutex::lock);
                refuses(Errno.EDEADLK, "", mutex.asLock()::lock);
                refuses(Errno.EDEADLK, "", mutex::lockInterruptibly);
                assertThat(OwnerWord.owner(word.load())).isEqualTo(setting.futex().ownerId());
                mutex.unlock();
                assertThatThrownBy(mutex.asLock()::newCondition)
                    .isInstanceOf(UnsupportedOperationException.class);
                return null;
              })
          .join();
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      crew.start(
              setting.kind(),
              () -> {
                refuses(Errno.EPERM, "", mutex::unlock);
                return null;
              })
          .join();
    }
    mutex.unlock();
    assertThat(word.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("served")
  void aDamagedWordIsRefusedAndCanBeMended(Setting setting) {
    Word word = setting.word(OwnerWord.OWNER_MASK); // nobody has this id
    PiMutex mutex = mutex(setting, word);
    refuses(Errno.ESRCH, "", mutex::lock);
    refuses(Errno.EPERM, "", mutex::unlock);
    WordKind.store(word, 0);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    WordKind.store(word, OwnerWord.OWNER_MASK);
    refuses(Errno.EPERM, "", mutex::unlock);
    WordKind.store(word, 0);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    mutex.unlock();
    assertThat(word.holds(0)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("served")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        1,
        (word, close) -> {
          PiMutex mutex = mutex(setting, word.apply(0));
          assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
          close.run();
          faults(mutex::unlock);
          faults(mutex::lock);
          faults(mutex::tryLock);
          faults(() -> mutex.tryLock(REACHED));
          faults(mutex::isOwnerDead);
        });
  }

  /** The end of an owner is told to the one who waited, and to the view until it is freed. */
  @ParameterizedTest
  @MethodSource("served")
  void whoWaitedIsToldThatTheOwnerEnded(Setting setting) {
    Word word = setting.word(0);
    PiMutex mutex = mutex(setting, word);
    try (Crew crew = new Crew()) {
      Crew.Job<?>[] waiting = new Crew.Job<?>[1];
      Crew.Job<?> owner =
          crew.start(
              setting.kind(),
              () -> {
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                Crew.until("one waits", () -> OwnerWord.hasWaiters(word.load()));
                return null;
              });
      Crew.until("it is owned", () -> !word.holds(0));
      waiting[0] =
          crew.start(
              setting.kind(),
              () -> {
                mutex.asLock().lock();
                assertThat(mutex.isOwnerDead()).isTrue();
                mutex.asLock().unlock();
                return null;
              });
      owner.join();
      waiting[0].join();
    }
    assertThat(mutex.isOwnerDead()).isFalse();
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    mutex.unlock();
  }

  @Test
  void threadDumpsShowTheOwner() {
    PiMutex mutex = PiMutex.of(Futex.jvm(), Word.of(new int[1], 0));
    RwLock lock =
        RwLock.of(
            Futex.jvm(), Word.of(new int[1], 0), Word.of(new int[1], 0), RwLock.Preference.FAIR);
    mutex.lock();
    lock.writeLock().lock();
    assertThat(synchronizersOfThisThread())
        .contains(PiMutex.class.getName(), RwLock.WriteLock.class.getName());
    mutex.unlock();
    lock.writeLock().unlock();
    assertThat(synchronizersOfThisThread())
        .doesNotContain(PiMutex.class.getName(), RwLock.WriteLock.class.getName());
  }

  private static Stream<String> synchronizersOfThisThread() {
    return Arrays.stream(
            ManagementFactory.getThreadMXBean()
                .getThreadInfo(new long[] {Thread.currentThread().threadId()}, false, true)[0]
                .getLockedSynchronizers())
        .map(info -> info.getClassName());
  }

  @Test
  void theFastPathMakesNoGarbage() {
    PiMutex mutex = PiMutex.of(Futex.jvm(), Word.of(new int[1], 0));
    Allocation.assertNone(
        () -> {
          LockStatus _ = mutex.lock();
          mutex.unlock();
        });
  }
}
