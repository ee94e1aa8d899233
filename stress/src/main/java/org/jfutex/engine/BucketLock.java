package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** (U) of {@link Bucket}: who locks sees what was done under the lock before, and is alone. */
public final class BucketLock {
  private BucketLock() {}

  /** The shipped lock, taken in both ways. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "one after the other")
  @Outcome(expect = FORBIDDEN, desc = "at the same time, or not seen")
  @State
  public static class Shipped {
    private final Bucket bucket = new Bucket(0);
    private int guarded;

    @Actor
    public void locker() {
      bucket.lock();
      guarded++;
      bucket.unlock();
    }

    @Actor
    public void waiter() {
      bucket.enter();
      guarded++;
      bucket.unlock();
    }

    @Arbiter
    public void look(I_Result r) {
      r.r1 = guarded;
    }
  }

  /** Taken by a read and a write. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "one after the other")
  @Outcome(
      id = "1",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both read that the lock is free")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class NotAtomic {
    private volatile boolean isLocked;
    private int guarded;

    @Actor
    public void one() {
      lockAndCount();
    }

    @Actor
    public void other() {
      lockAndCount();
    }

    private void lockAndCount() {
      while (isLocked) {
        Thread.onSpinWait();
      }
      isLocked = true;
      guarded++;
      isLocked = false;
    }

    @Arbiter
    public void look(I_Result r) {
      r.r1 = guarded;
    }
  }
}
