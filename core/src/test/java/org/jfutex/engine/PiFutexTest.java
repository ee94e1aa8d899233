package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.engine.PiRig.DIED;
import static org.jfutex.engine.PiRig.NOBODY;
import static org.jfutex.engine.PiRig.STRANGER;
import static org.jfutex.engine.PiRig.WAITERS;
import static org.jfutex.engine.PiRig.assertFree;
import static org.jfutex.engine.PiRig.assertRefused;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Priority-inheritance locks on the engine, section by section of the law. */
class PiFutexTest {
  private static final Deadline REACHED = new Deadline(ClockId.MONOTONIC, 0);

  private final PiRig rig = new PiRig();

  @AfterEach
  void nobodyIsLeft() {
    rig.close();
  }

  /**
   * One row of the decision table.
   *
   * @param waiters whether somebody waits, for task 1, when the word is set
   * @param word its value; the caller is task 3
   * @param verdict BUSY for who waits or gives up, another status, or an error
   * @param after its value then
   */
  record Row(boolean waiters, int word, Object verdict, int after) {}

  /** There is no row of a state without an owner: locks are handed over at once. */
  static List<Row> rows() {
    return List.of(
        new Row(false, 0, LockStatus.LOCKED, 3),
        new Row(false, WAITERS, LockStatus.LOCKED, 3),
        new Row(false, DIED, LockStatus.OWNER_DIED, 3 | DIED),
        new Row(false, WAITERS | DIED, LockStatus.OWNER_DIED, 3 | DIED),
        new Row(false, 1, LockStatus.BUSY, 1 | WAITERS),
        new Row(false, 1 | DIED, LockStatus.BUSY, 1 | WAITERS | DIED),
        new Row(false, 3, Errno.EDEADLK, 3),
        new Row(false, 3 | WAITERS | DIED, Errno.EDEADLK, 3 | WAITERS | DIED),
        new Row(false, NOBODY, Errno.ESRCH, NOBODY | WAITERS),
        new Row(false, STRANGER, Errno.EPERM, STRANGER | WAITERS),
        new Row(true, DIED, LockStatus.BUSY, DIED),
        new Row(true, DIED | WAITERS, LockStatus.BUSY, DIED | WAITERS),
        new Row(true, 1, LockStatus.BUSY, 1),
        new Row(true, 1 | WAITERS, LockStatus.BUSY, 1 | WAITERS),
        new Row(true, 1 | DIED, LockStatus.BUSY, 1 | DIED),
        new Row(true, 0, Errno.EINVAL, 0),
        new Row(true, WAITERS, Errno.EINVAL, WAITERS),
        new Row(true, 2, Errno.EINVAL, 2),
        new Row(true, NOBODY | DIED, Errno.EINVAL, NOBODY | DIED),
        new Row(true, 3 | WAITERS, Errno.EDEADLK, 3 | WAITERS));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void decidesByTheTable(Row row) {
    Job<LockStatus> waiter = row.waiters ? rig.locker(2, 0, 0) : null;
    assertDecided(row, row.verdict, () -> rig.tryLock(3, 0));
    assertDecided(
        row,
        row.verdict == LockStatus.BUSY ? LockStatus.TIMED_OUT : row.verdict,
        () -> rig.engine.lockPi(rig.word(0), rig.task(3), rig, REACHED, 0));
    rig.set(0, 1 | WAITERS);
    rig.unlock(1, 0);
    if (waiter != null) {
      assertThat(waiter.join()).isEqualTo(LockStatus.LOCKED);
    }
  }

  private void assertDecided(
      Row row, Object verdict, java.util.concurrent.Callable<LockStatus> call) {
    rig.set(0, row.word);
    Object found;
    try {
      found = call.call();
    } catch (FutexException e) {
      found = e.errno();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    assertThat(found).isEqualTo(verdict);
    assertThat(rig.get(0)).as("0x%x", rig.get(0)).isEqualTo(row.after);
  }

  @Test
  void anUncontendedLockIsTakenAndFreed() {
    assertThat(rig.tryLock(2, 1)).isEqualTo(LockStatus.LOCKED);
    assertThat(rig.get(1)).isEqualTo(2);
    rig.unlock(2, 1);
    rig.set(1, 2 | WAITERS | DIED);
    rig.unlock(2, 1);
    assertThat(rig.get(1)).isZero();
  }

  @Test
  void theLockIsHandedOverBeforeTheNextOwnerRuns() {
    Job<LockStatus> second = rig.locker(2, 0, 0);
    Job<LockStatus> third = rig.locker(3, 0, 0);
    assertThat(rig.get(0)).isEqualTo(1 | WAITERS);
    rig.assertHandedOn(0, 1, second, 2);
    assertThat(rig.tryLock(4, 0)).as("nobody steals").isEqualTo(LockStatus.BUSY);
    rig.assertHandedOn(0, 2, third, 3);
    rig.unlock(3, 0);
    assertThat(rig.get(0)).isZero();
  }

  @Test
  void waitersComeByRankThenInOrder() {
    int[] ranks = {0, 5, 0, 20, -1, 5};
    List<Job<LockStatus>> jobs = new ArrayList<>();
    for (int i = 0; i < ranks.length; i++) {
      jobs.add(rig.locker(i + 2, 0, ranks[i]));
    }
    assertThat(rig.owner.effectiveRank()).isEqualTo(20);
    int owner = 1;
    for (int next : new int[] {5, 3, 7, 2, 4, 6}) {
      rig.assertHandedOn(0, owner, jobs.get(next - 2), next);
      owner = next;
    }
    assertThat(rig.task(6).effectiveRank()).isEqualTo(-1);
    rig.unlock(6, 0);
  }

  @Test
  void aWaiterThatIsLentARankMovesUp() {
    rig.own(1, 2);
    Job<LockStatus> lent = rig.locker(2, 0, 0);
    Job<LockStatus> other = rig.locker(3, 0, 1);
    Job<LockStatus> lender = rig.locker(4, 1, 9);
    assertThat(rig.owner.effectiveRank()).as("along the chain").isEqualTo(9);
    assertThat(rig.engine.waiters())
        .filteredOn(waiter -> waiter.owner() == rig.owner)
        .extracting(SleepingWaiter::name)
        .containsExactly(lent.thread().getName(), other.thread().getName());
    rig.assertHandedOn(0, 1, lent, 2);
    assertFree(rig.owner);
    assertThat(rig.task(2).effectiveRank()).isEqualTo(9);
    rig.assertHandedOn(1, 2, lender, 4);
    assertThat(rig.task(2).effectiveRank()).isEqualTo(1);
    rig.assertHandedOn(0, 2, other, 3);
    rig.unlock(3, 0);
    rig.unlock(4, 1);
  }

  @Test
  void theSecondOfTwoWhoWantWhatTheOtherHasIsRefusedAndTheFirstSleepsOn() {
    rig.own(1, 2);
    Job<LockStatus> first = rig.locker(1, 1, 0);
    assertRefused(
        Errno.EDEADLK, () -> rig.engine.lockPi(rig.word(0), rig.task(2), rig, Deadline.NEVER, 7));
    assertThat(rig.get(0)).as("the bit stays").isEqualTo(1 | WAITERS);
    assertThat(rig.task(1).effectiveRank()).isZero();
    assertThat(first.isDone()).isFalse();
    rig.assertHandedOn(1, 2, first, 1);
    rig.unlock(1, 1);
    rig.unlock(1, 0);
  }

  @ParameterizedTest
  @EnumSource
  void aTimeoutLeavesNoTrace(ClockId clock) {
    Job<LockStatus> leaver = rig.locker(2, rig.word(0), 8, rig.far(clock));
    Job<LockStatus> stayer = rig.locker(3, 0, 0);
    assertThat(rig.owner.effectiveRank()).isEqualTo(8);
    rig.timeOut(leaver);
    assertThat(leaver.join()).isEqualTo(LockStatus.TIMED_OUT);
    assertFree(rig.task(2));
    assertThat(rig.owner.effectiveRank()).isZero();
    rig.assertHandedOn(0, 1, stayer, 3);
    rig.unlock(3, 0);
  }

  @Test
  void theLastWaiterThatLeavesTakesTheStateAlong() {
    Job<LockStatus> leaver = rig.locker(2, rig.word(0), 8, rig.far(ClockId.MONOTONIC));
    rig.timeOut(leaver);
    assertThat(leaver.join()).isEqualTo(LockStatus.TIMED_OUT);
    assertFree(rig.owner);
    assertThat(rig.get(0)).as("the bit stays").isEqualTo(1 | WAITERS);
    rig.unlock(1, 0);
    assertThat(rig.get(0)).isZero();
  }

  @Test
  void anInterruptEndsTheWaitAndStaysSet() {
    Job<Boolean> leaver =
        rig.crew.start(
            () -> {
              LockStatus status =
                  rig.engine.lockPi(rig.word(0), rig.task(2), rig, Deadline.NEVER, 3);
              assertThat(status).isEqualTo(LockStatus.INTERRUPTED);
              return Thread.currentThread().isInterrupted();
            });
    org.jfutex.testing.Crew.until("queued", () -> rig.probe.queued(rig.word(0)) == 1);
    leaver.thread().interrupt();
    assertThat(leaver.join()).isTrue();
    assertFree(rig.owner);
  }

  @Test
  void anInterruptedThreadTakesAFreeLockAndDoesNotWaitForAnother() {
    Thread.currentThread().interrupt();
    try {
      assertThat(rig.engine.lockPi(rig.word(1), rig.task(2), rig, Deadline.NEVER, 0))
          .isEqualTo(LockStatus.LOCKED);
      assertThat(rig.engine.lockPi(rig.word(0), rig.task(2), rig, Deadline.NEVER, 0))
          .isEqualTo(LockStatus.INTERRUPTED);
      assertThat(rig.engine.lockPi(rig.word(0), rig.task(2), rig, REACHED, 0))
          .as("the time first")
          .isEqualTo(LockStatus.TIMED_OUT);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  /** A lock that has been given is kept, whatever the clock says or does by then. */
  @Test
  void aLockThatIsGivenAtTheDeadlineIsKept() {
    for (@Nullable RuntimeException failure :
        new RuntimeException[] {null, new IllegalStateException("no time")}) {
      int[] cells = {1};
      Word word = Word.of(cells, 0);
      JvmFutex[] engine = new JvmFutex[1];
      engine[0] =
          new JvmFutex(
              1,
              clock -> {
                if (clock == ClockId.REALTIME) { // that of the deadline, looked at while queued
                  if (cells[0] == (1 | WAITERS)) {
                    engine[0].unlockPi(word, rig.owner);
                  }
                  if (failure != null) {
                    throw failure;
                  }
                  return Long.MAX_VALUE;
                }
                return Ticker.system().nanos(clock);
              });
      Deadline deadline = new Deadline(ClockId.REALTIME, 5);
      assertThat(engine[0].lockPi(word, rig.task(2), rig, deadline, 0))
          .isEqualTo(LockStatus.LOCKED);
      assertThat(cells[0]).isEqualTo(2 | WAITERS);
      new EngineProbe(engine[0]).assertAtRest();
    }
  }

  @Test
  void whoDoesNotOwnCannotUnlock() {
    assertRefused(Errno.EPERM, () -> rig.unlock(2, 0));
    assertRefused(Errno.EPERM, () -> rig.unlock(2, 1));
    Job<LockStatus> waiter = rig.locker(2, 0, 0);
    assertRefused(Errno.EPERM, () -> rig.unlock(2, 0));
    rig.set(0, 3 | WAITERS);
    assertRefused(Errno.EINVAL, () -> rig.unlock(3, 0)); // named, but not whom they wait for
    rig.set(0, 1 | WAITERS);
    rig.assertHandedOn(0, 1, waiter, 2);
    rig.unlock(2, 0);
  }

  /** wake_futex_pi: read again only if the word held nothing but the id. */
  @Test
  void aWordThatChangesUnderAnUnlock() {
    rig.own(1, 2);
    Word changing = changing(1, 1, 2 | WAITERS);
    assertRefused(Errno.EAGAIN, () -> rig.engine.unlockPi(changing, rig.task(2)));
    Job<LockStatus> waiter = rig.locker(2, 0, 0);
    rig.set(0, 1 | DIED);
    Word flag = changing(1, 0, 1 | WAITERS);
    assertRefused(Errno.EINVAL, () -> rig.engine.unlockPi(flag, rig.owner));
    rig.set(0, 1);
    Word foreign = changing(1, 0, 3);
    assertRefused(Errno.EINVAL, () -> rig.engine.unlockPi(foreign, rig.owner));
    rig.set(0, 1);
    rig.engine.unlockPi(changing(1, 0, 1 | WAITERS), rig.owner);
    assertThat(waiter.join()).isEqualTo(LockStatus.LOCKED);
    rig.unlock(2, 0);
  }

  /** The lookup fails, but the word has changed meanwhile: the locker looks again. */
  @Test
  void aWordThatChangesUnderALookupIsReadAgain() {
    rig.set(1, NOBODY);
    assertThat(rig.engine.tryLockPi(changing(2, 1, 0), rig.task(2), rig))
        .isEqualTo(LockStatus.LOCKED);
    rig.set(1, NOBODY);
    assertThat(rig.engine.tryLockPi(changing(2, 1, DIED), rig.task(2), rig))
        .isEqualTo(LockStatus.OWNER_DIED);
    rig.set(1, NOBODY);
    assertRefused(Errno.EDEADLK, () -> rig.engine.tryLockPi(changing(2, 1, 2), rig.task(2), rig));
  }

  /** A word that gets another value before one of its accesses. */
  private Word changing(int access, int index, int value) {
    return new FaultyWord(rig.word(index), new Faults(access, () -> rig.set(index, value)));
  }

  @Test
  void plainWakesAreRefusedAtAWaiterForALockAndHaveWokenThoseBeforeIt() {
    Job<LockStatus> locker = rig.locker(2, 0, 0);
    WakeOp or = new WakeOp(WakeOp.Operation.OR, DIED, WakeOp.Comparison.NE, 0);
    for (Runnable waker :
        List.<Runnable>of(
            () -> rig.engine.wake(rig.word(0), 5),
            () -> rig.engine.requeue(rig.word(0), 5, rig.word(2), 5),
            () -> rig.engine.compareRequeue(rig.word(0), rig.get(0), 1, rig.word(2), 5),
            () -> rig.engine.wakeOp(rig.word(0), 5, rig.word(2), 5, or),
            () -> rig.engine.wakeOp(rig.word(2), 5, rig.word(0), 5, or))) {
      Job<WaitStatus> before = rig.plain(0, 1);
      Job<WaitStatus> after = rig.plain(0, -1);
      assertRefused(Errno.EINVAL, waker::run);
      assertThat(before.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(after.isDone()).isFalse();
      assertThat(rig.probe.queued(rig.word(0))).isEqualTo(2);
      after.thread().interrupt();
      assertThat(after.join()).isEqualTo(WaitStatus.INTERRUPTED);
    }
    assertThat(rig.get(2)).as("a wake-op changes its word first").isEqualTo(DIED);
    assertThat(rig.engine.requeue(rig.word(0), 0, rig.word(2), 0)).as("none reached").isZero();
    rig.set(0, 1 | WAITERS);
    rig.assertHandedOn(0, 1, locker, 2);
    rig.unlock(2, 0);
  }

  @Test
  void lockCallsAreRefusedWhereAPlainWaiterStandsFirst() {
    Job<WaitStatus> plain = rig.plain(0, 1);
    assertRefused(Errno.EINVAL, () -> rig.tryLock(2, 0));
    assertRefused(
        Errno.EINVAL, () -> rig.engine.lockPi(rig.word(0), rig.task(2), rig, Deadline.NEVER, 0));
    assertRefused(Errno.EINVAL, () -> rig.unlock(1, 0));
    assertRefused(Errno.EDEADLK, () -> rig.tryLock(1, 0));
    assertThat(rig.get(0)).isEqualTo(1);
    assertThat(rig.engine.wake(rig.word(0), 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    rig.unlock(1, 0);
  }

  @Test
  void aPlainWaiterBehindIsInNobodysWay() {
    Job<LockStatus> locker = rig.locker(2, 0, 0);
    Job<WaitStatus> plain = rig.plain(0, 0);
    assertThat(rig.tryLock(3, 0)).isEqualTo(LockStatus.BUSY);
    rig.assertHandedOn(0, 1, locker, 2);
    assertRefused(Errno.EINVAL, () -> rig.unlock(2, 0));
    assertThat(rig.engine.wake(rig.word(0), 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    rig.unlock(2, 0);
  }

  @Test
  void onlyWordsOf32BitsAreLocks() {
    Word wide = Word.of(new long[1], 0);
    assertRefused(Errno.EINVAL, () -> rig.engine.tryLockPi(wide, rig.owner, rig));
    assertRefused(Errno.EINVAL, () -> rig.engine.lockPi(wide, rig.owner, rig, Deadline.NEVER, 0));
    assertRefused(Errno.EINVAL, () -> rig.engine.unlockPi(wide, rig.owner));
    assertThatThrownBy(() -> new Task(0, "none", 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Task(1 << 30, "none", 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
