package org.jfutex.kernel;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * (I) of {@code RingWaits}: who clears the bell before it looks for requests either sees a request
 * or has the bell set again afterwards. The kernel's comparison of the bell comes after the look;
 * what the bell holds in the end is what the ring's thread is woken by.
 */
public final class BellBeforeRequests {
  private static final VarHandle BELL;

  static {
    try {
      BELL = MethodHandles.lookup().findVarHandle(Cell.class, "bell", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private BellBeforeRequests() {}

  /** The bell, set by an earlier request; where it lives makes no difference to the order. */
  static class Cell {
    int bell = 1;
  }

  /** The shipped accesses. */
  @JCStressTest
  @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "the request is seen")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "the bell keeps the thread from sleeping")
  @Outcome(expect = FORBIDDEN, desc = "the thread sleeps although there is a request")
  @State
  public static class Volatile extends Cell {
    private volatile boolean request;

    @Actor
    public void ringThread(ZI_Result r) {
      BELL.setVolatile(this, 0);
      r.r1 = request;
    }

    @Actor
    public void asker() {
      request = true;
      int _ = (int) BELL.getAndSet(this, 1);
    }

    @Arbiter
    public void look(ZI_Result r) {
      r.r2 = (int) BELL.getVolatile(this);
    }
  }

  /** The same without the order between the clearing and the look. */
  @JCStressTest
  @Outcome(
      id = {"true, .*", "false, 1"},
      expect = ACCEPTABLE,
      desc = "as above")
  @Outcome(
      id = "false, 0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the clearing comes after the look and wipes the 1 out")
  @State
  public static class Opaque extends Cell {
    private volatile boolean request;

    @Actor
    public void ringThread(ZI_Result r) {
      BELL.setOpaque(this, 0);
      r.r1 = request;
    }

    @Actor
    public void asker() {
      request = true;
      int _ = (int) BELL.getAndSet(this, 1);
    }

    @Arbiter
    public void look(ZI_Result r) {
      r.r2 = (int) BELL.getVolatile(this);
    }
  }
}
