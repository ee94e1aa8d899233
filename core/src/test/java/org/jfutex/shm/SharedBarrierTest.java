package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jfutex.shm.SharedBarrier.Outcome;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedBarrierTest {
  private static final int ROUNDS_OF_A_TAG = 1 << 16;

  @TempDir Path folder;

  /** What is noted with a round has room for the low half of its number. */
  @Test
  void anArrivalOfLongAgoCountsForNothing() throws Exception {
    Layout layout = Layout.builder().barrier("barrier", 2).build();
    try (SharedRegion one = SharedRegion.open(folder.resolve("cells"), layout);
        SharedRegion two = SharedRegion.open(folder.resolve("cells"), layout);
        Crew crew = new Crew()) {
      var first = crew.start(ThreadKind.PLATFORM, () -> one.barrier("barrier").await());
      assertThat(two.barrier("barrier").await()).isEqualTo(Outcome.MET);
      assertThat(first.join()).isEqualTo(Outcome.MET);
      // the first one's arrival stays noted; the round gets to where its number comes again
      Cells.set(two.word(layout.cell("barrier", Kind.BARRIER), 64, 32), ROUNDS_OF_A_TAG - 1);
      var again = crew.start(ThreadKind.PLATFORM, () -> two.barrier("barrier").await());
      var other = crew.start(ThreadKind.PLATFORM, () -> two.barrier("barrier").await());
      assertThat(again.join()).isEqualTo(Outcome.MET);
      assertThat(other.join()).isEqualTo(Outcome.MET);
      assertThat(two.barrier("barrier").await(Deadline.after(5, TimeUnit.MILLISECONDS)))
          .isEqualTo(Outcome.TIMED_OUT);
    }
  }

  /** Who ends a round may be killed after it has noted how: the next one notes it again. */
  @Test
  void anEndThatWasCutOffIsMadeUpFor() throws Exception {
    Layout layout = Layout.builder().barrier("barrier", 2).build();
    try (SharedRegion region = SharedRegion.open(folder.resolve("cells"), layout);
        Crew crew = new Crew()) {
      Layout.Cell cell = layout.cell("barrier", Kind.BARRIER);
      Word broken = region.word(cell, 68, 32);
      int round = 37;
      Cells.set(region.word(cell, SharedBarrier.WORD, 32), round);
      Cells.set(broken, 0b111 << (round - 1)); // the round before, this one, and a later one
      var first = crew.start(ThreadKind.PLATFORM, () -> region.barrier("barrier").await());
      assertThat(region.barrier("barrier").await()).isEqualTo(Outcome.MET);
      assertThat(first.join()).isEqualTo(Outcome.MET);
      assertThat((int) broken.load()).isEqualTo(0b101 << (round - 1));
    }
  }

  @Test
  void tooManyPartiesAreRefused() {
    assertThatThrownBy(() -> Layout.builder().barrier("barrier", ROUNDS_OF_A_TAG))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("65536 parties");
  }
}
