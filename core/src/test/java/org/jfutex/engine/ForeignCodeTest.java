package org.jfutex.engine;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;

/** What foreign code that the engine calls may do: park, and use the engine. */
class ForeignCodeTest {
  private static final long FAR_NANOS = SECONDS.toNanos(1);

  private final int[] cells = new int[1];
  private final Word word = Word.of(cells, 0);

  @Test
  void aListenerIsNamedWithNoLockHeld() {
    JvmFutex futex = new JvmFutex(1, Ticker.system());
    WaitListener listener =
        new WaitListener() {
          @Override
          public boolean onOutcome(WaitStatus status, int index) {
            return true;
          }

          @Override
          public String toString() {
            return "woke "
                + CompletableFuture.supplyAsync(() -> futex.wake(word, 1))
                    .completeOnTimeout(-1, 5, SECONDS)
                    .join();
          }
        };
    futex.enqueue(List.of(new WaitEntry(word, 0)), Deadline.NEVER, WaitOptions.DEFAULT, listener);

    assertThat(futex.waiters()).extracting(SleepingWaiter::name).containsExactly("woke 1");
  }

  @Test
  void aPermitEatenByTheTickerIsNotMissed() {
    EatingTicker ticker = new EatingTicker();
    JvmFutex futex = new JvmFutex(1, ticker);
    ticker.wake = () -> futex.wake(word, 1);
    LockSupport.unpark(Thread.currentThread()); // makes the first park return for no reason

    WaitStatus status = futex.await(word, 0, new Deadline(ClockId.MONOTONIC, FAR_NANOS));

    assertThat(status).isEqualTo(WaitStatus.WOKEN);
    assertThat(ticker.eaten).isTrue();
    assertThat(ticker.callsAfterwards).as("looked at the time to park again").isZero();
  }

  @Test
  void aPermitEatenByTheTickerIsNotMissedByAVectorWait() {
    EatingTicker ticker = new EatingTicker();
    JvmFutex futex = new JvmFutex(1, ticker);
    ticker.wake = () -> futex.wake(word, 1);
    LockSupport.unpark(Thread.currentThread());

    AnyWait result =
        futex.awaitAny(List.of(new WaitEntry(word, 0)), new Deadline(ClockId.MONOTONIC, FAR_NANOS));

    assertThat(result).isEqualTo(new AnyWait(WaitStatus.WOKEN, 0));
    assertThat(ticker.eaten).isTrue();
    assertThat(ticker.callsAfterwards).as("looked at the time to park again").isZero();
  }

  /**
   * Time stands still. When the thread asks whether to give up, the ticker has it woken, and eats
   * the permit.
   */
  private static final class EatingTicker implements Ticker {
    private Runnable wake = () -> {};
    private boolean eaten;
    private int callsAfterwards;

    @Override
    public long nanos(ClockId clock) {
      if (eaten) {
        callsAfterwards++;
      } else if (isAskedWhetherToGiveUp()) {
        eaten = true;
        wake.run();
        LockSupport.park(this);
      }
      return 0;
    }

    private static boolean isAskedWhetherToGiveUp() {
      return StackWalker.getInstance()
          .walk(frames -> frames.anyMatch(f -> f.getMethodName().equals("reasonToGiveUp")));
    }
  }
}
