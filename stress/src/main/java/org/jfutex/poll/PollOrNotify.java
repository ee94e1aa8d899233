package org.jfutex.poll;

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
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IZ_Result;

/**
 * (N) of {@code Pollee}: who registers and polls gets the event, or is told of it; and (M): what a
 * check has found before a change is not what a poll after it gets.
 */
public final class PollOrNotify {
  private PollOrNotify() {}

  /** An object that is ready for nothing at first. */
  static class Thing {
    private final Pollee pollee;
    int events;
    volatile boolean told;

    Thing(Discipline discipline) {
      pollee = new Pollee(discipline, () -> events);
      int _ = pollee.poll(Events.IN, null);
    }

    int registerAndPoll() {
      Registration _ = pollee.register(_ -> told = true, Events.IN, Registration.Mode.SHARED);
      return pollee.poll(Events.IN, null);
    }

    void change() {
      events = Events.IN;
      pollee.notifyEvents(Events.IN);
    }

    void forget() {
      pollee.invalidate();
    }

    int poll() {
      return pollee.poll(Events.IN, null);
    }
  }

  /** The shipped accesses, with what is found kept. */
  @JCStressTest
  @Outcome(
      id = {"1, false", "0, true", "1, true"},
      expect = ACCEPTABLE,
      desc = "the event is polled, or told of")
  @Outcome(expect = FORBIDDEN, desc = "who polls waits for an event that has come")
  @State
  public static class Hybrid extends Thing {
    public Hybrid() {
      super(Discipline.HYBRID);
    }

    @Actor
    public void poller(IZ_Result r) {
      r.r1 = registerAndPoll();
    }

    @Actor
    public void object() {
      change();
    }

    @Arbiter
    public void later(IZ_Result r) {
      r.r2 = told;
    }
  }

  /** Likewise, with the events computed by who changes them. */
  @JCStressTest
  @Outcome(
      id = {"1, false", "0, true", "1, true"},
      expect = ACCEPTABLE,
      desc = "the event is polled, or told of")
  @Outcome(expect = FORBIDDEN, desc = "who polls waits for an event that has come")
  @State
  public static class Stateful extends Thing {
    public Stateful() {
      super(Discipline.STATEFUL);
    }

    @Actor
    public void poller(IZ_Result r) {
      r.r1 = registerAndPoll();
    }

    @Actor
    public void object() {
      change();
    }

    @Arbiter
    public void later(IZ_Result r) {
      r.r2 = told;
    }
  }

  /** A check is under way when the event comes. */
  @JCStressTest
  @Outcome(
      id = {"0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "a poll after the change finds it")
  @Outcome(expect = FORBIDDEN, desc = "what the check had found before is kept")
  @State
  public static class Check extends Thing {
    public Check() {
      super(Discipline.HYBRID);
      forget();
    }

    @Actor
    public void checker(II_Result r) {
      r.r1 = poll();
    }

    @Actor
    public void object() {
      change();
    }

    @Arbiter
    public void later(II_Result r) {
      r.r2 = poll();
    }
  }

  /** An object that has changed before each poll, so that nothing is kept; volatile, as it must. */
  static class Restless {
    private static final int POLLS_IN_VAIN = 9;

    volatile int events;
    volatile boolean told;
    private final Pollee pollee = new Pollee(() -> events);

    /**
     * Makes it keep nothing.
     *
     * @param more polls after that; the 64th in vain tries to keep something again
     */
    Restless(int more) {
      for (int i = 0; i < POLLS_IN_VAIN + more; i++) {
        pollee.invalidate();
        int _ = pollee.poll(Events.IN, null);
      }
    }

    int registerAndPoll() {
      Registration _ = pollee.register(_ -> told = true, Events.IN, Registration.Mode.SHARED);
      return pollee.poll(Events.IN, null);
    }

    void change() {
      events = Events.IN;
      pollee.notifyEvents(Events.IN);
    }

    int poll() {
      return pollee.poll(Events.IN, null);
    }
  }

  /** Nothing is kept: the object's own fields order the change before the look at the count. */
  @JCStressTest
  @Outcome(
      id = {"1, false", "0, true", "1, true"},
      expect = ACCEPTABLE,
      desc = "the event is polled, or told of")
  @Outcome(expect = FORBIDDEN, desc = "who polls waits for an event that has come")
  @State
  public static class Quiet extends Restless {
    public Quiet() {
      super(0);
    }

    @Actor
    public void poller(IZ_Result r) {
      r.r1 = registerAndPoll();
    }

    @Actor
    public void object() {
      change();
    }

    @Arbiter
    public void later(IZ_Result r) {
      r.r2 = told;
    }
  }

  /** The event comes while a poll ends the time in which nothing is kept, and the next keeps. */
  @JCStressTest
  @Outcome(
      id = {"0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "a poll after the change finds it")
  @Outcome(expect = FORBIDDEN, desc = "what was found before is kept")
  @State
  public static class QuietNoMore extends Restless {
    public QuietNoMore() {
      super(54);
    }

    @Actor
    public void checker(II_Result r) {
      int _ = poll(); // the 64th in vain
      r.r1 = poll();
    }

    @Actor
    public void object() {
      change();
    }

    @Arbiter
    public void later(II_Result r) {
      r.r2 = poll();
    }
  }

  /** The same by hand, with the look at the count not ordered behind the change. */
  @JCStressTest
  @Outcome(
      id = {"1, false", "0, true", "1, true"},
      expect = ACCEPTABLE,
      desc = "as above")
  @Outcome(
      id = "0, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the count is read before the change is out")
  @State
  public static class ReleaseOnly {
    private static final VarHandle STATE;
    private static final VarHandle COUNT;

    static {
      try {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        STATE = lookup.findVarHandle(ReleaseOnly.class, "state", int.class);
        COUNT = lookup.findVarHandle(ReleaseOnly.class, "count", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    int state;
    int count;

    @Actor
    public void poller(IZ_Result r) {
      int _ = (int) COUNT.getAndAdd(this, 1);
      r.r1 = (int) STATE.getVolatile(this);
    }

    @Actor
    public void object(IZ_Result r) {
      STATE.setRelease(this, Events.IN);
      r.r2 = (int) COUNT.getOpaque(this) != 0;
    }
  }
}
