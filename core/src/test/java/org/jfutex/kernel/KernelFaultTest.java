package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.WakeOp.Comparison;
import org.jfutex.WakeOp.Operation;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory that is not there, or not for writing, is an error and never a crash. */
class KernelFaultTest {
  private static final int SIZE = 8192;
  private static final WakeOp ADD = new WakeOp(Operation.ADD, 1, Comparison.EQ, 0);

  private final Backend backend = KernelProbe.withRing();
  private final Futex futex = backend.futex();

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void aTruncatedFileIsAFaultToEveryCall(ThreadKind thread) throws IOException {
    Path path = Files.createFile(folder.resolve("truncated"));
    try (MappedFile file = MappedFile.open(path, 0, SIZE);
        Crew crew = new Crew()) {
      Word word = Word.of(file, 4096);
      Job<WaitStatus> asleep = crew.start(thread, () -> futex.await(word, 0));
      Crew.until("a sleeper", () -> backend.queued(word) == 1);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
      crew.start(
              thread,
              () -> {
                assertFaults(() -> futex.await(word, 0));
                assertFaults(() -> futex.await(Word.of(file.segment(), 4096), 0));
                return null;
              })
          .join();
      assertFaults(() -> async(word));
      assertFaults(() -> futex.awaitAny(List.of(new WaitEntry(word, 0)), Deadline.NEVER));
      assertFaults(() -> futex.wake(word, 1));
      assertFaults(() -> futex.requeue(word, 1, word, 1));
      assertFaults(() -> futex.compareRequeue(word, 0, 1, word, 1));
      assertFaults(() -> futex.wakeOp(word, 1, word, 1, ADD));
      assertFaults(() -> futex.wakeOp(word, 1, word, 0, ADD));
      asleep.thread().interrupt();
      assertThat(asleep.join()).isEqualTo(WaitStatus.INTERRUPTED);
    }
    backend.assertAtRest();
  }

  @Test
  void unmappedMemoryIsAFaultWhereItIsReadOrWritten() {
    MemorySegment nowhere = MemorySegment.ofAddress(0x1000).reinterpret(8);
    Word word = Word.of(nowhere, 0);
    assertFaults(() -> futex.await(word, 0));
    assertFaults(() -> async(word));
    assertFaults(() -> futex.compareRequeue(word, 0, 1, word, 1));
    assertFaults(() -> futex.wakeOp(WordKind.NATIVE_32.fresh(), 1, word, 1, ADD));
    assertThat(futex.wake(word, 1)).as("a private key needs no memory").isZero();
    assertThat(futex.requeue(word, 1, word, 1)).isZero();
  }

  @Test
  void aReadOnlyMappingCanBeWaitedOnAndNotChanged() throws IOException {
    Path path = folder.resolve("readonly");
    Files.write(path, new byte[SIZE]);
    try (FileChannel channel = FileChannel.open(path);
        Arena arena = Arena.ofShared()) {
      MemorySegment segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE, arena);
      Word word = Word.of(segment, 0);
      assertThat(futex.await(word, 1)).isEqualTo(WaitStatus.CHANGED);
      assertThat(futex.await(word, 0, Deadline.after(java.time.Duration.ZERO)))
          .isEqualTo(WaitStatus.TIMED_OUT);
      assertFaults(() -> futex.wakeOp(word, 1, word, 1, ADD));
      // past the checks of Java, the kernel says the same
      Word disguised = Word.of(MemorySegment.ofAddress(segment.address()).reinterpret(SIZE), 0);
      assertFaults(() -> futex.wakeOp(disguised, 1, disguised, 1, ADD));
      assertFaults(() -> futex.wakeOp(disguised, 1, disguised, 0, ADD));
    }
  }

  @Test
  void aClosedMappingIsAFaultToThoseWhoMustKnowItsFile() throws IOException {
    Path path = Files.createFile(folder.resolve("closed"));
    MappedFile file = MappedFile.open(path, 0, SIZE);
    Word word = Word.of(file, 0);
    file.close();
    assertFaults(() -> futex.await(word, 0));
    assertFaults(() -> futex.wake(word, 1));
    assertFaults(() -> futex.requeue(word, 1, word, 1));
    assertFaults(() -> futex.wakeOp(word, 1, word, 1, ADD));
  }

  @Test
  void aConfinedArenaOfAnotherThreadIsAFaultToWaits() {
    try (Crew crew = new Crew();
        Arena arena = Arena.ofConfined()) {
      Word word = Word.of(arena.allocate(8, 8), 0);
      crew.start(
              () -> {
                assertFaults(() -> futex.await(word, 0));
                assertFaults(() -> futex.wakeOp(word, 1, word, 1, ADD));
                assertThat(futex.wake(word, 1)).isZero();
                return null;
              })
          .join();
      assertThat(futex.await(word, 1)).isEqualTo(WaitStatus.CHANGED);
    }
  }

  @Test
  void argumentsOfAWakeOpThatHaveNoCodeAreRefusedAndChangeNothing() {
    Word word = WordKind.NATIVE_32.fresh(5);
    for (WakeOp op :
        List.of(
            new WakeOp(Operation.SET, 2049, Comparison.EQ, 0),
            new WakeOp(Operation.SET, -2049, Comparison.EQ, 0),
            new WakeOp(Operation.SET, 0, Comparison.EQ, 2048),
            new WakeOp(Operation.SET, 0, Comparison.EQ, -2049))) {
      assertRefused(Errno.EINVAL, () -> futex.wakeOp(word, 1, word, 1, op));
      assertRefused(Errno.EINVAL, () -> futex.wakeOp(word, 1, word, 0, op));
    }
    assertThat(word.load()).isEqualTo(5);
    for (int power : new int[] {2048, 1 << 30, Integer.MIN_VALUE}) {
      futex.wakeOp(word, 1, word, 1, new WakeOp(Operation.SET, power, Comparison.EQ, 0));
      assertThat((int) word.load()).isEqualTo(power);
    }
  }

  private Object async(Word word) {
    return futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
  }

  private static void assertFaults(ThrowingCallable call) {
    assertRefused(Errno.EFAULT, call);
  }

  private static void assertRefused(Errno errno, ThrowingCallable call) {
    assertThat(catchThrowableOfType(FutexException.class, call).errno()).isEqualTo(errno);
  }
}
