package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.time.Deadline;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * (D) of {@link AsyncWait}: an outcome has exactly one reporter, and a counted wake is reported.
 */
public final class AsyncWaitRaces {
  private AsyncWaitRaces() {}

  /** How often the outcome was reported, and how many the waker counted. */
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the wake came first")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "counted once, reported once")
  @Outcome(expect = FORBIDDEN, desc = "a wake lost, or reported twice")
  public static class ReportedAsCounted {}

  /** One entry is woken while the next is being queued. */
  @JCStressTest
  @JCStressMeta(ReportedAsCounted.class)
  @State
  public static class WakeWhileQueueing extends TwoWords {
    private AsyncWait wait;

    @Actor
    public void waiter() {
      wait = enqueue(word, other);
    }

    @Actor
    public void waker(II_Result r) {
      r.r2 = futex.wake(word, 1);
    }

    @Arbiter
    public void look(II_Result r) {
      r.r1 = told.times() + (wait.immediate() == null ? 0 : 1);
    }
  }

  /** The same protocol with a read and a write in place of each compare-and-set. */
  @JCStressTest
  @Outcome(
      id = "0, 1",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both read QUEUEING, so each leaves the report to the other")
  @JCStressMeta(ReportedAsCounted.class)
  @State
  public static class WakeWhileQueueingNotAtomic {
    private static final int QUEUEING = 0;
    private static final int EARLY = 1;
    private static final int QUEUED = 2;

    private final AtomicInteger reports = new AtomicInteger();
    private volatile int state = QUEUEING;

    @Actor
    public void waiter() {
      if (state == QUEUEING) {
        state = QUEUED;
      } else {
        reports.incrementAndGet();
      }
    }

    @Actor
    public void waker(II_Result r) {
      if (state == QUEUEING) {
        state = EARLY;
      } else {
        reports.incrementAndGet();
      }
      r.r2 = 1;
    }

    @Arbiter
    public void look(II_Result r) {
      r.r1 = reports.get();
    }
  }

  /** A wake and a cancellation compete for a queued wait. */
  @JCStressTest
  @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "cancelled, not told, not counted")
  @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "not cancelled, told, counted")
  @Outcome(expect = FORBIDDEN, desc = "two outcomes, or none")
  @State
  public static class WakeAgainstCancel extends OneWord {
    private final AsyncWait wait = enqueue(Deadline.NEVER);

    @Actor
    public void canceller(III_Result r) {
      r.r1 = wait.cancel() ? 1 : 0;
    }

    @Actor
    public void waker(III_Result r) {
      r.r3 = futex.wake(word, 1);
    }

    @Arbiter
    public void look(III_Result r) {
      r.r2 = told.times();
    }
  }

  /**
   * Two wakers take the two entries of one wait: each is counted or not, the listener told once.
   */
  @JCStressTest
  @Outcome(
      id = {"1, 0, 1", "0, 1, 1"},
      expect = ACCEPTABLE,
      desc = "the first waker took out the other entry")
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "both took their entry, one told")
  @Outcome(expect = FORBIDDEN, desc = "told twice, or never")
  @State
  public static class TwoWakes extends TwoWords {
    public TwoWakes() {
      enqueue(word, other);
    }

    @Actor
    public void first(III_Result r) {
      r.r1 = futex.wake(word, 1);
    }

    @Actor
    public void second(III_Result r) {
      r.r2 = futex.wake(other, 1);
    }

    @Arbiter
    public void look(III_Result r) {
      r.r3 = told.times();
    }
  }
}
