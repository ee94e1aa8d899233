package org.jfutex.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.TimeUnit;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.LII_Result;
import org.openjdk.jcstress.infra.results.LI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The races of {@link PiFutex}: two threads do to one lock what they may do at the same time, and
 * afterwards it has one owner, whom the word and the graph name alike, and nobody sleeps for it
 * whom nobody will wake. No actor sleeps: it queues and looks at its waiter, or its deadline has
 * passed.
 */
public final class PiRaces {
  private PiRaces() {}

  /** A lock that task 1 owns, and its parts. */
  public abstract static class OneLock implements TaskFinder {
    static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

    final HashTable table = new HashTable(1);
    final PiFutex futex =
        new PiFutex(
            table, new WaitWake(table, Ticker.system()), new PiChain(null), Ticker.system());
    final Task owner = new Task(1, "owner", 0);
    final Task second = new Task(2, "second", 0);
    final Task third = new Task(3, "third", 0);
    final int[] cells = {1};
    final Word word = Word.of(cells, 0);
    final Key key = word.key();

    @Override
    public Task find(int id) {
      return id == 1 ? owner : id == 2 ? second : third;
    }

    /** What lockPi does before it sleeps: how the lock was taken, or ASLEEP, or the error. */
    String lock(PiWaiter waiter) {
      while (true) {
        try {
          PiFutex.Claim claim = futex.claimOrQueue(key, word, waiter.task, this, waiter);
          if (claim.exiting() != null) {
            claim.exiting().awaitGone();
          } else {
            return claim.taken() == null ? "ASLEEP" : claim.taken().name();
          }
        } catch (FutexException e) {
          return e.errno().name();
        }
      }
    }

    PiWaiter waiterOf(Task task) {
      return futex.newWaiter(task, key, word, null);
    }

    /** With the protocol of user space. */
    void unlock(Task task) {
      if (!word.compareAndSet(task.id(), 0)) {
        futex.unlock(word, task);
      }
    }

    /** What has become of who was asleep. */
    static String fateOf(String locked, PiWaiter waiter) {
      return locked.equals("ASLEEP") && waiter.isWoken() ? "GIVEN" : locked;
    }

    int ownerId() {
      return OwnerWord.owner(cells[0]);
    }

    int left() {
      return table.bucket(0).hasWaiters() ? 1 : 0;
    }
  }

  /** A hand-over against the waiter's deadline: it owns the lock, or it has left no trace. */
  @JCStressTest
  @Outcome(id = "LOCKED, 2, 0", expect = ACCEPTABLE, desc = "given, or free when it came")
  @Outcome(id = "TIMED_OUT, 0, 0", expect = ACCEPTABLE, desc = "left, and nobody owns the lock")
  @Outcome(expect = FORBIDDEN, desc = "an owner that does not know, or two, or none")
  @State
  public static class HandOverAgainstTimeout extends OneLock {
    @Actor
    public void locker(LII_Result r) {
      r.r1 = futex.lock(word, second, this, REACHED).name();
    }

    @Actor
    public void owner() {
      unlock(owner);
    }

    @Arbiter
    public void look(LII_Result r) {
      r.r2 = ownerId();
      r.r3 = left();
    }
  }

  /** The same protocol if each looks at the state and changes it in two steps. */
  @JCStressTest
  @Outcome(
      id = {"1, 2", "0, 0"},
      expect = ACCEPTABLE,
      desc = "given and kept, or left in time")
  @Outcome(
      id = "0, 2",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: both found it queued, and the lock belongs to one who has left")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class HandOverInTwoSteps {
    private volatile int state = Waiter.QUEUED;

    @Actor
    public void locker(II_Result r) {
      if (state == Waiter.QUEUED) {
        state = Waiter.LEFT;
      } else {
        r.r1 = 1;
      }
    }

    @Actor
    public void owner(II_Result r) {
      if (state == Waiter.QUEUED) {
        state = Waiter.WOKEN;
        r.r2 = 2;
      }
    }
  }

  /**
   * (P) of {@link PiFutex}: the owner's compare-and-set to 0 against the locker's, which sets
   * WAITERS. Two read-modify-writes of one variable, so there is nothing to weaken but their being
   * atomic, as {@link SetInTwoSteps} does.
   */
  @JCStressTest
  @Outcome(id = "LOCKED, 2", expect = ACCEPTABLE, desc = "it was free when the locker came")
  @Outcome(id = "GIVEN, 2", expect = ACCEPTABLE, desc = "the owner saw the bit and gave it")
  @Outcome(expect = FORBIDDEN, desc = "it sleeps for ever, or nobody owns the lock")
  @State
  public static class UnlockAgainstWaitersBit extends OneLock {
    private final PiWaiter waiter = waiterOf(second);

    @Actor
    public void locker(LI_Result r) {
      r.r1 = lock(waiter);
    }

    @Actor
    public void owner() {
      unlock(owner);
    }

    @Arbiter
    public void look(LI_Result r) {
      r.r1 = fateOf((String) r.r1, waiter);
      r.r2 = ownerId();
    }
  }

  /** The bit set by a read and a write. */
  @JCStressTest
  @Outcome(
      id = {"false, true", "true, false"},
      expect = ACCEPTABLE,
      desc = "the owner saw the bit, or the locker a free word")
  @Outcome(
      id = "true, true",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: unlocked without a call, and yet somebody sleeps")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class SetInTwoSteps {
    private final int[] cells = {1};
    private final Word word = Word.of(cells, 0);

    @Actor
    public void owner(ZZ_Result r) {
      r.r1 = word.compareAndSet(1, 0);
    }

    @Actor
    public void locker(ZZ_Result r) {
      int value = (int) word.load();
      if (value != 0) {
        cells[0] = value | OwnerWord.WAITERS;
        r.r2 = true;
      }
    }
  }

  /** The end of the owner against a locker: given by the end, or told that nobody owns it. */
  @JCStressTest
  @Outcome(id = "GIVEN, 2", expect = ACCEPTABLE, desc = "queued in time for the end")
  @Outcome(id = "ESRCH, 1", expect = ACCEPTABLE, desc = "came after the end")
  @Outcome(expect = FORBIDDEN, desc = "it sleeps for one who has gone")
  @State
  public static class ExitAgainstLock extends OneLock {
    private final PiWaiter waiter = waiterOf(second);

    @Actor
    public void locker(LI_Result r) {
      r.r1 = lock(waiter);
    }

    @Actor
    public void ending() {
      futex.beginExit(owner);
      futex.endExit(owner);
    }

    @Arbiter
    public void look(LI_Result r) {
      String fate = fateOf((String) r.r1, waiter);
      boolean told = !fate.equals("GIVEN") || waiter.given == LockStatus.OWNER_DIED;
      r.r1 = told ? fate : "NOT TOLD";
      r.r2 = ownerId();
    }
  }

  /** The end looks at what is held, and marks itself gone in a second step. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "the end found the waiter, or the waiter found it gone")
  @Outcome(
      id = "false, false",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: nothing held, not gone yet, and one who sleeps for ever")
  @State
  public static class LookThenMark {
    private volatile boolean held;
    private volatile boolean gone;

    @Actor
    public void ending(ZZ_Result r) {
      r.r1 = held;
      gone = true;
    }

    @Actor
    public void locker(ZZ_Result r) {
      r.r2 = gone;
      held = true;
    }
  }

  /** A waiter of a high rank comes while the owner hands the lock to another. */
  @JCStressTest
  @Outcome(id = "GIVEN, 0, 5", expect = ACCEPTABLE, desc = "the higher one came in time")
  @Outcome(
      id = "ASLEEP, 0, 5",
      expect = ACCEPTABLE,
      desc = "the other owns the lock and is lent the rank")
  @Outcome(expect = FORBIDDEN, desc = "a rank that is kept, or not lent")
  @State
  public static class BoostAgainstRelease extends OneLock {
    private final PiWaiter low = waiterOf(second);
    private final PiWaiter high;

    public BoostAgainstRelease() {
      futex.setRank(third, 5);
      high = waiterOf(third);
      lock(low);
    }

    @Actor
    public void locker(LII_Result r) {
      r.r1 = lock(high);
    }

    @Actor
    public void owner() {
      unlock(owner);
    }

    @Arbiter
    public void look(LII_Result r) {
      r.r1 = fateOf((String) r.r1, high);
      r.r2 = owner.effectiveRank();
      r.r3 = find(ownerId()).effectiveRank();
    }
  }

  /** A rank is computed, then written: what the lock of the graph keeps apart. */
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "nobody waits, nothing is lent")
  @Outcome(
      id = "0, 5",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: nobody waits, and the rank is kept")
  @Outcome(expect = FORBIDDEN, desc = "the copy is wrong")
  @State
  public static class ComputedThenWritten {
    private volatile int waiting = 5;
    private volatile int rank;

    @Actor
    public void booster() {
      int lent = waiting;
      rank = lent;
    }

    @Actor
    public void releaser() {
      waiting = 0;
      rank = 0;
    }

    @Arbiter
    public void look(II_Result r) {
      r.r1 = waiting;
      r.r2 = rank;
    }
  }
}
