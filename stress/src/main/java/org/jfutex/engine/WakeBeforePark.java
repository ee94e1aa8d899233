package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * (C) of {@link Waiter}: a thread that goes to park is unparked by the waker that takes it,
 * although somebody has left a permit before. The permit is modelled as the JDK's virtual threads
 * keep it: unpark looks first, and gives none where one is.
 */
public final class WakeBeforePark {
  private WakeBeforePark() {}

  /** Whether the thread sees that it was woken, and whether the waker gives a permit. */
  @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "the thread sees that it was woken")
  @Outcome(
      id = {"false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "the thread finds a new permit and looks again")
  @Outcome(expect = FORBIDDEN, desc = "parked for ever")
  public static class SeesOrIsUnparked {}

  /** A permit that is there already. */
  public abstract static class Permit {
    private static final VarHandle PERMIT;

    static {
      try {
        PERMIT = MethodHandles.lookup().findVarHandle(Permit.class, "permit", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private volatile boolean permit = true;

    final boolean give() {
      return !permit && !(boolean) PERMIT.getAndSet(this, true);
    }

    final void take() {
      PERMIT.getAndSet(this, false);
    }
  }

  /** The shipped waiter and list. */
  @JCStressTest
  @JCStressMeta(SeesOrIsUnparked.class)
  @State
  public static class Shipped extends Permit {
    private final WakeList list = new WakeList();
    private boolean given;
    private final Waiter waiter =
        new Waiter(Key.address(0), WaitOptions.DEFAULT, 0) {
          @Override
          boolean unpark() {
            given = give();
            return true;
          }

          @Override
          String kind() {
            return "thread";
          }

          @Override
          String describe() {
            return "a model";
          }
        };

    @Actor
    public void thread(ZZ_Result r) {
      take();
      r.r1 = waiter.isWoken();
    }

    @Actor
    public void waker(ZZ_Result r) {
      list.add(waiter);
      list.tell();
      r.r2 = given;
    }
  }

  /** The same without the fence between. */
  @JCStressTest
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the old permit is taken, no new one is given, and it is not woken yet")
  @JCStressMeta(SeesOrIsUnparked.class)
  @State
  public static class WithoutFence extends Permit {
    private final Waiter waiter = new ThreadWaiter(Key.address(0), WaitOptions.DEFAULT, 0);

    @Actor
    public void thread(ZZ_Result r) {
      take();
      r.r1 = waiter.isWoken();
    }

    @Actor
    public void waker(ZZ_Result r) {
      waiter.markWoken();
      r.r2 = give();
    }
  }
}
