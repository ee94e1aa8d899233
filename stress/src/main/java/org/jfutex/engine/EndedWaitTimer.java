package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jfutex.park.DeadlineTimer;
import org.jfutex.time.Deadline;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IL_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** (E) of {@link AsyncWait}: a wait that has ended leaves no timer running. */
public final class EndedWaitTimer {
  private EndedWaitTimer() {}

  /** The shipped wait, woken while it starts its timer. */
  @JCStressTest
  @Outcome(
      id = {"0, CANCELLED", "1, CANCELLED"},
      expect = ACCEPTABLE,
      desc = "one of the two cancelled the timer")
  @Outcome(id = "1, NONE", expect = ACCEPTABLE, desc = "woken before a timer was needed")
  @Outcome(expect = FORBIDDEN, desc = "the timer runs on")
  @State
  public static class Woken extends OneWord {
    private static final Deadline FAR = Deadline.after(1, TimeUnit.DAYS);
    private static final VarHandle TIMER =
        privateField(AsyncWait.class, "timer", DeadlineTimer.class);
    private static final VarHandle CANCELLED =
        privateField(DeadlineTimer.class, "cancelled", boolean.class);

    private AsyncWait wait;

    @Actor
    public void waiter() {
      wait = enqueue(FAR);
    }

    @Actor
    public void waker(IL_Result r) {
      r.r1 = futex.wake(word, 1);
    }

    @Arbiter
    public void look(IL_Result r) {
      if (r.r1 == 0) {
        wait.cancel(); // the wake came too early
      }
      DeadlineTimer timer = (DeadlineTimer) TIMER.get(wait);
      if (timer == null) {
        r.r2 = "NONE";
        return;
      }
      r.r2 = (boolean) CANCELLED.getVolatile(timer) ? "CANCELLED" : "RUNNING";
      timer.cancel();
    }

    private static VarHandle privateField(Class<?> owner, String name, Class<?> type) {
      try {
        return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
            .findVarHandle(owner, name, type);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  /** The same protocol with a timer field that is not volatile. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "one of the two, or both, would cancel the timer")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the timer is still on its way when the state is read")
  @State
  public static class TimerNotVolatile {
    private boolean timer;
    private volatile boolean ended;

    @Actor
    public void waiter(ZZ_Result r) {
      timer = true;
      r.r1 = ended;
    }

    @Actor
    public void waker(ZZ_Result r) {
      ended = true;
      r.r2 = timer;
    }
  }
}
