package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.shm.PosixMutex.Property.ERROR_CHECKING;
import static org.jfutex.shm.PosixMutex.Property.PRIORITY_INHERITANCE;
import static org.jfutex.shm.PosixMutex.Property.RECURSIVE;
import static org.jfutex.shm.PosixMutex.Property.ROBUST;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.MappedFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutexes of the C library, with a program in C on the other side of most. */
class PosixMutexTest {
  private static final long HERE = 64;
  private static final long OWNER = 8;
  private static final long KIND = 16;

  @TempDir static Path folder; // one for all: a compiled program stands there

  private Path path;
  private MappedFile file;

  @BeforeEach
  void map() throws Exception {
    path = Files.createTempFile(folder, "mutex", "");
    file = MappedFile.open(path, 0, Peer.BYTES);
  }

  @AfterEach
  void unmap() {
    file.close();
  }

  private int load(long offset) {
    return file.segment().get(ValueLayout.JAVA_INT, HERE + offset);
  }

  private void store(long offset, int value) {
    file.segment().set(ValueLayout.JAVA_INT, HERE + offset, value);
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
  }

  static Stream<List<PosixMutex.Property>> robustKinds() {
    return Stream.of(
        List.of(ROBUST),
        List.of(ROBUST, ERROR_CHECKING),
        List.of(ROBUST, PRIORITY_INHERITANCE),
        List.of(ROBUST, PRIORITY_INHERITANCE, RECURSIVE));
  }

  static Stream<List<PosixMutex.Property>> kinds() {
    return Stream.concat(
        robustKinds(),
        Stream.of(
            List.of(), List.of(ERROR_CHECKING), List.of(RECURSIVE), List.of(PRIORITY_INHERITANCE)));
  }

  private PosixMutex create(List<PosixMutex.Property> properties) {
    return PosixMutex.create(file, HERE, properties.toArray(PosixMutex.Property[]::new));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void cIsKeptOutAndKeepsOut(List<PosixMutex.Property> kind) throws Exception {
    PosixMutex mutex = create(kind);
    try (Peer c = Peer.c(path);
        Crew crew = new Crew()) {
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      assertThat(c.call("trylock 64")).isEqualTo(16);
      mutex.unlock();
      assertThat(c.call("lock 64")).isZero();
      assertThat(mutex.tryLock()).isEqualTo(LockStatus.BUSY);
      assertThat(mutex.lock(Deadline.after(Delays.SHORT))).isEqualTo(LockStatus.TIMED_OUT);
      Crew.Job<LockStatus> waiter = crew.start(mutex::lock);
      assertThat(c.call("unlock 64")).isZero();
      assertThat(waiter.join()).isEqualTo(LockStatus.LOCKED);
    }
  }

  @ParameterizedTest
  @MethodSource("robustKinds")
  void javaIsToldThatCWasKilled(List<PosixMutex.Property> kind) throws Exception {
    PosixMutex mutex = create(kind);
    try (Peer c = Peer.c(path);
        Crew crew = new Crew()) {
      assertThat(c.call("lock 64")).isZero();
      Crew.Job<?> waiter =
          crew.start(
              () -> {
                assertThat(mutex.lock()).isEqualTo(LockStatus.OWNER_DIED);
                mutex.consistent();
                mutex.unlock();
                return null;
              });
      Crew.until("somebody waits", () -> OwnerWord.hasWaiters(load(0)));
      c.kill();
      waiter.join();
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      mutex.unlock();
    }
  }

  @Test
  void cIsToldThatJavaWasKilled() throws Exception {
    PosixMutex.create(file, HERE, ROBUST);
    try (Peer java = Peer.java(path);
        Peer c = Peer.c(path)) {
      assertThat(java.call("lock 64")).isEqualTo(LockStatus.LOCKED.ordinal());
      c.send("lock 64");
      Crew.until("C waits", () -> Peer.sleepers(file, HERE) == 1);
      java.kill();
      assertThat(c.answer()).isEqualTo(Errno.EOWNERDEAD.number());
      assertThat(c.call("consistent 64")).isZero();
      assertThat(c.call("unlock 64")).isZero();
      assertThat(c.call("lock 64")).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("robustKinds")
  void theEndOfAThreadIsToldAndAnUnlockWithoutRepairEndsTheLock(List<PosixMutex.Property> kind)
      throws Exception {
    PosixMutex mutex = create(kind);
    try (Peer c = Peer.c(path);
        Crew crew = new Crew()) {
      assertThat(crew.start(() -> mutex.lock()).join()).isEqualTo(LockStatus.LOCKED);
      assertThat(mutex.lock()).isEqualTo(LockStatus.OWNER_DIED);
      mutex.unlock();
      refused(Errno.ENOTRECOVERABLE, mutex::lock);
      refused(Errno.ENOTRECOVERABLE, () -> mutex.lock(Deadline.after(Delays.SHORT)));
      assertThat(c.call("lock 64")).isEqualTo(Errno.ENOTRECOVERABLE.number());
      refused(Errno.ENOTRECOVERABLE, mutex::tryLock);
    }
  }

  @Test
  void theOwnerOfAPriorityInheritanceLockIsInItsWord() throws Exception {
    try (Peer c = Peer.c(path)) {
      assertThat(c.call("mutex 64 1 0 0 1")).isZero();
      PosixMutex mutex = PosixMutex.at(file, HERE);
      assertThat(c.call("lock 64")).isZero();
      assertThat(OwnerWord.owner(load(0))).isEqualTo((int) c.id());
      assertThat(mutex.lock(Deadline.after(Delays.SHORT))).isEqualTo(LockStatus.TIMED_OUT);
      assertThat(c.call("unlock 64")).isZero();
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      assertThat(OwnerWord.owner(load(0))).isNotZero();
      mutex.unlock();
      assertThat(OwnerWord.owner(load(0))).isZero();
    }
    PosixMutex ours = PosixMutex.create(file, HERE, PRIORITY_INHERITANCE);
    assertThat(ours.lock()).isEqualTo(LockStatus.LOCKED);
    assertThat(OwnerWord.owner(load(0))).as("not 1, as in others").isGreaterThan(1);
    ours.unlock();
  }

  @ParameterizedTest
  @EnumSource
  void deadlinesAreOnTheirOwnClock(ClockId clock) throws Exception {
    for (List<PosixMutex.Property> kind : kinds().toList()) {
      PosixMutex mutex = create(kind);
      Deadline past = new Deadline(clock, -1);
      try (Crew crew = new Crew()) {
        assertThat(mutex.lock(past)).as("free, %s", kind).isEqualTo(LockStatus.LOCKED);
        crew.start(
                () -> {
                  assertThat(mutex.lock(past)).isEqualTo(LockStatus.TIMED_OUT);
                  Deadline soon =
                      clock == ClockId.REALTIME
                          ? Deadline.at(Instant.now().plus(Delays.SHORT))
                          : Deadline.after(Delays.SHORT);
                  assertThat(mutex.lock(soon)).isEqualTo(LockStatus.TIMED_OUT);
                  assertThat(soon.isReached(Ticker.system())).as("not early").isTrue();
                  return null;
                })
            .join();
      }
      mutex.unlock();
    }
  }

  @Test
  void anInterruptEndsNoWaitAndIsKept() {
    PosixMutex mutex = PosixMutex.create(file, HERE);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    try (Crew crew = new Crew()) {
      Crew.Job<Boolean> waiter =
          crew.start(
              () -> {
                Thread.currentThread().interrupt();
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                return Thread.interrupted();
              });
      Crew.until("it waits", () -> Peer.sleepers(file, HERE) == 1);
      waiter.thread().interrupt();
      assertThat(mutex.tryLock()).isEqualTo(LockStatus.BUSY);
      mutex.unlock();
      assertThat(waiter.join()).isTrue();
    }
  }

  @Test
  void nothingIsUnmappedUnderACall() {
    PosixMutex mutex = PosixMutex.create(file, HERE);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    try (Crew crew = new Crew()) {
      Crew.Job<LockStatus> waiter = crew.start(mutex::lock);
      Crew.until("it waits", () -> Peer.sleepers(file, HERE) == 1);
      assertThatThrownBy(file::close).isInstanceOf(IllegalStateException.class);
      mutex.unlock();
      assertThat(waiter.join()).isEqualTo(LockStatus.LOCKED);
    }
    file.close();
    assertThatThrownBy(mutex::unlock).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(mutex::lock).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void virtualThreadsAreRefused() {
    PosixMutex mutex = PosixMutex.create(file, HERE);
    Deadline soon = Deadline.after(Delays.SHORT);
    List<ThrowingCallable> calls =
        List.of(
            mutex::lock, () -> mutex.lock(soon), mutex::tryLock, mutex::unlock, mutex::consistent);
    try (Crew crew = new Crew()) {
      crew.start(
              ThreadKind.VIRTUAL,
              () -> {
                for (ThrowingCallable call : calls) {
                  assertThatThrownBy(call)
                      .isInstanceOf(WrongThreadException.class)
                      .hasMessageContaining(
                          "expected a platform thread, as the call holds the carrier")
                      .hasMessageContaining("posix mutex at offset 64");
                }
                return null;
              })
          .join();
    }
    assertThat(mutex.tryLock()).as("still free").isEqualTo(LockStatus.LOCKED);
  }

  @Test
  void whoDoesWrongIsTold() {
    Crew crew = new Crew();
    try (crew) {
      for (List<PosixMutex.Property> kind : kinds().filter(k -> !k.isEmpty()).toList()) {
        PosixMutex mutex = create(kind);
        refused(Errno.EPERM, mutex::unlock);
        refused(Errno.EINVAL, mutex::consistent);
        assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
        refused(Errno.EPERM, () -> rethrow(crew, mutex::unlock));
        if (kind.contains(ERROR_CHECKING)) {
          refused(Errno.EDEADLK, mutex::lock);
        }
        if (kind.contains(RECURSIVE)) {
          assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
          mutex.unlock();
        }
        mutex.unlock();
        refused(Errno.EPERM, mutex::unlock);
      }
    }
    assertThatThrownBy(() -> PosixMutex.create(file, HERE, RECURSIVE, ERROR_CHECKING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("RECURSIVE");
    assertThatThrownBy(() -> PosixMutex.at(file, 4)).isInstanceOf(IllegalArgumentException.class);
    for (long outside : new long[] {-8, Peer.BYTES - 32}) {
      assertThatThrownBy(() -> PosixMutex.at(file, outside))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  /** Makes a call on another thread and throws what it threw. */
  private static void rethrow(Crew crew, Runnable call) {
    RuntimeException thrown =
        crew.start(
                () -> {
                  try {
                    call.run();
                    return null;
                  } catch (RuntimeException e) {
                    return e;
                  }
                })
            .join();
    if (thrown != null) {
      throw thrown;
    }
  }

  @Test
  void aPrivateOrDestroyedMutexOrNoneIsRefused() throws Exception {
    PosixMutex mutex = PosixMutex.at(file, HERE);
    try (Peer c = Peer.c(path)) {
      refusedAltogether(mutex);
      assertThat(c.call("mutex 64 0 0 0 0")).isZero();
      refusedAltogether(mutex);
      assertThat(c.call("mutex 64 1 0 0 2")).isZero();
      refusedAltogether(mutex); // PTHREAD_PRIO_PROTECT
      assertThat(c.call("mutex 64 1 3 0 0")).isZero();
      assertThat(mutex.lock()).as("an adaptive one").isEqualTo(LockStatus.LOCKED);
      mutex.unlock();
      assertThat(c.call("destroy 64")).isZero();
      refusedAltogether(mutex);
    }
  }

  /** Each made glibc 2.36 end the process with SIGABRT or SIGILL, in one call or another. */
  @ParameterizedTest
  @ValueSource(ints = {0x180, 0x182, 0xc0, 0xc2, 0x8000_0080})
  void aKindThatTheLibraryNeverWritesIsRefused(int kind) {
    PosixMutex mutex = PosixMutex.create(file, HERE);
    store(KIND, kind);
    refusedAltogether(mutex);
  }

  private static void refusedAltogether(PosixMutex mutex) {
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(mutex::lock, mutex::tryLock, mutex::unlock, mutex::consistent)) {
      refused(Errno.EINVAL, call);
    }
    assertThatThrownBy(mutex::lock).hasMessageContaining("initialized as process-shared");
  }

  /** Where pthread_mutex_lock fails an assertion, which ends the process. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aFreeMutexThatNamesAnOwnerIsTaken(List<PosixMutex.Property> kind) {
    PosixMutex mutex = create(kind);
    store(OWNER, 12345);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    mutex.unlock();
  }
}
