package org.jfutex.word;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/**
 * Word: "All accesses have volatile memory effects". Each side changes its own word and then reads
 * the other's; under a total order of volatile accesses one of them sees the other's change.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "both read old values")
@Outcome(expect = Expect.ACCEPTABLE, desc = "at least one sees the other")
@State
public class WordStoreLoad {
  private final int[] cells = new int[2];
  private final Word first = Word.of(cells, 0);
  private final Word second = Word.of(cells, 1);

  @Actor
  public void one(JJ_Result result) {
    first.compareAndSet(0, 1);
    result.r1 = second.load();
  }

  @Actor
  public void two(JJ_Result result) {
    second.compareAndSet(0, 1);
    result.r2 = first.load();
  }
}
