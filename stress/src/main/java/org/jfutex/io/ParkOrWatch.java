package org.jfutex.io;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * (P) of {@code Bridge}: its thread writes isParked, then reads watchers; who watches counts itself
 * in, then reads isParked. r1: the thread sees the watcher; r2: the watcher sees a parked thread.
 */
public final class ParkOrWatch {
  private ParkOrWatch() {}

  /** The shipped accesses, by hand, as the bridge is one for the whole process. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "the thread goes on, or is unparked")
  @Outcome(expect = FORBIDDEN, desc = "the thread parks beside a watcher that did not see it")
  @State
  public static class Shipped {
    private final AtomicInteger watchers = new AtomicInteger();
    private volatile boolean isParked;

    @Actor
    public void thread(ZZ_Result r) {
      isParked = true;
      r.r1 = watchers.get() != 0;
    }

    @Actor
    public void watcher(ZZ_Result r) {
      int _ = watchers.getAndIncrement();
      r.r2 = isParked;
    }
  }

  /** The same with the thread's two accesses not ordered. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "as above")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the thread reads before its write is out")
  @State
  public static class ReleaseOnly {
    private static final VarHandle PARKED;

    static {
      try {
        PARKED = MethodHandles.lookup().findVarHandle(ReleaseOnly.class, "isParked", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final AtomicInteger watchers = new AtomicInteger();
    boolean isParked;

    @Actor
    public void thread(ZZ_Result r) {
      PARKED.setRelease(this, true);
      r.r1 = watchers.getOpaque() != 0;
    }

    @Actor
    public void watcher(ZZ_Result r) {
      int _ = watchers.getAndIncrement();
      r.r2 = (boolean) PARKED.getVolatile(this);
    }
  }
}
