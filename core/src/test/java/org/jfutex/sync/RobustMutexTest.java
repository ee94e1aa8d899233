package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.engine.EngineProbe;
import org.jfutex.engine.JvmFutex;
import org.jfutex.kernel.KernelProbe;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The same lock on both backends, with platform and with virtual threads. */
class RobustMutexTest {
  private static final int ROUNDS = 3_000;
  private static final int MANY = 4_500;

  @TempDir Path folder;

  private MappedFile file;

  @BeforeEach
  void map() throws Exception {
    file = MappedFile.open(Files.createFile(folder.resolve("locks")), 0, 8L * MANY);
  }

  @AfterEach
  void unmap() {
    file.close();
  }

  static Stream<Arguments> kinds() {
    return Stream.of(new EngineProbe(new JvmFutex()), KernelProbe.withRing())
        .flatMap(
            backend -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(backend, kind)));
  }

  private Word word(long index) {
    return Word.of(file, 8 * index);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void oneAtATime(Backend backend, ThreadKind kind) {
    Word word = word(0);
    RobustMutex mutex = RobustMutex.of(backend.futex(), word);
    int[] guarded = {0};
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        crew.start(
            kind,
            () -> {
              for (int round = 0; round < ROUNDS; round++) {
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                guarded[0]++;
                mutex.unlock();
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(guarded[0]).isEqualTo(4 * ROUNDS);
    assertThat(word.load()).isZero();
    backend.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theNextOwnerIsToldThatTheLastThreadEnded(Backend backend, ThreadKind kind) {
    Word word = word(0);
    RobustMutex mutex = RobustMutex.of(backend.futex(), word);
    try (Crew crew = new Crew()) {
      crew.start(kind, mutex::lock).join();
      // who comes before the end was noticed waits for it
      assertThat(crew.start(kind, () -> lockAndUnlock(mutex)).join())
          .isEqualTo(LockStatus.OWNER_DIED);
      assertThat(crew.start(kind, () -> lockAndUnlock(mutex)).join()).isEqualTo(LockStatus.LOCKED);
    }
    assertThat(word.load()).isZero();
  }

  private static LockStatus lockAndUnlock(RobustMutex mutex) {
    LockStatus status = mutex.lock();
    if (status.isLocked()) {
      mutex.unlock();
    }
    return status;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theNextOneMayEndToo(Backend backend, ThreadKind kind) {
    RobustMutex mutex = RobustMutex.of(backend.futex(), word(0));
    try (Crew crew = new Crew()) {
      crew.start(kind, mutex::lock).join();
      for (int i = 0; i < 20; i++) {
        assertThat(crew.start(kind, mutex::lock).join()).isEqualTo(LockStatus.OWNER_DIED);
      }
      Crew.until("the last one has been noticed", mutex::isOwnerDead);
      assertThat(mutex.tryLock()).isEqualTo(LockStatus.OWNER_DIED);
      mutex.unlock();
      assertThat(mutex.tryLock()).isEqualTo(LockStatus.LOCKED);
      mutex.unlock();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void givesUpAtADeadlineAndWhenInterrupted(Backend backend, ThreadKind kind) {
    Word word = word(0);
    RobustMutex mutex = RobustMutex.of(backend.futex(), word);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    try (Crew crew = new Crew()) {
      assertThat(crew.start(kind, mutex::tryLock).join()).isEqualTo(LockStatus.BUSY);
      assertThat(crew.start(kind, () -> mutex.lock(Deadline.after(Delays.SHORT))).join())
          .isEqualTo(LockStatus.TIMED_OUT);
      Crew.Job<Boolean> interrupted =
          crew.start(
              kind,
              () ->
                  mutex.lock() == LockStatus.INTERRUPTED && Thread.currentThread().isInterrupted());
      Crew.until("it waits", () -> backend.queued(word) == 1);
      interrupted.thread().interrupt();
      assertThat(interrupted.join()).isTrue();
    }
    mutex.unlock();
    assertThat(mutex.tryLock()).isEqualTo(LockStatus.LOCKED);
    mutex.unlock();
    backend.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aMissingDeadlineIsNoTry(Backend backend, ThreadKind kind) {
    Word word = word(0);
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                RobustMutex mutex = RobustMutex.of(backend.futex(), word);
                assertThatThrownBy(() -> mutex.lock((Deadline) null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("deadline");
                return null;
              })
          .join();
    }
    assertThat(word.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void misuseIsRefusedAndChangesNothing(Backend backend, ThreadKind kind) {
    Word word = word(0);
    RobustMutex mutex = RobustMutex.of(backend.futex(), word);
    RobustMutex same = RobustMutex.of(backend.futex(), word(0)); // another object
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                refused(Errno.EPERM, mutex::unlock);
                assertThatThrownBy(() -> backend.futex().robust().delist(word))
                    .isInstanceOf(IllegalStateException.class);
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                long held = word.load();
                refused(Errno.EDEADLK, mutex::lock);
                refused(Errno.EDEADLK, mutex::tryLock);
                refused(Errno.EDEADLK, same::lock);
                refused(Errno.EPERM, same::unlock);
                assertThat(word.load()).isEqualTo(held);
                mutex.unlock();
                return null;
              })
          .join();
    }
    refused(Errno.EINVAL, () -> RobustMutex.of(backend.futex(), Word.of(file, 0, 64)));
    assertThat(word.load()).isZero();
  }

  private static void refused(Errno errno, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  /** A thread may end with a word enlisted that it has freed already, and another has taken. */
  @ParameterizedTest
  @MethodSource("kinds")
  void theEndMarksNoWordOfAnotherOwner(Backend backend, ThreadKind kind) {
    int other = OwnerWord.OWNER_MASK;
    int words = 100;
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                for (int i = 0; i < words; i++) {
                  int id = backend.futex().robust().enlist(word(i));
                  word(i).compareAndSet(0, i % 2 == 0 ? id : other);
                }
                return null;
              })
          .join();
    }
    for (int i = 0; i < words; i += 2) {
      Word owned = word(i);
      Crew.until("word " + i + " is marked", () -> owned.holds(OwnerWord.OWNER_DIED));
    }
    for (int i = 1; i < words; i += 2) {
      assertThat(word(i).holds(other)).as("word %s", i).isTrue();
    }
  }

  /** More than one list of the kernel takes. */
  @ParameterizedTest
  @MethodSource("kinds")
  void manyLocksAtOnceAreAllFreedByTheEnd(Backend backend, ThreadKind kind) {
    List<RobustMutex> locks =
        Stream.iterate(0, i -> i + 1)
            .limit(MANY)
            .map(i -> RobustMutex.of(backend.futex(), word(i)))
            .toList();
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                locks.forEach(lock -> assertThat(lock.lock()).isEqualTo(LockStatus.LOCKED));
                return null;
              })
          .join();
    }
    locks.forEach(lock -> assertThat(lock.lock()).isEqualTo(LockStatus.OWNER_DIED));
    locks.forEach(RobustMutex::unlock);
    for (int i = 0; i < MANY; i++) {
      assertThat(OwnerWord.owner(word(i).load())).isZero();
    }
  }

  /** The kernel's walk would end there. */
  @Test
  void theMemoryOfALockIsNotUnmapped() {
    RobustMutex mutex = RobustMutex.of(KernelProbe.withRing().futex(), word(0));
    try (Crew crew = new Crew()) {
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      assertThatThrownBy(file::close).hasMessageContaining("1 times");
      var waits = crew.start(ThreadKind.PLATFORM, () -> mutex.lock());
      Crew.until("it waits", () -> OwnerWord.hasWaiters(word(0).load()));
      mutex.unlock();
      assertThat(waits.join()).isEqualTo(LockStatus.LOCKED);
    }
    Crew.until("its end is noticed", () -> mutex.tryLock() == LockStatus.OWNER_DIED);
    mutex.unlock();
    file.close();
    assertThatThrownBy(mutex::tryLock).isInstanceOf(WordFault.class);
  }

  @Test
  void theKernelTakesAlignedWordsOfMappedFilesOnly() {
    Futex kernel = KernelProbe.withRing().futex();
    for (Word other :
        List.of(
            Word.of(new int[1], 0), Word.of(Arena.ofAuto().allocate(8, 8), 0), Word.of(file, 4))) {
      refused(Errno.EINVAL, () -> RobustMutex.of(kernel, other).lock());
    }
  }
}
