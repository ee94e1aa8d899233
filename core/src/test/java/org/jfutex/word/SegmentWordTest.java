package org.jfutex.word;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jfutex.testing.Crew;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentWordTest {
  private static final int BYTES = 16;

  static List<MemorySegment> segments() {
    return List.of(
        Arena.ofAuto().allocate(BYTES, 8),
        MemorySegment.ofArray(new int[BYTES / 4]),
        MemorySegment.ofArray(new long[BYTES / 8]));
  }

  /** 8 and 16 bits are changed inside the int around them: no bit of a neighbour may move. */
  @ParameterizedTest
  @MethodSource("segments")
  void aNarrowChangeTouchesItsOwnBytesOnly(MemorySegment segment) {
    for (int bits = 8; bits / 8 <= segment.maxByteAlignment() && bits <= 64; bits *= 2) {
      int width = bits / 8;
      for (int offset = 0; offset < BYTES; offset += width) {
        for (byte around : new byte[] {0, -1, 0x5a}) {
          segment.fill(around);
          Word word = Word.of(segment, offset, bits);
          long old = word.load();
          assertThat(word.compareAndSet(~old, 1)).isFalse();
          assertThat(word.compareAndSet(old, 0x0123_4567_89ab_cdefL)).isTrue();
          assertThat(word.holds(0x0123_4567_89ab_cdefL)).isTrue();
          for (int i = 0; i < BYTES; i++) {
            if (i < offset || i >= offset + width) {
              assertThat(segment.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(around);
            }
          }
        }
      }
    }
  }

  /** Four threads count in the four bytes of one int: nobody's count is lost. */
  @ParameterizedTest
  @MethodSource("segments")
  void neighboursMayBeChangedAtOnce(MemorySegment segment) {
    int rounds = 100_000;
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 4; i++) {
        Word word = Word.of(segment, i, 8);
        crew.start(
            () -> {
              for (int round = 0; round < rounds; round++) {
                long old;
                do {
                  old = word.load();
                } while (!word.compareAndSet(old, old + 1));
              }
              return null;
            });
      }
      crew.joinAll();
    }
    for (int i = 0; i < 4; i++) {
      assertThat(segment.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) rounds);
    }
  }

  /** What counts is where the word lies, not where the slice that it is named in begins. */
  @ParameterizedTest
  @MethodSource("segments")
  void aWordInASliceIsTheSameWord(MemorySegment segment) {
    for (int bits = 8; bits / 8 <= segment.maxByteAlignment() && bits <= 64; bits *= 2) {
      Word whole = Word.of(segment, 8, bits);
      for (int start = 1; start <= 8; start++) {
        Word part = Word.of(segment.asSlice(start), 8 - start, bits);
        assertThat(part.key()).isEqualTo(whole.key());
        assertThat(part.load()).isEqualTo(whole.load());
      }
    }
  }

  @Test
  void bytesAndShortsOfTheirOwnArraysCanBeChanged() {
    byte[] bytes = new byte[3];
    short[] shorts = new short[3];
    for (int i = 0; i < 3; i++) {
      assertThat(Word.of(MemorySegment.ofArray(bytes), i, 8).compareAndSet(0, i + 1)).isTrue();
      assertThat(Word.of(MemorySegment.ofArray(shorts), 2L * i, 16).compareAndSet(0, i + 1))
          .isTrue();
    }
    assertThat(bytes).containsExactly(1, 2, 3);
    assertThat(shorts).containsExactly(new short[] {1, 2, 3});
    Word sliced = Word.of(MemorySegment.ofArray(bytes).asSlice(2), 0, 8);
    assertThat(sliced.compareAndSet(3, 9)).isTrue();
    assertThat(bytes).containsExactly(1, 2, 9);
  }

  /** The int around it must be inside the segment; reading and waiting work all the same. */
  @Test
  void aNarrowWordAtTheEdgeCanBeReadButNotChanged() {
    MemorySegment memory = Arena.ofAuto().allocate(BYTES, 8);
    memory.fill((byte) 7);
    for (Word word :
        List.of(
            Word.of(memory.asSlice(1), 0, 8),
            Word.of(memory.asSlice(2), 0, 16),
            Word.of(memory.asSlice(0, 3), 2, 8))) {
      assertThat(word.load() & 0xff).isEqualTo(7);
      assertThatExceptionOfType(WordFault.class)
          .isThrownBy(() -> word.compareAndSet(word.load(), 1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32, 64})
  void closedMemoryIsAFault(int bits) {
    Arena arena = Arena.ofShared();
    Word word = Word.of(arena.allocate(BYTES, 8), 0, bits);
    arena.close();
    assertFaults(word);
    assertThat(word.key()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32, 64})
  void readOnlyMemoryCanBeReadOnly(int bits) {
    Word word = Word.of(Arena.ofAuto().allocate(BYTES, 8).asReadOnly(), 8, bits);
    assertThat(word.holds(0)).isTrue();
    assertThatExceptionOfType(WordFault.class).isThrownBy(() -> word.compareAndSet(0, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32, 64})
  void memoryOfAnotherThreadIsAFault(int bits) {
    try (Arena arena = Arena.ofConfined();
        Crew crew = new Crew()) {
      Word word = Word.of(arena.allocate(BYTES, 8), 0, bits);
      assertThat(word.holds(0)).isTrue();
      crew.start(
              () -> {
                assertFaults(word);
                return null;
              })
          .join();
    }
  }

  private static void assertFaults(Word word) {
    assertThatExceptionOfType(WordFault.class).isThrownBy(word::load);
    assertThatExceptionOfType(WordFault.class).isThrownBy(() -> word.compareAndSet(0, 1));
  }

  @Test
  void refusesPlacesThatAreNotWords() {
    MemorySegment memory = Arena.ofAuto().allocate(BYTES, 8);
    for (long offset : new long[] {-1, 13, 16, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> Word.of(memory, offset));
    }
    for (long offset : new long[] {1, 2, 3}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Word.of(memory, offset));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(memory, 4, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(memory, 1, 16));
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(memory.asSlice(2), 0));
    for (int bits : new int[] {0, 1, 24, 31, 128, -8}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Word.of(memory, 0, bits));
    }
  }

  @Test
  void refusesArraysThatCannotBeReadAtomicallyOrDoNotTellWhatTheyAre() {
    MemorySegment bytes = MemorySegment.ofArray(new byte[BYTES]);
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(bytes, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(bytes, 0, 16));
    MemorySegment ints = MemorySegment.ofArray(new int[BYTES]);
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(ints, 0, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(ints.asReadOnly(), 0));
  }
}
