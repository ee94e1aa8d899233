package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.linux.Guest.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jfutex.engine.JvmFutex;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.linux.SegmentSpace.Protection;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.Test;

/** A guest's memory in a segment. */
class SegmentSpaceTest {
  private final Guest guest = new Guest();
  private final SegmentSpace space = guest.space;

  private Word word(long address) {
    return space.word(address, space.key(address, Scope.PRIVATE, Access.READ));
  }

  @Test
  void wordsReadAndReplaceTheMemory() {
    guest.set(WORD, -5);
    Word word = word(WORD);
    assertThat(word.bits()).isEqualTo(32);
    assertThat(word.holds(-5)).isTrue();
    assertThat(word.compareAndSet(4, 6)).isFalse();
    assertThat(word.compareAndSet(-5, 6)).isTrue();
    assertThat(guest.get(WORD)).isEqualTo(6);
    space.writeInt(OTHER, 9);
    assertThat(guest.get(OTHER)).isEqualTo(9);
    assertThat(space.read(OTHER, 4).getInt()).isEqualTo(9);
  }

  @Test
  void protectionHoldsForItsPagesOnly() {
    space.protect(BASE + PAGE, 1, Protection.READ);
    space.protect(BASE + 2 * PAGE, PAGE, Protection.NONE);
    assertThat(word(BASE + PAGE - 4).compareAndSet(0, 1)).isTrue();
    Word readOnly = word(BASE + PAGE);
    assertThat(readOnly.load()).isZero();
    assertThatThrownBy(() -> readOnly.compareAndSet(0, 1)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> space.writeInt(BASE + 2 * PAGE - 4, 1)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> word(BASE + 2 * PAGE).load()).isInstanceOf(WordFault.class);
    assertThat(word(BASE + 3 * PAGE).compareAndSet(0, 1)).isTrue();
    space.protect(BASE, 4 * PAGE, Protection.READ_WRITE);
    assertThat(word(BASE + 2 * PAGE).compareAndSet(0, 1)).isTrue();
  }

  @Test
  void aReadAcrossPagesNeedsAllOfThem() {
    space.protect(BASE + PAGE, PAGE, Protection.READ);
    guest.set(BASE + PAGE - 4, 1);
    guest.set(BASE + PAGE, 2);
    assertThat(space.read(BASE + PAGE - 4, 8).getInt(4)).isEqualTo(2);
    space.protect(BASE + PAGE, PAGE, Protection.NONE);
    assertThatThrownBy(() -> space.read(BASE + PAGE - 4, 8)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> space.read(UNMAPPED - 4, 8)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> space.read(-4, 8)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> space.read(Long.MAX_VALUE, 8)).isInstanceOf(WordFault.class);
  }

  @Test
  void sharedPagesKeepTheirPlaceInTheFileWhenProtectionSplitsThem() {
    space.share(BASE + PAGE, 3 * PAGE, "file", 8 * PAGE);
    space.protect(BASE + 2 * PAGE, PAGE, Protection.READ);
    for (int page = 0; page < 3; page++) {
      assertThat(space.key(BASE + (1 + page) * PAGE + 12, Scope.SHARED, Access.READ))
          .isEqualTo(Key.file("file", (8 + page) * PAGE + 12));
    }
    assertThat(space.key(BASE + 12, Scope.SHARED, Access.READ))
        .isEqualTo(Key.space(space, BASE + 12, true));
    assertThatThrownBy(() -> space.key(BASE + 2 * PAGE, Scope.SHARED, Access.WRITE))
        .isInstanceOf(WordFault.class);
  }

  @Test
  void theRangeEndsWhereTheKernelsDoes() {
    // probed on 6.18: a private wake at 0x7ffffffff000 is 0, from 0x800000000000 on EFAULT
    assertThat(space.inRange(0, 4)).isTrue();
    assertThat(space.inRange(0x7fff_ffff_f000L, 4)).isTrue();
    assertThat(space.inRange(0x7fff_ffff_f004L, 4)).isFalse();
    assertThat(space.inRange(-8, 8)).isFalse();
  }

  @Test
  void memoryThatHasGoneFaults() {
    Guest gone;
    Word word;
    GuestThread waiter;
    try (Arena arena = Arena.ofShared()) {
      gone = new Guest(64, new JvmFutex(), arena.allocate(4 * PAGE, 8));
      word = gone.space.word(WORD, gone.space.key(WORD, Scope.PRIVATE, Access.READ));
      waiter = gone.waiter(WORD);
    }
    assertThat(gone.wake(WORD, 1)).as("a wake needs no memory").isOne();
    assertThat(waiter.result()).isZero();
    assertThatThrownBy(word::load).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> word.compareAndSet(0, 1)).isInstanceOf(WordFault.class);
    assertThatThrownBy(() -> gone.space.writeInt(WORD, 1)).isInstanceOf(WordFault.class);
    assertThat(gone.futex(WORD, WAIT | PRIVATE, 0, 0, 0, 0)).isEqualTo(EFAULT);
    assertThat(gone.futex(WORD, WAIT | PRIVATE, 0, WORD, 0, 0)).isEqualTo(EFAULT);
  }

  @Test
  void unfitMemoryIsRefused() {
    MemorySegment fit = MemorySegment.ofArray(new long[8]);
    assertRefused(() -> new SegmentSpace(MemorySegment.ofArray(new byte[64]), 0, 64));
    assertRefused(() -> new SegmentSpace(fit.asSlice(4), 0, 64));
    assertRefused(() -> new SegmentSpace(fit, 8, 64));
    assertRefused(() -> new SegmentSpace(fit, -PAGE, 64));
    assertRefused(() -> new SegmentSpace(fit, 0, 16));
    assertRefused(() -> new SegmentSpace(fit, 1L << 32, 32));
    assertThat(new SegmentSpace(fit, (1L << 32) - PAGE, 32).pointerBits()).isEqualTo(32);
  }

  @Test
  void rangesOutsideTheMemoryAreRefused() {
    assertRefused(() -> space.protect(BASE + 1, 1, Protection.NONE));
    assertRefused(() -> space.protect(BASE - PAGE, PAGE, Protection.NONE));
    assertRefused(() -> space.protect(BASE, 4 * PAGE + 1, Protection.NONE));
    assertRefused(() -> space.protect(BASE, -1, Protection.NONE));
    assertRefused(() -> space.share(BASE, PAGE, "file", 5));
  }

  private static void assertRefused(Runnable action) {
    assertThatThrownBy(action::run).isInstanceOf(IllegalArgumentException.class);
  }

  /** A guest's pages are protected by protect, which answers EFAULT; a segment's own way is not. */
  @Test
  void refusesMemoryThatIsReadOnly() {
    MemorySegment memory = Arena.ofAuto().allocate(PAGE, 8).asReadOnly();
    assertThatThrownBy(() -> new SegmentSpace(memory, BASE, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("writable");
  }
}
