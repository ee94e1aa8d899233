package org.jfutex.engine;

import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nobody to wake, nothing to wait for: no lock, no garbage. */
class QuickPathTest {
  private final JvmFutex engine = new JvmFutex();
  private final EngineProbe probe = new EngineProbe(engine);

  @ParameterizedTest
  @EnumSource
  void wakingNobodyAllocatesNothing(WordKind kind) {
    Word word = kind.fresh();
    Allocation.assertNone(() -> assertZero(engine.wake(word, 1)));
  }

  @ParameterizedTest
  @EnumSource
  void waitingOnAChangedWordAllocatesNothing(WordKind kind) {
    Word word = kind.fresh(1);
    Allocation.assertNone(
        () -> assertChanged(engine.await(word, 0, Deadline.NEVER, WaitOptions.DEFAULT)));
  }

  @ParameterizedTest
  @EnumSource
  void neitherTakesTheLock(WordKind kind) {
    Word word = kind.fresh(1);
    try (Crew crew = new Crew()) {
      probe.whileLocked(
          word.key(),
          () ->
              crew.start(
                      () -> {
                        assertZero(engine.wake(word, 1));
                        assertZero(engine.requeue(word, 1, word, 1));
                        assertChanged(engine.await(word, 0));
                        return null;
                      })
                  .join());
    }
  }

  private static void assertZero(int count) {
    if (count != 0) {
      throw new AssertionError(count);
    }
  }

  private static void assertChanged(WaitStatus status) {
    if (status != WaitStatus.CHANGED) {
      throw new AssertionError(status);
    }
  }
}
