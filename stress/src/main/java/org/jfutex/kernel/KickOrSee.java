package org.jfutex.kernel;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * (G) of {@code Sleeper}: a thread that goes into a wait sees that it is asked to leave, or who
 * asks sees that it is in a wait and sends the signal.
 */
public final class KickOrSee {
  private static final int WAITING = 1;
  private static final int KICKING = 2;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Wait.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private KickOrSee() {}

  /** A thread in no wait. */
  static class Wait {
    int state;
    volatile boolean request;
  }

  /** The shipped accesses. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "the request is seen, or a signal is sent")
  @Outcome(expect = FORBIDDEN, desc = "the thread sleeps although it was asked to leave")
  @State
  public static class Volatile extends Wait {
    @Actor
    public void sleeper(ZZ_Result r) {
      STATE.setVolatile(this, WAITING);
      r.r1 = request;
    }

    @Actor
    public void canceller(ZZ_Result r) {
      request = true;
      r.r2 = STATE.compareAndSet(this, WAITING, KICKING);
    }
  }

  /** The same without the order between the state and the look. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "as above")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the state is still on its way when the request is looked for")
  @State
  public static class Release extends Wait {
    @Actor
    public void sleeper(ZZ_Result r) {
      STATE.setRelease(this, WAITING);
      r.r1 = request;
    }

    @Actor
    public void canceller(ZZ_Result r) {
      request = true;
      r.r2 = STATE.compareAndSet(this, WAITING, KICKING);
    }
  }
}
