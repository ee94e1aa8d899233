package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Observation;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.observe.Snapshot;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ManualTicker;
import org.jfutex.time.Deadline;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaiterTest {
  /** How exactly a waiter knows when it came. */
  private static final long STEP = 1L << 26;

  /** After how long that begins again. */
  private static final long WRAP = 1L << 56;

  private static final long DAY = 24L * 3600 * 1_000_000_000;

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        STEP - 1,
        STEP,
        -1,
        -STEP,
        WRAP - 1,
        WRAP,
        -WRAP,
        500 * DAY + 12345,
        Long.MIN_VALUE,
        Long.MAX_VALUE
      })
  void tellsWhenItCameToOneStepAndNeverLater(long came) {
    Waiter waiter = waiter(came);
    for (long age : new long[] {0, 1, STEP - 1, STEP, DAY, 800 * DAY, WRAP - STEP}) {
      long since = waiter.sinceNanos(came + age);
      assertThat(came - since).as("after %s", age).isBetween(0L, STEP - 1);
    }
  }

  @Test
  void whoSleepsTooLongSeemsToHaveComeLater() {
    long since = waiter(3 * STEP).sinceNanos(3 * STEP + WRAP + DAY);
    assertThat(since).isEqualTo(3 * STEP + WRAP);
  }

  @Test
  void theStateAndTheTimeLeaveEachOtherAlone() {
    for (long came : new long[] {0, -1, WRAP - 1, 12345 * DAY}) {
      long since = waiter(came).sinceNanos(came);
      Waiter woken = waiter(came);
      assertState(woken, since, true, false, false);
      woken.markWoken();
      assertState(woken, since, false, true, false);
      Waiter leaves = waiter(came);
      leaves.markLeft();
      assertState(leaves, since, false, false, true);
    }
  }

  private static void assertState(
      Waiter waiter, long since, boolean isQueued, boolean isWoken, boolean hasLeft) {
    assertThat(waiter.isQueued()).isEqualTo(isQueued);
    assertThat(waiter.isWoken()).isEqualTo(isWoken);
    assertThat(waiter.hasLeft()).isEqualTo(hasLeft);
    assertThat(waiter.sinceNanos(since)).isEqualTo(since);
  }

  @Test
  void aSnapshotTellsWhenEachCame() {
    ManualTicker ticker = new ManualTicker(-DAY);
    JvmFutex engine = new JvmFutex(1, ticker);
    Word word = Word.of(new int[1], 0);
    engine.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    ticker.advance(500 * DAY);
    engine.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    ticker.advance(300 * DAY);
    List<SleepingWaiter> seen = Snapshot.of(engine).waitersOf(word);
    assertThat(seen.getFirst().sinceNanos()).isBetween(-DAY - STEP, -DAY);
    assertThat(seen.getLast().sinceNanos()).isBetween(499 * DAY - STEP, 499 * DAY);
    assertThat(engine.wakeAll(word)).isEqualTo(2);
  }

  /** It reads the clock after it has seen them all: nobody in it has come since. */
  @Test
  void whoComesWhileASnapshotIsTakenDoesNotSeemToHaveComeLongAgo() {
    Word word = Word.of(new int[1], 0);
    AtomicInteger reads = new AtomicInteger();
    JvmFutex[] engine = new JvmFutex[1];
    engine[0] =
        new JvmFutex(
            1,
            _ -> {
              int read = reads.getAndIncrement();
              if (read == 1) { // the snapshot's
                engine[0].awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
              }
              return read * DAY;
            });
    engine[0].awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    assertThat(engine[0].waiters())
        .isNotEmpty()
        .allSatisfy(waiter -> assertThat(waiter.sinceNanos()).isNotNegative());
    assertThat(engine[0].wakeAll(word)).isEqualTo(2);
  }

  @Test
  void aWaitForManyReadsTheClockOnceAndForAChangedWordNever() {
    AtomicInteger reads = new AtomicInteger();
    JvmFutex engine = new JvmFutex(1, _ -> reads.incrementAndGet());
    int[] cells = new int[3];
    List<WaitEntry> entries =
        List.of(
            new WaitEntry(Word.of(cells, 0), 0),
            new WaitEntry(Word.of(cells, 1), 0),
            new WaitEntry(Word.of(cells, 2), 0));
    AsyncWait wait = engine.enqueue(entries, Deadline.NEVER, WaitOptions.DEFAULT, (_, _) -> true);
    assertThat(reads).hasValue(1);
    assertThat(wait.cancel()).isTrue();
    cells[0] = 1;
    engine.awaitAny(entries, Deadline.NEVER);
    assertThat(reads).hasValue(1);
  }

  @Test
  void optionsAreMissedByWhoForgetsThemAndNotByTheNextWaker() {
    JvmFutex engine = new JvmFutex();
    Word word = Word.of(new int[1], 0);
    assertThatNullPointerException()
        .isThrownBy(() -> engine.await(word, 0, Deadline.after(Delays.SHORT), null))
        .withMessage("options");
    new EngineProbe(engine).assertAtRest();
  }

  @Test
  void kindsOfWaitersAreToldApart() {
    JvmFutex engine = new JvmFutex(1, new ManualTicker(0));
    Word word = Word.of(new int[1], 0);
    engine.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    Runnable told = () -> {};
    try (Observation _ = engine.observe(word, told)) {
      assertThat(engine.waiters())
          .extracting(SleepingWaiter::kind)
          .containsExactly("observer", "callback");
      assertThat(engine.waiters().getFirst().name()).isEqualTo(told.toString());
    }
    assertThat(engine.wakeAll(word)).isEqualTo(1);
    new EngineProbe(engine).assertAtRest();
  }

  private static Waiter waiter(long nowNanos) {
    return new ThreadWaiter(Key.address(0), WaitOptions.DEFAULT, nowNanos);
  }
}
