package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.OwnerWord.WAITERS;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jfutex.Capabilities.PiThreads;
import org.jfutex.Errno;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Waiting to be moved to a lock: a condition of priority-inheritance locks. */
public abstract class PiRequeueContract extends FutexContract {
  private static final int NOBODY = OwnerWord.OWNER_MASK - 1;
  private static final int THREADS = 3;
  private static final int TURNS = 2_000;

  protected PiRequeueContract(Supplier<Backend> backends) {
    super(backends);
  }

  /** The words that can be locks, and the threads that can own them. */
  Stream<Arguments> locks() {
    Stream<ThreadKind> threads =
        futex.capabilities().pi() == PiThreads.ALL
            ? Stream.of(ThreadKind.values())
            : Stream.of(ThreadKind.PLATFORM);
    List<ThreadKind> owners = threads.toList();
    return words()
        .filter(kind -> kind.bits() == Integer.SIZE)
        .flatMap(word -> owners.stream().map(thread -> Arguments.of(word, thread)));
  }

  /** A thread that waits on a word that is 0, and unlocks if it was given the lock. */
  private Job<LockStatus> mover(ThreadKind kind, Word word, Word lock, Deadline deadline) {
    Job<LockStatus> job =
        crew.start(
            kind,
            () -> {
              LockStatus status = futex.awaitRequeuePi(word, 0, lock, deadline, 0);
              if (status.isLocked()) {
                assertThat(OwnerWord.owner(lock.load())).isEqualTo(futex.ownerId());
                futex.unlockPi(lock);
              }
              return status;
            });
    Crew.until(
        job.thread().getName() + " sleeps on " + word,
        () -> job.isDone() || backend.isAsleep(word, job.thread()));
    return job;
  }

  private List<Job<LockStatus>> movers(ThreadKind kind, Word word, Word lock, int count) {
    return Stream.generate(() -> mover(kind, word, lock, far())).limit(count).toList();
  }

  private static void assertLocked(List<Job<LockStatus>> jobs) {
    assertThat(jobs).allSatisfy(job -> assertThat(job.join()).isEqualTo(LockStatus.LOCKED));
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aFreeLockGoesToTheFirstAndThenFromOneToTheNext(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 3);
    assertThat(futex.compareRequeuePi(word, 0, lock, Integer.MAX_VALUE)).hasValue(3);
    assertLocked(jobs);
    assertThat(lock.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aHeldLockGetsThemAllBehindItsOwner(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    int id = futex.ownerId();
    assertThat(futex.lockPi(lock)).isEqualTo(LockStatus.LOCKED);
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 3);
    assertThat(futex.compareRequeuePi(word, 0, lock, 0)).as("one in any case").hasValue(1);
    assertThat((int) lock.load()).isEqualTo(id | WAITERS);
    assertThat(futex.compareRequeuePi(word, 0, lock, 5)).hasValue(2);
    assertThat(jobs).noneMatch(Job::isDone);
    futex.unlockPi(lock);
    assertLocked(jobs);
    assertThat(lock.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aLockIsMarkedIfOthersMayFollow(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    for (int move : new int[] {0, 1}) {
      CountDownLatch mayUnlock = new CountDownLatch(1);
      Job<Long> owner =
          crew.start(
              thread,
              () -> {
                assertThat(futex.awaitRequeuePi(word, 0, lock, far(), 0).isLocked()).isTrue();
                mayUnlock.await();
                long held = lock.load();
                futex.unlockPi(lock);
                return held ^ futex.ownerId();
              });
      Crew.until("it sleeps", () -> backend.isAsleep(word, owner.thread()));
      assertThat(futex.compareRequeuePi(word, 0, lock, move)).hasValue(1);
      mayUnlock.countDown();
      assertThat((int) (long) owner.join()).isEqualTo(move == 0 ? 0 : WAITERS);
    }
  }

  @ParameterizedTest
  @MethodSource("locks")
  void wordsThatHaveChangedAreReported(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh(7);
    Word lock = kind.fresh();
    assertThat(mover(thread, word, lock, far()).join()).isEqualTo(LockStatus.CHANGED);
    assertThat(futex.compareRequeuePi(word, 8, lock, 1)).isEmpty();
    assertThat(futex.compareRequeuePi(word, 7, lock, 1)).as("nobody waits").hasValue(0);
    assertThat(lock.load()).isZero();
    crew.start(
            thread,
            () -> {
              assertRefused(Errno.EINVAL, () -> futex.awaitRequeuePi(word, 8, word, far(), 0));
              assertRefused(Errno.EINVAL, () -> futex.awaitRequeuePi(word, 7, word, far(), 0));
              return null;
            })
        .join();
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word, 8, word, 1));
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word, 7, word, 1));
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aWaiterThatOwnsTheLockIsRefused(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    Job<LockStatus> owner =
        crew.start(
            thread,
            () -> {
              assertThat(futex.lockPi(lock)).isEqualTo(LockStatus.LOCKED);
              return futex.awaitRequeuePi(word, 0, lock, soon(ClockId.MONOTONIC), 0);
            });
    Crew.until("it sleeps", () -> owner.isDone() || backend.isAsleep(word, owner.thread()));
    if (!owner.isDone()) {
      int held = (int) lock.load();
      try {
        assertThat(futex.compareRequeuePi(word, 0, lock, 1)).as("it had gone").hasValue(0);
      } catch (org.jfutex.FutexException e) {
        assertThat(e.errno()).isEqualTo(Errno.EDEADLK);
      }
      assertThat((int) lock.load()).isEqualTo(held);
    }
    assertThat(owner.join()).isEqualTo(LockStatus.TIMED_OUT);
  }

  @ParameterizedTest
  @MethodSource("locks")
  void anOwnerThatDoesNotExistIsRefused(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh(NOBODY);
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 1);
    assertRefused(Errno.ESRCH, () -> futex.compareRequeuePi(word, 0, lock, 1));
    assertThat((int) lock.load()).isEqualTo(NOBODY | WAITERS);
    WordKind.store(lock, 0);
    assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(1);
    assertLocked(jobs);
  }

  @ParameterizedTest
  @MethodSource("locks")
  void plainWaitersAreRefused(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    Job<WaitStatus> onLock = waiter(lock);
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 1);
    Job<WaitStatus> behind = waiter(thread, word);
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word, 0, lock, 5));
    assertThat(futex.wake(lock, 1)).isEqualTo(1);
    assertThat(onLock.join()).isEqualTo(WaitStatus.WOKEN);
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word, 0, lock, 5));
    assertLocked(jobs); // it had been served before the plain one was met
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(behind.join()).isEqualTo(WaitStatus.WOKEN);
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aWaiterForAnotherLockIsRefused(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    Word other = kind.fresh();
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 1);
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word, 0, other, 1));
    assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(1);
    assertLocked(jobs);
  }

  @ParameterizedTest
  @MethodSource("locks")
  void plainWakesAreRefused(WordKind kind, ThreadKind thread) {
    Word word = kind.fresh();
    Word lock = kind.fresh();
    Word other = kind.fresh();
    List<Job<LockStatus>> jobs = movers(thread, word, lock, 1);
    WakeOp add = new WakeOp(WakeOp.Operation.ADD, 1, WakeOp.Comparison.EQ, 0);
    assertRefused(Errno.EINVAL, () -> futex.wake(word, 1));
    assertRefused(Errno.EINVAL, () -> futex.requeue(word, 0, other, 1));
    assertRefused(Errno.EINVAL, () -> futex.compareRequeue(word, 0, 0, other, 1));
    assertRefused(Errno.EINVAL, () -> futex.wakeOp(word, 1, other, 0, add));
    assertThat(other.load()).isEqualTo(1);
    assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(1);
    assertLocked(jobs);
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineEndsTheWaitBeforeTheMoveAndAfterIt(ClockId clock) {
    Word word = word();
    Word lock = word();
    assertThat(futex.lockPi(lock)).isEqualTo(LockStatus.LOCKED);
    assertThat(mover(ThreadKind.PLATFORM, word, lock, soon(clock)).join())
        .isEqualTo(LockStatus.TIMED_OUT);
    assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(0);
    Job<LockStatus> moved;
    do { // again if this machine is so slow that it times out before it can be moved
      moved = mover(ThreadKind.PLATFORM, word, lock, soon(clock));
    } while (futex.compareRequeuePi(word, 0, lock, 1).getAsInt() == 0);
    assertThat(moved.join()).isEqualTo(LockStatus.TIMED_OUT);
    futex.unlockPi(lock);
    assertThat(lock.load()).isZero();
  }

  /** A condition: threads take turns by a word that tells whose turn it is. */
  @ParameterizedTest
  @MethodSource("locks")
  void aConditionHandsTheLockFromTurnToTurn(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    Word sequence = kind.fresh();
    AtomicInteger turn = new AtomicInteger(); // changed with the lock held
    List<Job<Integer>> jobs = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int me = i;
      jobs.add(crew.start(thread, () -> takeTurns(lock, sequence, turn, me)));
    }
    assertThat(jobs.stream().mapToInt(Job::join).sum()).isEqualTo(THREADS * TURNS);
    assertThat(turn).hasValue(THREADS * TURNS);
    assertThat(lock.load()).isZero();
  }

  private int takeTurns(Word lock, Word sequence, AtomicInteger turn, int me) {
    int turns = 0;
    int id = futex.ownerId();
    lock(lock, id);
    while (turns < TURNS) {
      while (turn.get() % THREADS != me) {
        long seen = sequence.load();
        unlock(lock, id);
        LockStatus status = futex.awaitRequeuePi(sequence, seen, lock, far(), 0);
        if (status == LockStatus.CHANGED) {
          lock(lock, id);
        } else {
          assertThat(status).isEqualTo(LockStatus.LOCKED);
        }
      }
      assertThat(OwnerWord.owner(lock.load())).isEqualTo(id);
      turn.incrementAndGet();
      turns++;
      broadcast(lock, sequence);
    }
    unlock(lock, id);
    return turns;
  }

  /** To all, as the turn is one's who may stand anywhere in the queue. */
  private void broadcast(Word lock, Word sequence) {
    long next = sequence.load() + 1;
    WordKind.store(sequence, next);
    while (futex.compareRequeuePi(sequence, next, lock, Integer.MAX_VALUE).isEmpty()) {
      next = sequence.load();
    }
  }

  private void lock(Word lock, int id) {
    if (!lock.compareAndSet(0, id)) {
      assertThat(futex.lockPi(lock, far(), 0)).isEqualTo(LockStatus.LOCKED);
    }
  }

  private void unlock(Word lock, int id) {
    if (!lock.compareAndSet(id, 0)) {
      futex.unlockPi(lock);
    }
  }
}
