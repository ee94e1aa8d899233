package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * (A) of {@link Requeue} against (B) of {@link Bucket}: whoever stores to the word that a
 * compare-requeue compares, and then wakes on the word it moves to, is either seen by the
 * comparison or finds who was moved.
 */
public final class LostRequeue {
  private static final int CHANGED = -1;

  private LostRequeue() {}

  /** How many were moved, -1 if the word had changed, and how many were woken. */
  @Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "the comparison saw the store")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the wake found who was moved")
  @Outcome(expect = FORBIDDEN, desc = "compared and moved, but not in one step")
  public static class SeenOrFound {}

  /** The shipped compare-requeue. */
  @JCStressTest
  @JCStressMeta(SeenOrFound.class)
  @State
  public static class CompareRequeue extends TwoWords {
    public CompareRequeue() {
      enqueue(word);
    }

    @Actor
    public void mover(II_Result r) {
      r.r1 = futex.compareRequeue(word, 0, 0, other, 1).orElse(CHANGED);
    }

    @Actor
    public void waker(II_Result r) {
      cells[0] = 1;
      r.r2 = futex.wake(other, 1);
    }
  }

  /** The same steps without entering the target before the comparison, only when moving. */
  @JCStressTest
  @Outcome(
      id = {"false, false", "false, true", "true, true"},
      expect = ACCEPTABLE,
      desc = "the comparison saw the store, or the wake would have looked for who was moved")
  @Outcome(
      id = "true, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the wake comes between the comparison and the move")
  @State
  public static class EnteredLate {
    private final Bucket to = new Bucket(0);
    private final int[] cells = new int[1];
    private final Word word = Word.of(cells, 0);

    @Actor
    public void mover(ZZ_Result r) {
      if (word.holds(0)) {
        to.enter();
        r.r1 = true;
      }
    }

    @Actor
    public void waker(ZZ_Result r) {
      cells[0] = 1;
      r.r2 = to.hasWaiters();
    }
  }
}
