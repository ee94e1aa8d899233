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
 * (G) of {@code Sleeper} and (I) of {@code RingWaits}: who clears its word before it looks for
 * requests either sees a request or has its word set again afterwards. The kernel's comparison of
 * the word comes after the look; what the word holds in the end is what a sleeper is woken by.
 */
public final class CancelWord {
  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(Cell.class, "word", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private CancelWord() {}

  /** One word, set by an earlier cancel; where it lives makes no difference to the order. */
  static class Cell {
    int word = 1;
  }

  /** The shipped accesses. */
  @JCStressTest
  @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "the request is seen")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "the word keeps the thread from sleeping")
  @Outcome(expect = FORBIDDEN, desc = "the thread sleeps on although it was asked to leave")
  @State
  public static class Volatile extends Cell {
    private volatile boolean request;

    @Actor
    public void sleeper(ZI_Result r) {
      if ((int) WORD.getVolatile(this) != 0) {
        WORD.setVolatile(this, 0);
      }
      r.r1 = request;
    }

    @Actor
    public void canceller() {
      request = true;
      WORD.setVolatile(this, 1);
    }

    @Arbiter
    public void look(ZI_Result r) {
      r.r2 = (int) WORD.getVolatile(this);
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
    public void sleeper(ZI_Result r) {
      if ((int) WORD.getVolatile(this) != 0) {
        WORD.setOpaque(this, 0);
      }
      r.r1 = request;
    }

    @Actor
    public void canceller() {
      request = true;
      WORD.setVolatile(this, 1);
    }

    @Arbiter
    public void look(ZI_Result r) {
      r.r2 = (int) WORD.getVolatile(this);
    }
  }
}
