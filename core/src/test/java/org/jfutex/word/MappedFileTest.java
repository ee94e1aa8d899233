package org.jfutex.word;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.testing.Crew;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  private static final int CLOSING_ROUNDS = 300;

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void createFile() throws IOException {
    path = Files.createFile(folder.resolve("file"));
  }

  @Test
  void extendsTheFileAndSharesItsBytes() throws IOException {
    try (MappedFile one = MappedFile.open(path, 0, 64);
        MappedFile two = MappedFile.open(path, 8, 56)) {
      assertThat(Files.size(path)).isEqualTo(64);
      assertThat(two.position()).isEqualTo(8);
      assertThat(Word.of(one, 16).compareAndSet(0, 5)).isTrue();
      assertThat(Word.of(two, 8).load()).isEqualTo(5);
      assertThat(Word.of(one, 16).key()).isEqualTo(Word.of(two, 8).key());
      assertThat(Word.of(one, 8).key()).isNotEqualTo(Word.of(two, 8).key());
    }
    assertThat(Files.readAllBytes(path)[16]).isEqualTo((byte) 5);
  }

  @Test
  void aLinkIsTheFileItLeadsToAndACopyIsNot() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), path);
    Path hardLink = Files.createLink(folder.resolve("hard"), path);
    Path copy = Files.copy(path, folder.resolve("copy"));
    try (MappedFile file = MappedFile.open(path, 0, 8);
        MappedFile linked = MappedFile.open(link, 0, 8);
        MappedFile hardLinked = MappedFile.open(hardLink, 0, 8);
        MappedFile copied = MappedFile.open(copy, 0, 8)) {
      assertThat(linked.identity()).isEqualTo(file.identity());
      assertThat(hardLinked.identity()).isEqualTo(file.identity());
      assertThat(copied.identity()).isNotEqualTo(file.identity());
    }
  }

  @Test
  void aFileRenamedInItsPlaceIsAnotherFutex() throws IOException {
    try (MappedFile old = MappedFile.open(path, 0, 8)) {
      Path other = Files.createFile(folder.resolve("other"));
      Files.delete(path);
      Files.move(other, path);
      try (MappedFile replaced = MappedFile.open(path, 0, 8)) {
        assertThat(Word.of(replaced, 0).key()).isNotEqualTo(Word.of(old, 0).key());
      }
    }
  }

  @Test
  void closingTwiceIsFineAndReadingAfterwardsIsAFault() throws IOException {
    MappedFile file = MappedFile.open(path, 0, 8);
    Word word = Word.of(file, 0);
    file.close();
    file.close();
    assertThatExceptionOfType(WordFault.class).isThrownBy(word::load);
    assertThat(word.key()).isEqualTo(word.key());
  }

  @Test
  void pinnedMemoryIsNotClosed() throws IOException {
    MappedFile file = MappedFile.open(path, 0, 8);
    file.pin();
    file.pin();
    assertThatIllegalStateException().isThrownBy(file::close).withMessageContaining("2 times");
    file.unpin();
    assertThat(file.retire(2)).isFalse();
    assertThat(file.retire(1)).isTrue();
    assertThatExceptionOfType(WordFault.class).isThrownBy(file::pin);
    assertThatIllegalStateException().isThrownBy(file::close).withMessageContaining("1 times");
    file.unpin();
    file.close();
    assertThat(file.segment().scope().isAlive()).isFalse();
    assertThatExceptionOfType(WordFault.class).isThrownBy(file::pin);
  }

  @Test
  void severalThreadsMayCloseAtOnce() throws IOException {
    for (int round = 0; round < CLOSING_ROUNDS; round++) {
      MappedFile file = MappedFile.open(path, 0, 8);
      AtomicInteger ready = new AtomicInteger();
      try (Crew crew = new Crew()) {
        for (int i = 0; i < 2; i++) {
          crew.start(
              () -> {
                ready.incrementAndGet();
                while (ready.get() < 2) {
                  Thread.onSpinWait();
                }
                file.close();
                return null;
              });
        }
        crew.joinAll();
      }
      assertThat(file.segment().scope().isAlive()).isFalse();
    }
  }

  @Test
  void refusesImpossibleRanges() {
    for (long position : new long[] {-8, 1, 4, 12}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> MappedFile.open(path, position, 8))
          .withMessageContaining(Long.toString(position));
    }
    for (long size : new long[] {0, -1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> MappedFile.open(path, 0, size))
          .withMessageContaining(Long.toString(size));
    }
  }

  @Test
  void refusesWhatIsNotAFile() {
    assertThatIOException().isThrownBy(() -> MappedFile.open(folder, 0, 8));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> MappedFile.open(folder.resolve("absent"), 0, 8));
  }
}
