package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.time.Deadline;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ILI_Result;
import org.openjdk.jcstress.infra.results.LI_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * The sentences of the memory model in the documentation of {@code org.jfutex} that are about other
 * memory than the word: what one side wrote plainly before, the other reads plainly after.
 */
public final class MemoryModel {
  private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(int[].class);

  private MemoryModel() {}

  /** What was done before a wake happens before the return of the wait that it counted. */
  @JCStressTest
  @Outcome(
      id = {"0, TIMED_OUT, 0", "0, TIMED_OUT, 1"},
      expect = ACCEPTABLE,
      desc = "not woken, nothing promised")
  @Outcome(id = "1, WOKEN, 1", expect = ACCEPTABLE, desc = "woken, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "woken without the data, or counted wrong")
  @State
  public static class WakeBeforeWoken extends OneWord {
    private int data;

    @Actor
    public void waker(ILI_Result r) {
      data = 1;
      r.r1 = futex.wake(word, 1);
    }

    @Actor
    public void waiter(ILI_Result r) {
      r.r2 = futex.await(word, 0, REACHED);
      r.r3 = data;
    }
  }

  /** The same protocol with a state that is written and read in opaque mode. */
  @JCStressTest
  @Outcome(
      id = {"false, 0", "false, 1", "true, 1"},
      expect = ACCEPTABLE,
      desc = "not woken, or with the data")
  @Outcome(
      id = "true, 0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "aarch64: x86 keeps two stores, and two loads, in order")
  @State
  public static class WakeBeforeWokenOpaque {
    private final int[] state = new int[1];
    private int data;

    @Actor
    public void waker() {
      data = 1;
      CELLS.setOpaque(state, 0, Waiter.WOKEN);
    }

    @Actor
    public void waiter(ZI_Result r) {
      r.r1 = (int) CELLS.getOpaque(state, 0) == Waiter.WOKEN;
      r.r2 = data;
    }
  }

  /**
   * What was done before each wake that counted an entry of a vector wait happens before its end.
   */
  @JCStressTest
  @Outcome(
      id = {"1, 1, 1, 1", "1, 0, 1, 0", "1, 0, 1, 1", "0, 1, 0, 1", "0, 1, 1, 1"},
      expect = ACCEPTABLE,
      desc = "sees the data of everyone who was counted")
  @Outcome(expect = FORBIDDEN, desc = "misses the data of one who was counted")
  @State
  public static class WakesBeforeVectorWoken extends TwoWords {
    private int data;
    private int otherData;
    private int seen;
    private int otherSeen;

    public WakesBeforeVectorWoken() {
      futex.enqueue(
          List.of(new WaitEntry(word, 0), new WaitEntry(other, 0)),
          Deadline.NEVER,
          WaitOptions.DEFAULT,
          (status, index) -> {
            seen = data;
            otherSeen = otherData;
            return true;
          });
    }

    @Actor
    public void first(IIII_Result r) {
      data = 1;
      r.r1 = futex.wake(word, 1);
    }

    @Actor
    public void second(IIII_Result r) {
      otherData = 1;
      r.r2 = futex.wake(other, 1);
    }

    @Arbiter
    public void look(IIII_Result r) {
      r.r3 = seen;
      r.r4 = otherSeen;
    }
  }

  /** What was done before a wake happens before whatever sees the future completed by it. */
  @JCStressTest
  @Outcome(
      id = {"false, 0", "false, 1"},
      expect = ACCEPTABLE,
      desc = "not complete, nothing promised")
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "complete, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "complete without the data")
  @State
  public static class WakeBeforeCompletion extends OneWord {
    private final CompletableFuture<WaitStatus> future =
        futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
    private int data;

    @Actor
    public void waker() {
      data = 1;
      futex.wake(word, 1);
    }

    @Actor
    public void observer(ZI_Result r) {
      r.r1 = future.getNow(null) == WaitStatus.WOKEN;
      r.r2 = data;
    }
  }

  /** What was done before a wait happens before the return of the wake that counted it. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "nobody counted, nothing promised")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "counted, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "counted without the data")
  @State
  public static class WaitBeforeWake extends OneWord {
    private int data;

    @Actor
    public void waiter() {
      data = 1;
      enqueue(Deadline.NEVER);
    }

    @Actor
    public void waker(II_Result r) {
      r.r1 = futex.wake(word, 1);
      r.r2 = data;
    }
  }

  /**
   * What was done before a requeue happens before the return of the wake that finds who it moved.
   */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "nobody counted, nothing promised")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "counted, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "counted without the data")
  @State
  public static class RequeueBeforeWake extends TwoWords {
    private int data;

    public RequeueBeforeWake() {
      enqueue(word);
    }

    @Actor
    public void mover() {
      data = 1;
      futex.requeue(word, 0, other, 1);
    }

    @Actor
    public void waker(II_Result r) {
      r.r1 = futex.wake(other, 1);
      r.r2 = data;
    }
  }

  /** What was done before a release store happens before the CHANGED that it causes. */
  @JCStressTest
  @Outcome(
      id = {"TIMED_OUT, 0", "TIMED_OUT, 1"},
      expect = ACCEPTABLE,
      desc = "the comparison came first, nothing promised")
  @Outcome(id = "CHANGED, 1", expect = ACCEPTABLE, desc = "changed, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "changed without the data")
  @State
  public static class StoreBeforeChanged extends OneWord {
    private int data;

    @Actor
    public void writer() {
      data = 1;
      CELLS.setRelease(cells, 0, 1);
    }

    @Actor
    public void waiter(LI_Result r) {
      r.r1 = futex.await(word, 0, REACHED);
      r.r2 = data;
    }
  }

  /** The same with a plain store, which the caller must not use for this. */
  @JCStressTest
  @Outcome(
      id = {"TIMED_OUT, 0", "TIMED_OUT, 1", "CHANGED, 1"},
      expect = ACCEPTABLE,
      desc = "not changed, or with the data")
  @Outcome(
      id = "CHANGED, 0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "aarch64: x86 keeps two stores in order")
  @Outcome(expect = FORBIDDEN, desc = "not an outcome of this wait")
  @State
  public static class PlainStoreBeforeChanged extends OneWord {
    private int data;

    @Actor
    public void writer() {
      data = 1;
      cells[0] = 1;
    }

    @Actor
    public void waiter(LI_Result r) {
      r.r1 = futex.await(word, 0, REACHED);
      r.r2 = data;
    }
  }

  /** What was done before a release store happens before the end of a wait that expected it. */
  @JCStressTest
  @Outcome(
      id = {"CHANGED, 0", "CHANGED, 1"},
      expect = ACCEPTABLE,
      desc = "the comparison came first, nothing promised")
  @Outcome(id = "TIMED_OUT, 1", expect = ACCEPTABLE, desc = "compared equal, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "compared equal without the data")
  @State
  public static class StoreBeforeTimedOut extends OneWord {
    private int data;

    @Actor
    public void writer() {
      data = 1;
      CELLS.setRelease(cells, 0, 1);
    }

    @Actor
    public void waiter(LI_Result r) {
      r.r1 = futex.await(word, 1, REACHED);
      r.r2 = data;
    }
  }

  /** A wake-op is one atomic update of its target, and releases what was done before it. */
  @JCStressTest
  @Outcome(
      id = {"0, 0, 3", "0, 1, 3"},
      expect = ACCEPTABLE,
      desc = "the other update came first, nothing promised")
  @Outcome(id = "1, 1, 3", expect = ACCEPTABLE, desc = "sees the value and the data")
  @Outcome(expect = FORBIDDEN, desc = "sees the value without the data, or an update is lost")
  @State
  public static class WakeOpIsAtomic extends OneWord {
    private static final WakeOp ADD_1 =
        new WakeOp(WakeOp.Operation.ADD, 1, WakeOp.Comparison.EQ, 0);

    private int data;

    @Actor
    public void waker() {
      data = 1;
      futex.wakeOp(word, 0, word, 0, ADD_1);
    }

    @Actor
    public void other(III_Result r) {
      r.r1 = (int) CELLS.getAndAddAcquire(cells, 0, 2);
      r.r2 = data;
    }

    @Arbiter
    public void look(III_Result r) {
      r.r3 = cells[0];
    }
  }
}
