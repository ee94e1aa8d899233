package org.jfutex.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jfutex.engine.JvmFutex;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * What was done before an event was set, or a latch counted down, is seen after a wait that this
 * ended; and the two sides of a semaphore, which write and then read each other's word.
 */
public final class Publication {
  private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(int[].class);

  /** A wait with this deadline looks, queues, looks again, and leaves. */
  private static final Deadline REACHED = Deadline.afterNanos(0, Ticker.system());

  private Publication() {}

  private interface Wait {
    boolean await() throws InterruptedException;
  }

  private static boolean cameThrough(Wait wait) {
    try {
      return wait.await();
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts an actor", e);
    }
  }

  /** Whether the wait came through, and what it saw. */
  @Outcome(
      id = {"false, 0", "false, 1"},
      expect = ACCEPTABLE,
      desc = "too early, nothing promised")
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "came through, and sees the data")
  @Outcome(expect = FORBIDDEN, desc = "came through without the data")
  public static class WithTheData {}

  /** An event that lets one go. */
  @JCStressTest
  @JCStressMeta(WithTheData.class)
  @State
  public static class SetBeforeAwait {
    private final Event event =
        Event.of(new JvmFutex(1, Ticker.system()), Word.of(new int[1], 0), Event.Reset.AUTO);
    private int data;

    @Actor
    public void setter() {
      data = 1;
      event.set();
    }

    @Actor
    public void waiter(ZI_Result r) {
      r.r1 = cameThrough(() -> event.await(REACHED));
      r.r2 = data;
    }
  }

  /** A latch that both count down: the waiter may open it, or the other. */
  @JCStressTest
  @JCStressMeta(WithTheData.class)
  @State
  public static class CountDownBeforeAwait {
    private final Latch latch =
        Latch.of(new JvmFutex(1, Ticker.system()), Word.of(new int[] {2}, 0));
    private int data;

    @Actor
    public void first() {
      data = 1;
      latch.countDown();
    }

    @Actor
    public void waiter(ZI_Result r) {
      latch.countDown();
      r.r1 = cameThrough(() -> latch.await(REACHED));
      r.r2 = data;
    }
  }

  /** The event's protocol with a word that is written and read in opaque mode. */
  @JCStressTest
  @Outcome(
      id = {"false, 0", "false, 1", "true, 1"},
      expect = ACCEPTABLE,
      desc = "too early, or with the data")
  @Outcome(
      id = "true, 0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "aarch64: x86 keeps two stores, and two loads, in order")
  @State
  public static class SetBeforeAwaitOpaque {
    private final int[] word = new int[1];
    private int data;

    @Actor
    public void setter() {
      data = 1;
      CELLS.setOpaque(word, 0, 1);
    }

    @Actor
    public void waiter(ZI_Result r) {
      r.r1 = (int) CELLS.getOpaque(word, 0) == 1;
      r.r2 = data;
    }
  }

  /** (A) and (B) of {@link Semaphore}: the waiter sees the permit, or the release the waiter. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "true, true", "false, true"},
      expect = ACCEPTABLE,
      desc = "the waiter would have taken the permit, or the release would have woken")
  @Outcome(expect = FORBIDDEN, desc = "asleep beside a permit")
  @State
  public static class CountedInOrSeen {
    private final Cell permits = new Cell(new JvmFutex(1, Ticker.system()), Word.of(new int[1], 0));
    private final Cell waiters = new Cell(permits.futex(), Word.of(new int[1], 0));

    @Actor
    public void waiter(ZZ_Result r) {
      waiters.countIn();
      r.r1 = permits.load() != 0;
    }

    @Actor
    public void releaser(ZZ_Result r) {
      boolean _ = permits.compareAndSet(0, 1);
      r.r2 = waiters.load() != 0;
    }
  }

  /** The same with a plain store of the permit. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "true, true", "false, true"},
      expect = ACCEPTABLE,
      desc = "the waiter would have taken the permit, or the release would have woken")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the permit is still on its way when the count is read")
  @State
  public static class CountedInOrSeenPlain {
    private final int[] cells = new int[1];
    private final Cell permits = new Cell(new JvmFutex(1, Ticker.system()), Word.of(cells, 0));
    private final Cell waiters = new Cell(permits.futex(), Word.of(new int[1], 0));

    @Actor
    public void waiter(ZZ_Result r) {
      waiters.countIn();
      r.r1 = permits.load() != 0;
    }

    @Actor
    public void releaser(ZZ_Result r) {
      cells[0] = 1;
      r.r2 = waiters.load() != 0;
    }
  }
}
