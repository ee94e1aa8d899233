package org.jfutex.engine;

import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;

/**
 * Under every schedule of a waiter's compare-and-queue and a waker's change-and-wake, either the
 * waiter sees the change or the waker counts the waiter. Schedules, not memory orders: the fences
 * are for jcstress.
 */
class BucketLincheckTest {
  /** One word that changes once. */
  @SuppressWarnings("unused")
  public static class Engine {
    private final JvmFutex engine = new JvmFutex(1, _ -> 0);
    private final Word word = Word.of(new int[1], 0);

    @Operation
    public boolean sleeps() {
      AnyWait immediate =
          engine
              .enqueue(
                  List.of(new WaitEntry(word, 0)),
                  Deadline.NEVER,
                  WaitOptions.DEFAULT,
                  (_, _) -> true)
              .immediate();
      // a wake may be faster than the call that queues: then it has slept, for no time at all
      return immediate == null || immediate.status() == WaitStatus.WOKEN;
    }

    // two steps, so of two at once the later change may do the wakes of the earlier one
    @Operation(nonParallelGroup = "waker")
    public int changeAndWake() {
      WordKind.store(word, 1);
      return engine.wakeAll(word);
    }
  }

  /** The same without a queue. */
  public static class Count {
    private boolean changed;
    private int sleeping;

    public boolean sleeps() {
      sleeping += changed ? 0 : 1;
      return !changed;
    }

    public int changeAndWake() {
      changed = true;
      int woken = sleeping;
      sleeping = 0;
      return woken;
    }
  }

  @Test
  void noWakeIsLost() {
    new ModelCheckingOptions()
        .iterations(5)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsBefore(0)
        .actorsPerThread(2)
        .actorsAfter(1)
        .sequentialSpecification(Count.class)
        .check(Engine.class);
  }
}
