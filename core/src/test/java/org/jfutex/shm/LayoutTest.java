package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/**
 * The frozen layout, in numbers that were not computed by what they test: a change of one of them
 * needs another version. docs/layout.md.
 */
class LayoutTest {
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 5)
          .rwLock("rwlock")
          .event("event")
          .autoResetEvent("auto")
          .barrier("barrier", 3)
          .signal("signal")
          .bytes("bytes", 100)
          .latch("latch", 2)
          .once("once")
          .build();

  @Test
  void cellsAreWhereTheyHaveAlwaysBeen() {
    assertThat(LAYOUT.cells().stream().map(Layout.Cell::offset))
        .containsExactly(
            5056L, 5120L, 5184L, 5824L, 6464L, 6528L, 6592L, 7232L, 7296L, 7424L, 7488L);
    assertThat(LAYOUT.cells().stream().map(cell -> cell.kind().number()))
        .containsExactly(1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10);
    assertThat(LAYOUT.cells().stream().map(Layout.Cell::bytes))
        .containsExactly(64L, 64L, 640L, 640L, 64L, 64L, 640L, 64L, 100L, 64L, 128L);
    assertThat(LAYOUT.regionBytes()).isEqualTo(8192);
    assertThat(LAYOUT.hash()).isEqualTo(0xfc6a57a110f4ab7bL);
  }

  @Test
  void theHeaderIsWhatItHasAlwaysBeen() throws Exception {
    MemorySegment region = MemorySegment.ofArray(new long[1024]);
    Header.write(region, LAYOUT);
    assertThat(text(region, 0, 8)).isEqualTo("JFUTEXSM");
    assertThat(region.get(ValueLayout.JAVA_INT, 8)).isEqualTo(1);
    assertThat(region.get(ValueLayout.JAVA_INT, 12)).isEqualTo(11);
    assertThat(region.get(ValueLayout.JAVA_LONG, 16)).isEqualTo(8192);
    assertThat(region.get(ValueLayout.JAVA_LONG, 24)).isEqualTo(0xfc6a57a110f4ab7bL);
    assertThat(Header.REGISTRY).isEqualTo(64);
    assertThat(Header.JOINS).isEqualTo(128);
    assertThat(Header.MEMBERS).isEqualTo(256);
    assertThat(region.asSlice(64, 4352 - 64).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    long barrier = 4352 + 6 * 64;
    assertThat(text(region, barrier, 8)).isEqualTo("barrier\0");
    assertThat(region.get(ValueLayout.JAVA_INT, barrier + 40)).isEqualTo(6);
    assertThat(region.get(ValueLayout.JAVA_INT, barrier + 44)).isEqualTo(3);
    assertThat(region.get(ValueLayout.JAVA_LONG, barrier + 48)).isEqualTo(6592);
    assertThat(region.get(ValueLayout.JAVA_LONG, barrier + 56)).isEqualTo(640);
  }

  private static String text(MemorySegment region, long offset, int bytes) {
    byte[] text = region.asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE);
    return new String(text, StandardCharsets.US_ASCII);
  }
}
