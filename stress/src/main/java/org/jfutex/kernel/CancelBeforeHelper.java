package org.jfutex.kernel;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jfutex.time.Deadline;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** (H) of {@code KernelWait}: a cancel finds the helper, or the helper finds the cancel. */
public final class CancelBeforeHelper {
  private CancelBeforeHelper() {}

  /** The shipped wait. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "one of the two finds the other")
  @Outcome(expect = FORBIDDEN, desc = "the helper sleeps although it was cancelled")
  @State
  public static class Shipped {
    private final KernelWait wait = KernelWait.joined(new KernelWait.Entry[0], -1, Deadline.NEVER);
    private static final Sleeper SLEEPER = new Silent();

    @Actor
    public void helper(ZZ_Result r) {
      wait.serveBy(SLEEPER);
      r.r1 = wait.isCancelRequested();
    }

    @Actor
    public void canceller(ZZ_Result r) {
      r.r2 = wait.requestCancel() != null;
    }
  }

  /** The same with fields that are not volatile. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "as above")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both writes are still on their way when the other's is read")
  @State
  public static class NotVolatile {
    private boolean cancelled;
    private boolean served;

    @Actor
    public void helper(ZZ_Result r) {
      served = true;
      r.r1 = cancelled;
    }

    @Actor
    public void canceller(ZZ_Result r) {
      cancelled = true;
      r.r2 = served;
    }
  }

  /** Never sleeps. */
  private static final class Silent extends Sleeper {
    @Override
    boolean isCancelRequested() {
      return true;
    }
  }
}
