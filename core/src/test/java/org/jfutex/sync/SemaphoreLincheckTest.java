package org.jfutex.sync;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jfutex.engine.JvmFutex;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;

/**
 * Under every schedule each operation of a semaphore is one step. Waits have a deadline that is
 * reached: they count themselves in and queue, look, and leave, so nobody parks.
 */
class SemaphoreLincheckTest {
  /** A semaphore on an engine of its own, whose clock stands still. */
  @SuppressWarnings("unused")
  public static class Shipped {
    private static final Deadline REACHED = new Deadline(ClockId.MONOTONIC, 0);

    private final Semaphore semaphore =
        Semaphore.of(new JvmFutex(1, _ -> 0), Word.of(new int[] {1}, 0), Word.of(new int[1], 0));

    @Operation
    public boolean tryAcquire() {
      return semaphore.tryAcquire();
    }

    @Operation
    public boolean waitForOne() throws InterruptedException {
      return semaphore.tryAcquire(REACHED);
    }

    @Operation
    public void release() {
      semaphore.release();
    }

    @Operation
    public void releaseTwo() {
      semaphore.release(2);
    }
  }

  /** The same with a number. */
  public static class Count {
    private int permits = 1;

    public boolean tryAcquire() {
      if (permits == 0) {
        return false;
      }
      permits--;
      return true;
    }

    public boolean waitForOne() {
      return tryAcquire();
    }

    public void release() {
      permits++;
    }

    public void releaseTwo() {
      permits += 2;
    }
  }

  @Test
  void everyOperationIsOneStep() {
    new ModelCheckingOptions()
        .iterations(4)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsBefore(0)
        .actorsPerThread(2)
        .actorsAfter(1)
        .sequentialSpecification(Count.class)
        .check(Shipped.class);
  }
}
