package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.WordKind;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which words are the same futex outside the heap. */
public abstract class IdentityContract extends FutexContract {
  private static final int SIZE = 8192;

  @TempDir Path folder;

  protected IdentityContract(Supplier<Backend> backends) {
    super(backends);
  }

  @Test
  void twoSegmentsOfOneAddressAreOneFutex() {
    MemorySegment whole = Arena.ofAuto().allocate(64, 8);
    assertMeet(Word.of(whole, 24), Word.of(whole.asSlice(16), 8));
  }

  /** posix spawn and CPython's shared mutexes: one file, two addresses. */
  @Test
  void twoMappingsOfOneFileAreOneFutex() throws IOException {
    Path path = Files.createFile(folder.resolve("shared"));
    try (MappedFile one = MappedFile.open(path, 0, SIZE);
        MappedFile two = MappedFile.open(path, 4096, SIZE - 4096)) {
      assertThat(one.segment().address()).isNotEqualTo(two.segment().address());
      assertMeet(Word.of(one, 4096 + 8), Word.of(two, 8));
      assertMeet(Word.of(two, 12), Word.of(one, 4096 + 12));
      assertApart(List.of(Word.of(one, 8), Word.of(two, 8)));
    }
  }

  @Test
  void twoFilesAreNotOneFutex() throws IOException {
    Path first = Files.createFile(folder.resolve("first"));
    Path second = Files.createFile(folder.resolve("second"));
    try (MappedFile one = MappedFile.open(first, 0, SIZE);
        MappedFile two = MappedFile.open(second, 0, SIZE)) {
      assertApart(List.of(Word.of(one, 8), Word.of(two, 8)));
    }
  }

  @Test
  void theMemoryOfAMappingAndTheFileAreNotOneFutex() throws IOException {
    Path path = Files.createFile(folder.resolve("both"));
    try (MappedFile file = MappedFile.open(path, 0, SIZE)) {
      assertApart(List.of(Word.of(file, 8), Word.of(file.segment(), 8)));
    }
  }

  @Test
  void differentOffsetsAreNotOneFutex() {
    MemorySegment memory = Arena.ofAuto().allocate(SIZE, 4096);
    List<Word> words = new ArrayList<>();
    for (long offset : new long[] {0, 4, 8, 64, 4096}) {
      words.add(Word.of(memory, offset));
    }
    assertApart(words);
  }

  @Test
  void whoSleepsWhenTheMappingIsClosedCanStillBeWoken() throws IOException {
    Path path = Files.createFile(folder.resolve("closed"));
    MappedFile file = MappedFile.open(path, 0, SIZE);
    Word word = Word.of(file, 16);
    Job<WaitStatus> waiter = waiter(word);
    file.close();
    assertRefused(org.jfutex.Errno.EFAULT, () -> futex.await(word, 0));
    try (MappedFile again = MappedFile.open(path, 0, SIZE)) {
      assertWakesNext(Word.of(again, 16), waiter);
    }
  }

  final void assertMeet(Word waits, Word wakes) {
    Job<WaitStatus> waiter = waiter(waits);
    assertThat(futex.wake(wakes, 1)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
    WordKind.store(waits, 77);
    assertThat(wakes.load()).isEqualTo(77);
    WordKind.store(waits, 0);
  }

  final void assertApart(List<Word> words) {
    for (Word waits : words) {
      Job<WaitStatus> waiter = waiter(waits);
      for (Word wakes : words) {
        if (wakes != waits) {
          assertThat(futex.wake(wakes, 1)).as("%s and %s", waits, wakes).isZero();
        }
      }
      assertWakesNext(waits, waiter);
    }
  }
}
