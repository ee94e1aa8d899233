package org.jfutex.park;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** (F) of {@link DeadlineTimer}: a cancelled timer leaves no task scheduled. */
public final class CancelledTimer {
  private CancelledTimer() {}

  /** The shipped timer, cancelled while a task of it schedules the next one. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "the last task is cancelled")
  @Outcome(expect = FORBIDDEN, desc = "the last task stays scheduled")
  @State
  public static class Rescheduling {
    private static final Deadline FAR = Deadline.after(1, TimeUnit.DAYS);
    private static final VarHandle NEXT;
    private static final MethodHandle RUN;

    static {
      try {
        MethodHandles.Lookup lookup =
            MethodHandles.privateLookupIn(DeadlineTimer.class, MethodHandles.lookup());
        NEXT = lookup.findVarHandle(DeadlineTimer.class, "next", ScheduledFuture.class);
        RUN = lookup.findVirtual(DeadlineTimer.class, "run", MethodType.methodType(void.class));
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final DeadlineTimer timer = DeadlineTimer.start(FAR, Ticker.system(), () -> {});
    private final ScheduledFuture<?> first = (ScheduledFuture<?>) NEXT.getVolatile(timer);

    @Actor
    public void task() {
      try {
        RUN.invokeExact(timer);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    @Actor
    public void canceller() {
      timer.cancel();
    }

    @Arbiter
    public void look(Z_Result r) {
      ScheduledFuture<?> last = (ScheduledFuture<?>) NEXT.getVolatile(timer);
      r.r1 = last.isCancelled();
      first.cancel(false); // it would have been the running task
      last.cancel(false);
    }
  }

  /** The same protocol with fields that are not volatile. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "one of the two, or both, would cancel the task")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both writes are still on their way when the other's is read")
  @State
  public static class NotVolatile {
    private boolean cancelled;
    private boolean next;

    @Actor
    public void task(ZZ_Result r) {
      next = true;
      r.r1 = cancelled;
    }

    @Actor
    public void canceller(ZZ_Result r) {
      cancelled = true;
      r.r2 = next;
    }
  }
}
