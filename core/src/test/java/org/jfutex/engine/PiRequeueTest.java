package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.engine.PiRig.DIED;
import static org.jfutex.engine.PiRig.NOBODY;
import static org.jfutex.engine.PiRig.WAITERS;
import static org.jfutex.engine.PiRig.assertFree;
import static org.jfutex.engine.PiRig.assertRefused;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Errno;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting to be moved to a lock, and the move, on the engine. Word 1 is waited on, 0 the lock. */
class PiRequeueTest {
  private final PiRig rig = new PiRig();

  @AfterEach
  void nobodyIsLeft() {
    rig.close();
  }

  private List<Job<LockStatus>> movers(int count) {
    List<Job<LockStatus>> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      jobs.add(rig.mover(2 + i, 1, 0, Deadline.NEVER));
    }
    return jobs;
  }

  /** From one owner to the next, in order, until the lock is free. */
  private void unlockAll(int owner, List<Job<LockStatus>> jobs, int next) {
    int from = owner;
    for (int i = 0; i < jobs.size(); i++) {
      rig.assertHandedOn(0, from, jobs.get(i), next + i);
      from = next + i;
    }
    rig.unlock(from, 0);
    assertThat(rig.get(0)).isZero();
  }

  @Test
  void aFreeLockGoesToTheFirstAndTheOthersWaitForIt() {
    rig.set(0, 0);
    List<Job<LockStatus>> jobs = movers(3);
    assertThat(rig.move(1, 0, Integer.MAX_VALUE)).isEqualTo(3);
    assertThat(rig.get(0)).isEqualTo(2 | WAITERS);
    assertThat(jobs.getFirst().join()).isEqualTo(LockStatus.LOCKED);
    unlockAll(2, jobs.subList(1, 3), 3);
  }

  @Test
  void aFreeLockIsMarkedOnlyIfOthersMayMove() {
    rig.set(0, DIED | WAITERS);
    List<Job<LockStatus>> jobs = movers(2);
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    assertThat(rig.get(0)).isEqualTo(2 | DIED);
    assertThat(jobs.getFirst().join()).isEqualTo(LockStatus.OWNER_DIED);
    assertThat(rig.probe.queued(rig.word(1))).isEqualTo(1);
    rig.unlock(2, 0);
    assertThat(rig.move(1, 0, 1)).isEqualTo(1);
    assertThat(rig.get(0)).as("marked, though nobody followed").isEqualTo(3 | WAITERS);
    assertThat(jobs.get(1).join()).isEqualTo(LockStatus.LOCKED);
    rig.unlock(3, 0);
  }

  @Test
  void oneIsMovedToALockThatIsHeldWhateverTheCount() {
    List<Job<LockStatus>> jobs = movers(3);
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    assertThat(rig.get(0)).isEqualTo(1 | WAITERS);
    assertThat(rig.probe.queued(rig.word(0))).isEqualTo(1);
    assertThat(rig.move(1, 0, 1)).isEqualTo(2);
    unlockAll(1, jobs, 2);
  }

  @Test
  void theMovedLendTheirRanksAndStandByThem() {
    rig.task(3);
    rig.engine.tryLockPi(rig.word(2), rig.task(3), rig);
    List<Job<LockStatus>> jobs = movers(2);
    Job<LockStatus> lender = rig.locker(5, 2, 6); // lends 6 to task 3, which waits second
    assertThat(rig.move(1, 0, 5)).isEqualTo(2);
    assertThat(rig.owner.effectiveRank()).isEqualTo(6);
    rig.assertHandedOn(0, 1, jobs.get(1), 3);
    rig.assertHandedOn(0, 3, jobs.get(0), 2);
    rig.assertHandedOn(2, 3, lender, 5);
    rig.unlock(2, 0);
    rig.unlock(5, 2);
  }

  @Test
  void nobodyThereIsNoneAndTheLockIsReadAndLeftAlone() {
    rig.set(0, NOBODY);
    assertThat(rig.move(1, 0, 5)).isZero();
    assertThat(rig.get(0)).isEqualTo(NOBODY);
    Word gone =
        new FaultyWord(
            rig.word(0),
            new Faults(
                0,
                () -> {
                  throw new WordFault("gone");
                }));
    assertRefused(Errno.EFAULT, () -> rig.engine.compareRequeuePi(rig.word(1), 0, gone, 5, rig));
  }

  @Test
  void aChangedWordDoesNothing() {
    rig.set(1, 9);
    assertThat(rig.mover(2, 1, 0, Deadline.NEVER).join()).isEqualTo(LockStatus.CHANGED);
    rig.set(1, 0);
    List<Job<LockStatus>> jobs = movers(1);
    rig.set(1, 9);
    assertThat(rig.engine.compareRequeuePi(rig.word(1), 0, rig.word(0), 5, rig)).isEmpty();
    rig.set(1, 0);
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    unlockAll(1, jobs, 2);
  }

  @Test
  void aWaiterThatOwnsTheLockIsRefused() {
    rig.own(0, 2);
    List<Job<LockStatus>> jobs = movers(1);
    assertRefused(Errno.EDEADLK, () -> rig.move(1, 0, 0));
    assertThat(rig.get(0)).isEqualTo(2);
    rig.unlock(2, 0);
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    assertThat(jobs.getFirst().join()).isEqualTo(LockStatus.LOCKED);
    rig.unlock(2, 0);
  }

  @Test
  void thoseBeforeAWaiterThatWouldWaitForItselfHaveBeenMoved() {
    rig.own(2, 3);
    Job<LockStatus> waitsForThird = rig.locker(1, 2, 0); // so task 3 must not wait for task 1
    List<Job<LockStatus>> jobs = movers(3);
    assertRefused(Errno.EDEADLK, () -> rig.move(1, 0, 5));
    assertThat(rig.probe.queued(rig.word(0))).isEqualTo(1);
    assertThat(rig.probe.queued(rig.word(1))).isEqualTo(2);
    rig.assertHandedOn(2, 3, waitsForThird, 1);
    assertThat(rig.move(1, 0, 5)).isEqualTo(2);
    unlockAll(1, jobs, 2);
    rig.unlock(1, 2);
  }

  @Test
  void aDeadOwnerIsRefused() {
    rig.set(0, NOBODY);
    List<Job<LockStatus>> jobs = movers(1);
    assertRefused(Errno.ESRCH, () -> rig.move(1, 0, 0));
    assertThat(rig.get(0)).isEqualTo(NOBODY | WAITERS);
    rig.set(0, 1);
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    unlockAll(1, jobs, 2);
  }

  @Test
  void aPlainWaiterOnTheLockIsRefused() {
    Job<WaitStatus> plain = rig.plain(0, 0);
    List<Job<LockStatus>> jobs = movers(1);
    assertRefused(Errno.EINVAL, () -> rig.move(1, 0, 5));
    assertThat(rig.engine.wake(rig.word(0), 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(rig.move(1, 0, 5)).isEqualTo(1);
    unlockAll(1, jobs, 2);
  }

  @Test
  void aPlainWaiterBehindIsMetAfterTheOthersHaveBeenServed() {
    List<Job<LockStatus>> jobs = movers(2);
    Job<WaitStatus> plain = rig.plain(1, 0);
    assertRefused(Errno.EINVAL, () -> rig.move(1, 0, 5));
    assertThat(rig.probe.queued(rig.word(0))).isEqualTo(2);
    assertRefused(Errno.EINVAL, () -> rig.move(1, 0, 5));
    assertThat(rig.engine.wake(rig.word(1), 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    unlockAll(1, jobs, 2);
  }

  @Test
  void aWaiterForAnotherLockIsRefused() {
    Job<LockStatus> other = rig.mover(9, 1, 3, Deadline.NEVER);
    assertRefused(Errno.EINVAL, () -> rig.move(1, 0, 5));
    assertThat(rig.move(1, 3, 5)).isEqualTo(1);
    assertThat(other.join()).isEqualTo(LockStatus.LOCKED);
    rig.unlock(9, 3);
  }

  @Test
  void fromAWordToItselfIsRefused() {
    assertRefused(Errno.EINVAL, () -> rig.move(1, 1, 5));
    assertRefused(
        Errno.EINVAL,
        () ->
            rig.engine.awaitRequeuePi(rig.word(1), 0, rig.word(1), rig.task(2), Deadline.NEVER, 0));
    assertThat(
            rig.engine.awaitRequeuePi(rig.word(0), 0, rig.word(0), rig.task(2), Deadline.NEVER, 0))
        .as("the value first, as in the kernel where the addresses differ")
        .isEqualTo(LockStatus.CHANGED);
  }

  @Test
  void plainWakesAreRefusedByWhoWaitsToBeMoved() {
    List<Job<LockStatus>> jobs = movers(1);
    WakeOp add = new WakeOp(WakeOp.Operation.ADD, 1, WakeOp.Comparison.EQ, 0);
    assertRefused(Errno.EINVAL, () -> rig.engine.wake(rig.word(1), 1));
    assertRefused(Errno.EINVAL, () -> rig.engine.wake(rig.word(1), 1, 4));
    assertRefused(Errno.EINVAL, () -> rig.engine.requeue(rig.word(1), 0, rig.word(2), 1));
    assertRefused(Errno.EINVAL, () -> rig.engine.wakeOp(rig.word(1), 1, rig.word(2), 0, add));
    assertThat(rig.get(2)).isEqualTo(1);
    assertRefused(Errno.EINVAL, () -> rig.tryLock(3, 1)); // a lock that others wait on otherwise
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    unlockAll(1, jobs, 2);
  }

  @ParameterizedTest
  @EnumSource
  void aTimeoutLeavesNoTraceBeforeTheMoveAndAfterIt(ClockId clock) {
    Job<LockStatus> before = rig.mover(2, 1, 0, rig.far(clock));
    rig.timeOut(before);
    assertThat(before.join()).isEqualTo(LockStatus.TIMED_OUT);
    Job<LockStatus> after = rig.mover(3, 1, 0, rig.far(clock));
    assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    rig.timeOut(after);
    assertThat(after.join()).isEqualTo(LockStatus.TIMED_OUT);
    assertFree(rig.owner);
    rig.probe.assertAtRest();
  }

  /** In the kernel a signal ends the wait with EAGAIN once it has been moved. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anInterruptLeavesNoTraceBeforeTheMoveAndAfterIt(boolean moved) {
    Job<LockStatus> job = rig.mover(2, 1, 0, Deadline.NEVER);
    if (moved) {
      assertThat(rig.move(1, 0, 0)).isEqualTo(1);
    }
    job.thread().interrupt();
    assertThat(job.join()).isEqualTo(moved ? LockStatus.CHANGED : LockStatus.INTERRUPTED);
    assertFree(rig.owner);
    rig.probe.assertAtRest();
  }
}
