package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.junit.jupiter.api.Test;

/** The raw calls: which are made, and by whom. */
class KernelCallsTest {
  private static final long[] NOWHERE = {0, 1, 8, 0x1000, 0x7fff_ffff_f000L, -8, Long.MIN_VALUE};

  @Test
  void otherSystemCallsAreNotMade() {
    for (long nr : new long[] {0, 1, 39, 60, 231, 203, 448, 450, -1, 1L << 32}) {
      assertThat(KernelCalls.call(nr, 0, 0, 0, 0, 0, 0)).as("nr %d", nr).isEqualTo(-38);
    }
  }

  @Test
  void addressesMayBeAnything() {
    for (long address : NOWHERE) {
      long misaligned = address % 4 != 0 ? FutexCalls.EINVAL : FutexCalls.EFAULT;
      assertThat(KernelCalls.call(202, address, 0, 0, 0, 0, 0)).isEqualTo(misaligned);
      assertThat(KernelCalls.call(202, address, 4, 0, 0, address, 0)).isEqualTo(misaligned);
      assertThat(KernelCalls.call(202, address, 5, 0, 0, address, 0)).isEqualTo(misaligned);
      assertThat(KernelCalls.call(449, address, 1, 0, 0, 0, 0))
          .isEqualTo(address == 0 ? FutexCalls.EINVAL : FutexCalls.EFAULT);
      assertThat(KernelCalls.call(455, address, 0, 1, 2, 0, 0)).isEqualTo(misaligned);
    }
  }

  /** What is used where memory for code is refused, with errors and all six arguments. */
  @Test
  void theLibraryAnswersAsTheCodeDoes() throws Throwable {
    MemorySegment words = Arena.ofAuto().allocate(8, 8);
    long from = words.address();
    long to = from + 4;
    assertThat(Syscalls.callLibrary(from, 4, 0, 0, to, 0, 202)).isZero();
    assertThat(Syscalls.callLibrary(from, 4, 0, 0, to, 1, 202)).isEqualTo(FutexCalls.EAGAIN);
    assertThat(Syscalls.call(202, from, 4, 0, 0, to, 0)).isZero();
    assertThat(Syscalls.call(202, from, 4, 0, 0, to, 1)).isEqualTo(FutexCalls.EAGAIN);
    for (long address : NOWHERE) {
      assertThat(Syscalls.callLibrary(address, 4, 0, 0, address, 0, 202))
          .isEqualTo(Syscalls.call(202, address, 4, 0, 0, address, 0))
          .isNegative();
    }
    assertThat(Syscalls.callLibrary(0, 0, 0, 0, 0, 0, 449)).isEqualTo(FutexCalls.EINVAL);
  }

  @Test
  void theCodeCannotBeWritten() throws IOException {
    long bare = Syscalls.call(449, 0, 0, 0); // it is mapped now
    assertThat(bare).isEqualTo(FutexCalls.EINVAL);
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      assertThat(maps.filter(line -> line.matches("\\S+ r-xp 00000000 00:00 0 *"))).isNotEmpty();
    }
  }

  @Test
  void aVirtualThreadMayWakeAndNotSleep() {
    MemorySegment word = Arena.ofAuto().allocate(8, 8);
    try (Crew crew = new Crew()) {
      crew.start(
              ThreadKind.VIRTUAL,
              () -> {
                for (int op : new int[] {1, 3, 10, 1 | 128}) {
                  assertThat(KernelCalls.call(202, word.address(), op, 1, 0, word.address(), -1))
                      .isZero();
                }
                for (int op : new int[] {0, 9, 6, 7, 8, 11, 12, 13, 0 | 128, 9 | 256 | 128}) {
                  assertWrongThread(() -> KernelCalls.call(202, word.address(), op, 0, 0, 0, 0));
                }
                for (int nr : new int[] {449, 455, 273, 274}) {
                  assertWrongThread(() -> KernelCalls.call(nr, 0, 0, 0, 0, 0, 0));
                }
                return null;
              })
          .join();
    }
  }

  private static void assertWrongThread(Supplier<Long> call) {
    try {
      throw new AssertionError("not refused: " + call.get());
    } catch (WrongThreadException e) {
      assertThat(e).hasMessageContaining("platform thread");
    }
  }
}
