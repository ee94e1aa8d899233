package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** (C) of {@link Waiter}: a thread that goes to park is unparked by the waker that takes it. */
public final class WakeBeforePark {
  private WakeBeforePark() {}

  /** Whether the thread parks, and whether the waker unparks it. */
  @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "the thread saw that it was woken")
  @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "the waker saw that the thread parks")
  @Outcome(expect = FORBIDDEN, desc = "parked for ever, or a permit left behind")
  public static class ParksAndUnparks {}

  /** The shipped waiter. */
  @JCStressTest
  @JCStressMeta(ParksAndUnparks.class)
  @State
  public static class Atomic {
    private final Waiter waiter =
        new ThreadWaiter(Key.address(0), WaitOptions.DEFAULT, 0, Waiter.QUEUED);

    @Actor
    public void thread(ZZ_Result r) {
      r.r1 = waiter.beginPark();
    }

    @Actor
    public void waker(ZZ_Result r) {
      r.r2 = waiter.markWoken();
    }
  }

  /** The same with a read and a write in place of each atomic step. */
  @JCStressTest
  @Outcome(
      id = "true, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both read QUEUED, so the thread parks and nobody unparks it")
  @JCStressMeta(ParksAndUnparks.class)
  @State
  public static class NotAtomic {
    private volatile int state = Waiter.QUEUED;

    @Actor
    public void thread(ZZ_Result r) {
      boolean queued = state == Waiter.QUEUED;
      if (queued) {
        state = Waiter.PARKED;
      }
      r.r1 = queued;
    }

    @Actor
    public void waker(ZZ_Result r) {
      boolean parked = state == Waiter.PARKED;
      state = Waiter.WOKEN;
      r.r2 = parked;
    }
  }
}
