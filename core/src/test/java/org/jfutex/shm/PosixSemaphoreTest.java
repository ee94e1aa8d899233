package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.FutexException;
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

/** Semaphores of the C library. */
class PosixSemaphoreTest {
  private static final int TURNS = 2_000;

  @TempDir static Path folder;

  private Path path;
  private MappedFile file;

  @BeforeEach
  void map() throws Exception {
    path = Files.createTempFile(folder, "semaphore", "");
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

  @Test
  void javaAndCTakeTurns() throws Exception {
    try (Peer c = Peer.c(path)) {
      assertThat(c.call("sem 64 1 0")).isZero();
      PosixSemaphore toC = PosixSemaphore.at(file, 64);
      PosixSemaphore toJava = PosixSemaphore.create(file, 128, 0);
      c.send("relay 64 128 " + TURNS);
      Deadline giveUp = Deadline.after(Delays.GIVE_UP);
      for (int i = 0; i < TURNS; i++) {
        toC.release();
        if (i % 2 == 1) {
          toJava.acquire();
        } else {
          assertThat(toJava.acquire(giveUp)).isTrue();
        }
      }
      assertThat(c.answer()).isZero();
      assertThat(toC.value()).isZero();
      assertThat(toJava.value()).isZero();
    }
  }

  @Test
  void itsValueIsCounted() {
    PosixSemaphore semaphore = PosixSemaphore.create(file, 64, 2);
    assertThat(semaphore.value()).isEqualTo(2);
    semaphore.release();
    assertThat(semaphore.value()).isEqualTo(3);
    semaphore.acquire();
    assertThat(semaphore.acquire(new Deadline(ClockId.MONOTONIC, 0))).isTrue();
    assertThat(semaphore.tryAcquire()).isTrue();
    assertThat(semaphore.tryAcquire()).isFalse();
    assertThat(semaphore.value()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void deadlinesAreOnTheirOwnClock(ClockId clock) {
    PosixSemaphore semaphore = PosixSemaphore.create(file, 64, 0);
    assertThat(semaphore.acquire(new Deadline(clock, -1))).isFalse();
    Deadline soon =
        clock == ClockId.REALTIME
            ? Deadline.at(Instant.now().plus(Delays.SHORT))
            : Deadline.after(Delays.SHORT);
    assertThat(semaphore.acquire(soon)).isFalse();
    assertThat(soon.isReached(Ticker.system())).as("not early").isTrue();
  }

  @Test
  void virtualThreadsMayDoWhatDoesNotWait() {
    PosixSemaphore semaphore = PosixSemaphore.create(file, 64, 1);
    try (Crew crew = new Crew()) {
      crew.start(
              ThreadKind.VIRTUAL,
              () -> {
                assertThatThrownBy(semaphore::acquire)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining("expected a platform thread");
                assertThat(semaphore.tryAcquire()).isTrue();
                semaphore.release();
                return null;
              })
          .join();
    }
    assertThat(semaphore.value()).isEqualTo(1);
  }

  @Test
  void misuseIsRefused() throws Exception {
    PosixSemaphore semaphore = PosixSemaphore.at(file, 64);
    refused(Errno.EINVAL, semaphore::acquire);
    try (Peer c = Peer.c(path)) {
      assertThat(c.call("sem 64 0 1")).isZero();
      refused(Errno.EINVAL, semaphore::tryAcquire);
    }
    refused(Errno.EINVAL, semaphore::release);
    refused(Errno.EINVAL, semaphore::value);
    assertThatThrownBy(() -> PosixSemaphore.create(file, 64, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    PosixSemaphore full = PosixSemaphore.create(file, 64, Integer.MAX_VALUE);
    refused(Errno.EOVERFLOW, full::release);
    assertThat(full.value()).isEqualTo(Integer.MAX_VALUE);
    file.close();
    assertThatThrownBy(full::value).isInstanceOf(IllegalStateException.class);
  }
}
