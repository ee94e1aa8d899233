package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jfutex.WakeOp;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * (A) against (B) of {@link Bucket}: whoever stores and then wakes is either seen by the waiter's
 * comparison or finds the waiter, on every path that wakes.
 */
public final class LostWake {
  private LostWake() {}

  /** What may come out of a wait that races with a store and a wake. */
  @Outcome(id = "CHANGED, 0", expect = ACCEPTABLE, desc = "the wait saw the store")
  @Outcome(
      id = {"TOLD, 1", "WOKEN, 1"},
      expect = ACCEPTABLE,
      desc = "the wake found the waiter")
  @Outcome(expect = FORBIDDEN, desc = "lost, or counted twice")
  public static class SeenOrFound {}

  /** A plain store, then wake. */
  @JCStressTest
  @JCStressMeta(SeenOrFound.class)
  @State
  public static class Wake extends OneWord {
    private AsyncWait wait;

    @Actor
    public void waiter() {
      wait = enqueue(Deadline.NEVER);
    }

    @Actor
    public void waker(LI_Result r) {
      cells[0] = 1;
      r.r2 = futex.wake(word, 1);
    }

    @Arbiter
    public void look(LI_Result r) {
      r.r1 = told.fateOf(wait);
    }
  }

  /**
   * The same two steps of each side, with a waker that reads the state without the full fence. The
   * queue is left out: it only makes the moment rarer.
   */
  @JCStressTest
  @Outcome(
      id = {"false, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "the wait saw the store, or the wake would have looked for the waiter")
  @Outcome(
      id = "true, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the store is still on its way when the state is read")
  @State
  public static class WakeWithoutFence {
    private static final VarHandle OCCUPIED;

    static {
      try {
        OCCUPIED =
            MethodHandles.lookup().findVarHandle(WakeWithoutFence.class, "occupied", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final int[] cells = new int[1];
    private final Word word = Word.of(cells, 0);

    @SuppressWarnings("unused") // by its handle
    private volatile int occupied;

    @Actor
    public void waiter(ZZ_Result r) {
      OCCUPIED.compareAndSet(this, 0, 1);
      r.r1 = word.holds(0);
    }

    @Actor
    public void waker(ZZ_Result r) {
      cells[0] = 1;
      r.r2 = occupied != 0;
    }
  }

  /** A wake-op that stores and wakes by itself. It reads no state: it takes the locks. */
  @JCStressTest
  @JCStressMeta(SeenOrFound.class)
  @State
  public static class WakeOpTarget extends TwoWords {
    private static final WakeOp SET_1_IF_0 =
        new WakeOp(WakeOp.Operation.SET, 1, WakeOp.Comparison.EQ, 0);

    private AsyncWait wait;

    @Actor
    public void waiter() {
      wait = enqueue(word);
    }

    @Actor
    public void waker(LI_Result r) {
      r.r2 = futex.wakeOp(other, 0, word, 1, SET_1_IF_0);
    }

    @Arbiter
    public void look(LI_Result r) {
      r.r1 = told.fateOf(wait);
    }
  }

  /** A plain store, then a requeue that wakes one. */
  @JCStressTest
  @JCStressMeta(SeenOrFound.class)
  @State
  public static class Requeue extends TwoWords {
    private AsyncWait wait;

    @Actor
    public void waiter() {
      wait = enqueue(word);
    }

    @Actor
    public void waker(LI_Result r) {
      cells[0] = 1;
      r.r2 = futex.requeue(word, 1, other, 0);
    }

    @Arbiter
    public void look(LI_Result r) {
      r.r1 = told.fateOf(wait);
    }
  }
}
