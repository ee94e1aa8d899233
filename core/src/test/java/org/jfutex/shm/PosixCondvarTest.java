package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.shm.PosixMutex.Property.ERROR_CHECKING;
import static org.jfutex.shm.PosixMutex.Property.ROBUST;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
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

/** Condition variables of the C library; that no signal is lost is PosixExchangeTest's part. */
class PosixCondvarTest {
  private static final long MUTEX = 64;
  private static final long COND = 128;

  /** The two words of a pthread_cond_t that waiters sleep on, in glibc 2.25 to 2.40. */
  private static final long[] SIGNALS = {COND + 40, COND + 44};

  @TempDir static Path folder;

  private Path path;
  private MappedFile file;

  @BeforeEach
  void map() throws Exception {
    path = Files.createTempFile(folder, "condvar", "");
    file = MappedFile.open(path, 0, Peer.BYTES);
  }

  @AfterEach
  void unmap() {
    file.close();
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            FutexException.class, e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
  }

  private long sleepers() {
    return Peer.sleepers(file, SIGNALS[0]) + Peer.sleepers(file, SIGNALS[1]);
  }

  private static PosixCondvar.Outcome await(PosixMutex mutex, PosixCondvar condvar) {
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    PosixCondvar.Outcome outcome = condvar.await(mutex);
    mutex.unlock();
    return outcome;
  }

  @ParameterizedTest
  @EnumSource
  void deadlinesAreOnTheirOwnClock(ClockId clock) {
    PosixMutex mutex = PosixMutex.create(file, MUTEX, ERROR_CHECKING);
    PosixCondvar condvar = PosixCondvar.create(file, COND);
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    assertThat(condvar.await(mutex, new Deadline(clock, -1)))
        .isEqualTo(PosixCondvar.Outcome.TIMED_OUT);
    Deadline soon =
        clock == ClockId.REALTIME
            ? Deadline.at(Instant.now().plus(Delays.SHORT))
            : Deadline.after(Delays.SHORT);
    assertThat(condvar.await(mutex, soon)).isEqualTo(PosixCondvar.Outcome.TIMED_OUT);
    assertThat(soon.isReached(Ticker.system())).as("not early").isTrue();
    mutex.unlock(); // which fails unless the mutex was held again
  }

  @Test
  void aSignalWakesOneAndABroadcastAll() {
    PosixMutex mutex = PosixMutex.create(file, MUTEX);
    PosixCondvar condvar = PosixCondvar.create(file, COND);
    try (Crew crew = new Crew()) {
      List<Crew.Job<PosixCondvar.Outcome>> waiters =
          Stream.generate(() -> crew.start(() -> await(mutex, condvar))).limit(4).toList();
      Crew.until("four wait", () -> sleepers() == 4);
      condvar.signal();
      Crew.until("one has gone", () -> waiters.stream().anyMatch(Crew.Job::isDone));
      assertThat(waiters.stream().filter(Crew.Job::isDone)).hasSize(1);
      condvar.signalAll();
      waiters.forEach(w -> assertThat(w.join()).isEqualTo(PosixCondvar.Outcome.WOKEN));
    }
  }

  @Test
  void cAndJavaWakeEachOther() throws Exception {
    try (Peer c = Peer.c(path);
        Crew crew = new Crew()) {
      assertThat(c.call("mutex 64 1 0 0 0")).isZero();
      assertThat(c.call("cond 128 1")).isZero();
      PosixMutex mutex = PosixMutex.at(file, MUTEX);
      PosixCondvar condvar = PosixCondvar.at(file, COND);
      Crew.Job<PosixCondvar.Outcome> waiter = crew.start(() -> await(mutex, condvar));
      Crew.until("Java waits", () -> sleepers() == 1);
      assertThat(c.call("signal 128")).isZero();
      assertThat(waiter.join()).isEqualTo(PosixCondvar.Outcome.WOKEN);
      assertThat(c.call("lock 64")).isZero();
      c.send("wait 128 64");
      Crew.until("C waits", () -> sleepers() == 1);
      condvar.signal();
      assertThat(c.answer()).isZero();
    }
  }

  @Test
  void aWaiterIsToldThatTheSignallerWasKilledWithTheMutex() throws Exception {
    PosixMutex mutex = PosixMutex.create(file, MUTEX, ROBUST);
    PosixCondvar condvar = PosixCondvar.create(file, COND);
    try (Peer c = Peer.c(path);
        Crew crew = new Crew()) {
      Crew.Job<PosixCondvar.Outcome> waiter =
          crew.start(
              () -> {
                assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                PosixCondvar.Outcome outcome = condvar.await(mutex);
                mutex.consistent();
                mutex.unlock();
                return outcome;
              });
      Crew.until("Java waits", () -> sleepers() == 1);
      assertThat(c.call("lock 64")).isZero();
      assertThat(c.call("signal 128")).isZero();
      c.kill();
      assertThat(waiter.join()).isEqualTo(PosixCondvar.Outcome.OWNER_DIED);
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      mutex.unlock();
    }
  }

  @Test
  void virtualThreadsAreRefused() {
    PosixMutex mutex = PosixMutex.create(file, MUTEX);
    PosixCondvar condvar = PosixCondvar.create(file, COND);
    try (Crew crew = new Crew()) {
      crew.start(
              ThreadKind.VIRTUAL,
              () -> {
                for (ThrowingCallable call :
                    List.<ThrowingCallable>of(
                        () -> condvar.await(mutex), condvar::signal, condvar::signalAll)) {
                  assertThatThrownBy(call)
                      .isInstanceOf(WrongThreadException.class)
                      .hasMessageContaining("expected a platform thread");
                }
                return null;
              })
          .join();
    }
  }

  @Test
  void misuseIsRefused() throws Exception {
    PosixMutex mutex = PosixMutex.create(file, MUTEX, ERROR_CHECKING);
    PosixCondvar condvar = PosixCondvar.at(file, COND);
    List<ThrowingCallable> calls =
        List.of(() -> condvar.await(mutex), condvar::signal, condvar::signalAll);
    calls.forEach(call -> refused(Errno.EINVAL, call));
    try (Peer c = Peer.c(path)) {
      assertThat(c.call("cond 128 0")).isZero();
      calls.forEach(call -> refused(Errno.EINVAL, call));
    }
    PosixCondvar.create(file, COND);
    refused(Errno.EPERM, () -> condvar.await(mutex));
    refused(Errno.EINVAL, () -> condvar.await(PosixMutex.at(file, 512)));
    condvar.signal();
    file.close();
    assertThatThrownBy(condvar::signal).isInstanceOf(IllegalStateException.class);
  }
}
