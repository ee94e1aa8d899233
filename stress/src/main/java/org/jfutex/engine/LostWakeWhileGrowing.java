package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jfutex.WaitOptions;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** {@link HashTable}: a wake finds who waits, although the table grows under it. */
public final class LostWakeWhileGrowing {
  private LostWakeWhileGrowing() {}

  /** The shipped table. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "found here or there")
  @Outcome(expect = FORBIDDEN, desc = "not found although it waits")
  @State
  public static class Shipped {
    private final JvmFutex futex = new JvmFutex(new TableSize(1, 2, 1), Ticker.system(), null);
    private final Word word = Word.of(new int[1], 0);

    /** With somebody who waits. */
    public Shipped() {
      var _ = futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    }

    @Actor
    public void grower() {
      futex.table().grow(-1);
    }

    @Actor
    public void waker(I_Result r) {
      r.r1 = futex.wake(word, 1);
    }
  }

  /** The states alone, of a bucket that does not stay occupied once it has moved (M). */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "one of the states tells")
  @Outcome(
      id = "0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the bucket was looked up before it moved, and read after")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class NotOccupied {
    private final AtomicBoolean old = new AtomicBoolean(true);
    private final AtomicBoolean further = new AtomicBoolean();
    private volatile AtomicBoolean current = old;

    @Actor
    public void grower() {
      further.set(true);
      old.set(false);
      current = further;
    }

    @Actor
    public void waker(I_Result r) {
      AtomicBoolean bucket = current;
      r.r1 = bucket.get() ? 1 : 0;
    }
  }
}
