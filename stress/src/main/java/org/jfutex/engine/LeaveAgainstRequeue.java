package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IZI_Result;

/**
 * {@link HashTable#leave}: a waiter that leaves while it is moved leaves the bucket that it is in,
 * and nothing stays counted or queued in either.
 */
public final class LeaveAgainstRequeue {
  private LeaveAgainstRequeue() {}

  /** The shipped leaver. */
  @JCStressTest
  @Outcome(id = "0, true, 0", expect = ACCEPTABLE, desc = "left before it could be moved")
  @Outcome(id = "1, true, 0", expect = ACCEPTABLE, desc = "left from where it was moved to")
  @Outcome(expect = FORBIDDEN, desc = "something stays behind")
  @State
  public static class Reread extends TwoWords {
    private final AsyncWait wait = enqueue(word);

    @Actor
    public void mover(IZI_Result r) {
      r.r1 = futex.requeue(word, 0, other, 1);
    }

    @Actor
    public void leaver(IZI_Result r) {
      r.r2 = wait.cancel();
    }

    @Arbiter
    public void look(IZI_Result r) {
      r.r3 = left();
    }
  }

  /** The same protocol with a leaver that trusts the place it read before it had the lock. */
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "nothing stays behind")
  @Outcome(
      id = "-1, 1",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: taken out of the bucket it had been moved from")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class NotReread {
    private final ReentrantLock[] locks = {new ReentrantLock(), new ReentrantLock()};
    private final int[] queued = {1, 0};
    private volatile int place;
    private boolean left; // guarded by both locks

    @Actor
    public void mover() {
      locks[0].lock();
      locks[1].lock();
      if (!left) {
        queued[0]--;
        place = 1;
        queued[1]++;
      }
      locks[1].unlock();
      locks[0].unlock();
    }

    @Actor
    public void leaver() {
      int at = place;
      locks[at].lock();
      queued[at]--;
      left = true;
      locks[at].unlock();
    }

    @Arbiter
    public void look(II_Result r) {
      r.r1 = queued[0];
      r.r2 = queued[1];
    }
  }
}
