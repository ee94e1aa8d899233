package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jfutex.kernel.PosixCalls.Sharing;
import org.jfutex.shm.PosixMutex;
import org.jfutex.testing.Crew;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of the C library may be missing, and a signal in a wait. */
class PosixCallsTest {
  @TempDir Path folder;

  @Test
  void whatIsMissingIsNamedWhenItIsCalled() {
    SymbolLookup old = _ -> Optional.empty();
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    MethodHandle plain = PosixCalls.link(old, "sem_clockwait", type);
    assertThatThrownBy(() -> plain.invoke(1))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("needs sem_clockwait of a C library on Linux on amd64, glibc 2.30");
    MethodHandle capturing =
        PosixCalls.link(old, "sem_clockwait", type, Linker.Option.captureCallState("errno"));
    assertThatThrownBy(() -> capturing.invoke(MemorySegment.NULL, 1))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void ofAnotherSystemNothingIsCalled() throws Exception {
    assertThat(PosixCalls.library("Linux", "aarch64").find("sem_post")).isEmpty();
    assertThat(PosixCalls.library("Mac OS X", "amd64").find("sem_post")).isEmpty();
    assertThat(PosixCalls.library("Linux", "amd64").find("sem_post")).isPresent();
    assertThat(run("-Dos.name=Plan9")).contains("needs pthread_mutexattr_init");
    assertThat(run("--illegal-native-access=deny")).contains("needs native access");
  }

  private String run(String option) throws Exception {
    Path file = Files.createTempFile(folder, "mutex", "");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                option,
                "-cp",
                System.getProperty("java.class.path"),
                Asks.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  /** Asks for a mutex. */
  static final class Asks {
    public static void main(String[] arguments) throws Exception {
      try (MappedFile file = MappedFile.open(Path.of(arguments[0]), 0, 64)) {
        PosixMutex.create(file, 0);
      } catch (UnsupportedOperationException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  /** Unlike those of mutexes and condition variables, a wait for a semaphore ends with EINTR. */
  @Test
  void aSignalDoesNotEndAWaitForASemaphore() {
    try (Arena arena = Arena.ofShared();
        Crew crew = new Crew()) {
      MemorySegment semaphore = arena.allocate(PosixCalls.SEMAPHORE_BYTES, Long.BYTES);
      assertThat(PosixCalls.initSemaphore(semaphore, Sharing.SHARED, 0)).isZero();
      assertThat(KickSignal.isThere()).isTrue();
      int[] thread = new int[1];
      Crew.Job<Integer> waiter =
          crew.start(
              () -> {
                KickSignal.unblock();
                thread[0] = KickSignal.currentThread();
                return PosixCalls.awaitSemaphore(semaphore, Deadline.NEVER);
              });
      for (int i = 0; i < 10; i++) {
        Crew.until("it sleeps", () -> FutexCalls.waiters(semaphore.address(), true) == 1);
        KickSignal.send(thread[0]);
        // gone from the queue or back in it: the next look tells that it came back
        Crew.until("taken", () -> waiter.isDone() || hasTaken(thread[0]));
      }
      assertThat(waiter.isDone()).isFalse();
      assertThat(PosixCalls.postSemaphore(semaphore)).isZero();
      assertThat(waiter.join()).isZero();
    }
  }

  private static boolean hasTaken(int thread) {
    try {
      return Files.readAllLines(Path.of("/proc/self/task/" + thread + "/status")).stream()
          .filter(line -> line.startsWith("SigPnd:"))
          .allMatch(line -> line.endsWith("0000000000000000"));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
