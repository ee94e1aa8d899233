package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nobody to wake, nothing to wait for: no lock, no garbage. */
class QuickPathTest {
  private static final int WARM_UP = 20_000;
  private static final int CALLS = 10_000;
  private static final int ATTEMPTS = 10;

  private final JvmFutex engine = new JvmFutex();
  private final EngineProbe probe = new EngineProbe(engine);

  @ParameterizedTest
  @EnumSource
  void wakingNobodyAllocatesNothing(WordKind kind) {
    Word word = kind.fresh();
    assertAllocatesNothing(() -> assertZero(engine.wake(word, 1)));
  }

  @ParameterizedTest
  @EnumSource
  void waitingOnAChangedWordAllocatesNothing(WordKind kind) {
    Word word = kind.fresh(1);
    assertAllocatesNothing(
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

  /** Compiling may allocate once on this thread's account, so the best of some attempts counts. */
  private static void assertAllocatesNothing(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < WARM_UP; i++) {
      call.run();
    }
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < ATTEMPTS && least > 0; attempt++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).as("bytes in %s calls", CALLS).isZero();
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
