package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.OwnerWord.OWNER_DIED;
import static org.jfutex.OwnerWord.WAITERS;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jfutex.Capabilities.PiThreads;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitOptions;
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
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Priority-inheritance locks: who gets them, what the word says, what is refused. */
public abstract class PiContract extends FutexContract {
  /** No thread has so high an id: kernels give none beyond 2^22, the engine starts at 1. */
  private static final int NOBODY = OwnerWord.OWNER_MASK - 1;

  private static final int THREADS = 4;
  private static final int INCREMENTS = 10_000;

  protected PiContract(Supplier<Backend> backends) {
    super(backends);
  }

  private Stream<ThreadKind> owners() {
    return futex.capabilities().pi() == PiThreads.ALL
        ? Stream.of(ThreadKind.values())
        : Stream.of(ThreadKind.PLATFORM);
  }

  /** The words that can be locks, and the threads that can own them. */
  Stream<Arguments> locks() {
    return words()
        .filter(kind -> kind.bits() == Integer.SIZE)
        .flatMap(word -> owners().map(thread -> Arguments.of(word, thread)));
  }

  /** A thread that owns a lock and does what it is told: the test's own may be an owner too. */
  private final class Owner {
    private final CountDownLatch mayUnlock = new CountDownLatch(1);
    final Word lock;
    final Job<Integer> job;

    Owner(ThreadKind kind, Word lock) {
      this.lock = lock;
      job =
          crew.start(
              kind,
              () -> {
                int id = futex.ownerId();
                assertThat(lock.compareAndSet(0, id)).isTrue();
                mayUnlock.await();
                futex.unlockPi(lock);
                return id;
              });
      Crew.until("it owns the lock", () -> lock.load() != 0);
    }

    int id() {
      return OwnerWord.owner(lock.load());
    }

    /** Unlocks; returns when it has ended. */
    int unlock() {
      mayUnlock.countDown();
      return job.join();
    }
  }

  /** A thread that sleeps for a lock and keeps it; its answer is how it got it. */
  private Job<LockStatus> locker(ThreadKind kind, Word lock, Deadline deadline) {
    return asleep(lock, crew.start(kind, () -> futex.lockPi(lock, deadline, 0)));
  }

  /** A thread that sleeps for a lock, looks whether the word names it, and unlocks. */
  private Job<LockStatus> visitor(ThreadKind kind, Word lock) {
    return asleep(
        lock,
        crew.start(
            kind,
            () -> {
              LockStatus status = futex.lockPi(lock, far(), 0);
              assertThat(OwnerWord.owner(lock.load())).isEqualTo(futex.ownerId());
              futex.unlockPi(lock);
              return status;
            }));
  }

  private <T> Job<T> asleep(Word word, Job<T> job) {
    Crew.until(
        job.thread().getName() + " sleeps on " + word,
        () -> job.isDone() || backend.isAsleep(word, job.thread()));
    return job;
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aFreeLockIsTakenAndReleased(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    crew.start(
            thread,
            () -> {
              int id = futex.ownerId();
              assertThat(id).isBetween(1, OwnerWord.OWNER_MASK).isEqualTo(futex.ownerId());
              for (int word : new int[] {0, WAITERS}) {
                WordKind.store(lock, word);
                assertThat(futex.tryLockPi(lock)).isEqualTo(LockStatus.LOCKED);
                assertThat(lock.load()).isEqualTo(id);
                futex.unlockPi(lock);
                assertThat(lock.load()).isZero();
              }
              assertThat(futex.lockPi(lock, EXPIRED, 0)).isEqualTo(LockStatus.LOCKED);
              assertRefused(Errno.EDEADLK, () -> futex.lockPi(lock));
              assertRefused(Errno.EDEADLK, () -> futex.tryLockPi(lock));
              futex.unlockPi(lock);
              assertRefused(Errno.EPERM, () -> futex.unlockPi(lock));
              return null;
            })
        .join();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aLockWhoseOwnerHasDiedIsTakenWithTheMark(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    crew.start(
            thread,
            () -> {
              for (int word : new int[] {OWNER_DIED, OWNER_DIED | WAITERS}) {
                WordKind.store(lock, word);
                assertThat(futex.lockPi(lock)).isEqualTo(LockStatus.OWNER_DIED);
                assertThat((int) lock.load()).isEqualTo(futex.ownerId() | OWNER_DIED);
                futex.unlockPi(lock);
                assertThat(lock.load()).isZero();
              }
              return null;
            })
        .join();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aHeldLockIsWaitedForAndHandedOver(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    Owner owner = new Owner(thread, lock);
    int id = owner.id();
    Job<LockStatus> next = locker(thread, lock, far());
    assertThat((int) lock.load()).isEqualTo(id | WAITERS);
    assertThat(futex.tryLockPi(lock)).isEqualTo(LockStatus.BUSY);
    assertRefused(Errno.EPERM, () -> futex.unlockPi(lock));
    assertThat(owner.unlock()).isEqualTo(id);
    assertThat(next.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(OwnerWord.hasWaiters(lock.load())).as("while the state lives").isTrue();
    assertThat(owner.id()).isNotEqualTo(id).isNotZero();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void waitersComeInOrder(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    Owner owner = new Owner(thread, lock);
    List<Job<LockStatus>> visitors = Stream.generate(() -> visitor(thread, lock)).limit(4).toList();
    List<Thread> order = new java.util.concurrent.CopyOnWriteArrayList<>();
    Job<LockStatus> last = locker(thread, lock, far());
    owner.unlock();
    visitors.forEach(
        job -> {
          assertThat(job.join()).isEqualTo(LockStatus.LOCKED);
          order.add(job.thread());
        });
    assertThat(last.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(order).hasSize(4);
  }

  /** A failing try leaves its mark, and so does a locker that finds no owner. */
  @ParameterizedTest
  @MethodSource("locks")
  void anOwnerThatDoesNotExistIsRefused(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    crew.start(
            thread,
            () -> {
              for (int flag : new int[] {0, OWNER_DIED}) {
                WordKind.store(lock, NOBODY | flag);
                assertRefused(Errno.ESRCH, () -> futex.tryLockPi(lock));
                assertThat((int) lock.load()).isEqualTo(NOBODY | flag | WAITERS);
                assertRefused(Errno.ESRCH, () -> futex.lockPi(lock, EXPIRED, 0));
                assertRefused(Errno.EPERM, () -> futex.unlockPi(lock));
              }
              return null;
            })
        .join();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aPlainWaiterOnTheLockIsRefused(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    Job<WaitStatus> plain = waiter(lock);
    int id = futex.ownerId();
    WordKind.store(lock, id);
    crew.start(
            thread,
            () -> {
              assertRefused(Errno.EINVAL, () -> futex.tryLockPi(lock));
              assertRefused(Errno.EINVAL, () -> futex.lockPi(lock, EXPIRED, 0));
              return null;
            })
        .join();
    assertThat((int) lock.load()).as("no mark").isEqualTo(id);
    assertRefused(Errno.EINVAL, () -> futex.unlockPi(lock));
    assertRefused(Errno.EDEADLK, () -> futex.lockPi(lock));
    assertThat(futex.wake(lock, 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    futex.unlockPi(lock);
    assertThat(lock.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("locks")
  void aWordThatContradictsItsWaitersIsRefused(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    Owner owner = new Owner(thread, lock);
    int id = owner.id();
    Job<LockStatus> next = locker(thread, lock, far());
    for (int word : new int[] {0, WAITERS, NOBODY | WAITERS}) {
      WordKind.store(lock, word);
      assertRefused(Errno.EINVAL, () -> futex.tryLockPi(lock));
      assertRefused(Errno.EINVAL, () -> futex.lockPi(lock, EXPIRED, 0));
    }
    WordKind.store(lock, futex.ownerId() | WAITERS);
    assertRefused(Errno.EINVAL, () -> futex.unlockPi(lock));
    for (int word : new int[] {OWNER_DIED, id, id | OWNER_DIED}) {
      WordKind.store(lock, word);
      assertThat(futex.tryLockPi(lock)).isEqualTo(LockStatus.BUSY);
      assertThat((int) lock.load()).isEqualTo(word);
    }
    owner.unlock();
    assertThat(next.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(OwnerWord.hasOwnerDied(lock.load())).as("dropped").isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineEndsTheWait(ClockId clock) {
    for (ThreadKind thread : owners().toList()) {
      Word lock = word();
      Owner owner = new Owner(thread, lock);
      int id = owner.id();
      assertThat(locker(thread, lock, soon(clock)).join()).isEqualTo(LockStatus.TIMED_OUT);
      assertThat((int) lock.load()).as("the mark stays").isEqualTo(id | WAITERS);
      assertThat(crew.start(thread, () -> futex.lockPi(lock, new Deadline(clock, 0), 0)).join())
          .isEqualTo(LockStatus.TIMED_OUT);
      owner.unlock();
      assertThat(lock.load()).isZero();
    }
  }

  /** A holds one and wants the other, B the other way round. */
  @ParameterizedTest
  @MethodSource("locks")
  void whoWouldCloseACycleIsRefusedAndTheOtherSleepsOn(WordKind kind, ThreadKind thread) {
    Word one = kind.fresh();
    Word two = kind.fresh();
    CountDownLatch oneTaken = new CountDownLatch(1);
    CountDownLatch twoTaken = new CountDownLatch(1);
    Job<LockStatus> first =
        crew.start(
            thread,
            () -> {
              assertThat(futex.lockPi(one)).isEqualTo(LockStatus.LOCKED);
              oneTaken.countDown();
              twoTaken.await();
              LockStatus status = futex.lockPi(two, far(), 0);
              futex.unlockPi(two);
              futex.unlockPi(one);
              return status;
            });
    Job<Void> second =
        crew.start(
            thread,
            () -> {
              assertThat(futex.lockPi(two)).isEqualTo(LockStatus.LOCKED);
              oneTaken.await();
              twoTaken.countDown();
              asleep(two, first);
              assertRefused(Errno.EDEADLK, () -> futex.lockPi(one, far(), 0));
              assertThat(backend.isAsleep(two, first.thread())).isTrue();
              futex.unlockPi(two);
              return null;
            });
    second.join();
    assertThat(first.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(one.load()).isZero();
    assertThat(two.load()).isZero();
  }

  @Test
  void plainWakesAndRequeuesAreRefusedByWaitersForALock() {
    Word lock = word();
    Owner owner = new Owner(ThreadKind.PLATFORM, lock);
    Job<LockStatus> next = locker(ThreadKind.PLATFORM, lock, far());
    Word other = word();
    int held = (int) lock.load();
    WakeOp add = new WakeOp(WakeOp.Operation.ADD, 1, WakeOp.Comparison.EQ, 0);
    assertRefused(Errno.EINVAL, () -> futex.wake(lock, 1));
    assertRefused(Errno.EINVAL, () -> futex.requeue(lock, 0, other, 1));
    assertRefused(Errno.EINVAL, () -> futex.requeue(lock, 1, other, 0));
    assertRefused(Errno.EINVAL, () -> futex.compareRequeue(lock, held, 0, other, 1));
    assertRefused(Errno.EINVAL, () -> futex.wakeOp(lock, 1, other, 0, add));
    assertRefused(Errno.EINVAL, () -> futex.wakeOp(other, 1, lock, 1, flagless()));
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(lock, held, other, 1));
    assertThat(other.load()).as("a wake-op changes its word first").isEqualTo(1);
    assertThat(futex.wake(lock, 0)).isZero();
    assertThat((int) lock.load()).isEqualTo(held);
    owner.unlock();
    assertThat(next.join()).isEqualTo(LockStatus.LOCKED);
  }

  /** A wake-op that writes back what was there. */
  private static WakeOp flagless() {
    return new WakeOp(WakeOp.Operation.OR, 0, WakeOp.Comparison.NE, 0);
  }

  @ParameterizedTest
  @MethodSource("locks")
  void theHeirOfAnOwnerThatEndsIsTold(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    CountDownLatch mayEnd = new CountDownLatch(1);
    Job<LockStatus> owner =
        crew.start(
            thread,
            () -> {
              LockStatus status = futex.lockPi(lock);
              mayEnd.await();
              return status;
            });
    Crew.until("it owns the lock", () -> lock.load() != 0);
    Job<Integer> heir =
        asleep(
            lock,
            crew.start(
                thread,
                () -> {
                  assertThat(futex.lockPi(lock, far(), 0)).isEqualTo(LockStatus.OWNER_DIED);
                  assertThat((int) lock.load()).isEqualTo(futex.ownerId() | WAITERS | OWNER_DIED);
                  futex.unlockPi(lock);
                  return (int) lock.load();
                }));
    mayEnd.countDown();
    assertThat(owner.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(heir.join()).isZero();
  }

  /** A little after the owner has ended: Thread.join may return before that is noticed. */
  @ParameterizedTest
  @MethodSource("locks")
  void theLockOfAnOwnerThatEndedUnseenIsRefused(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    assertThat(crew.start(thread, () -> futex.lockPi(lock)).join()).isEqualTo(LockStatus.LOCKED);
    int id = OwnerWord.owner(lock.load());
    Crew.until("the end is noticed", () -> tryRefusal(lock) == Errno.ESRCH);
    assertRefused(Errno.ESRCH, () -> futex.lockPi(lock, far(), 0));
    assertThat((int) lock.load()).isEqualTo(id | WAITERS);
  }

  private Errno tryRefusal(Word lock) {
    try {
      assertThat(futex.tryLockPi(lock)).isEqualTo(LockStatus.BUSY);
      return null;
    } catch (FutexException e) {
      return e.errno();
    }
  }

  /** With the protocol of user space: no call where nobody waits. */
  @ParameterizedTest
  @MethodSource("locks")
  void excludesMutually(WordKind kind, ThreadKind thread) {
    Word lock = kind.fresh();
    int[] count = new int[1];
    for (int i = 0; i < THREADS; i++) {
      crew.start(
          thread,
          () -> {
            int id = futex.ownerId();
            for (int n = 0; n < INCREMENTS; n++) {
              if (!lock.compareAndSet(0, id)) {
                assertThat(futex.lockPi(lock, far(), 0)).isEqualTo(LockStatus.LOCKED);
              }
              count[0]++;
              if (n % 64 == 0) {
                Thread.yield(); // with the lock, so that others come to wait
              }
              if (!lock.compareAndSet(id, 0)) {
                futex.unlockPi(lock);
              }
            }
            return null;
          });
    }
    crew.joinAll();
    assertThat(count[0]).isEqualTo(THREADS * INCREMENTS);
    assertThat(lock.load()).isZero();
  }

  @Test
  void onlyWordsOf32BitsAreLocks() {
    Word wide = WordKind.NATIVE_64.fresh();
    assertRefused(Errno.EINVAL, () -> futex.tryLockPi(wide));
    assertRefused(Errno.EINVAL, () -> futex.lockPi(wide));
    assertRefused(Errno.EINVAL, () -> futex.unlockPi(wide));
    assertRefused(Errno.EINVAL, () -> futex.awaitRequeuePi(word(), 0, wide, far(), 0));
    assertRefused(Errno.EINVAL, () -> futex.compareRequeuePi(word(), 0, wide, 1));
    Word lock = word();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> futex.compareRequeuePi(word(), 0, lock, -1));
  }

  @Test
  void aLockWhoseMemoryHasGoneIsAFault() {
    Arena arena = Arena.ofShared();
    Word lock = Word.of(arena.allocate(8), 0);
    arena.close();
    assertRefused(Errno.EFAULT, () -> futex.tryLockPi(lock));
    assertRefused(Errno.EFAULT, () -> futex.lockPi(lock));
    assertRefused(Errno.EFAULT, () -> futex.unlockPi(lock));
    assertRefused(Errno.EFAULT, () -> futex.compareRequeuePi(word(), 0, lock, 1));
  }

  @Test
  void ranksAreLentOrRefused() {
    Word lock = word();
    if (!futex.capabilities().ranks()) {
      assertRefused(Errno.ENOSYS, () -> futex.lockPi(lock, far(), 1));
      assertRefused(Errno.ENOSYS, () -> futex.awaitRequeuePi(word(), 0, lock, far(), 1));
      return;
    }
    Owner owner = new Owner(ThreadKind.PLATFORM, lock);
    Job<LockStatus> low = locker(ThreadKind.PLATFORM, lock, soon(ClockId.MONOTONIC));
    Job<LockStatus> high = asleep(lock, crew.start(() -> futex.lockPi(lock, far(), 5)));
    owner.unlock();
    assertThat(high.join()).isEqualTo(LockStatus.LOCKED);
    assertThat(low.join()).isIn(LockStatus.TIMED_OUT, LockStatus.OWNER_DIED);
  }

  @Test
  void virtualThreadsAreServedOrRefused() {
    Word lock = word();
    Word word = word();
    List<Runnable> calls =
        List.of(
            () -> futex.ownerId(),
            () -> futex.lockPi(lock),
            () -> futex.unlockPi(lock),
            () -> futex.tryLockPi(lock),
            () -> futex.unlockPi(lock),
            () -> futex.awaitRequeuePi(word, 0, lock, EXPIRED, 0));
    crew.start(
            ThreadKind.VIRTUAL,
            () -> {
              for (Runnable call : calls) {
                if (futex.capabilities().pi() == PiThreads.ALL) {
                  call.run();
                } else {
                  assertThatThrownBy(call::run).isInstanceOf(WrongThreadException.class);
                }
              }
              assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(0);
              return null;
            })
        .join();
    assertThat(lock.load()).isZero();
  }

  @Test
  void anInterruptEndsTheWaitOrIsKept() {
    Assumptions.assumeTrue(
        futex.capabilities().pi() == PiThreads.ALL, "interrupts do not end waits in the kernel");
    for (ThreadKind thread : ThreadKind.values()) {
      Word lock = word();
      Owner owner = new Owner(thread, lock);
      Job<LockStatus> leaver = locker(thread, lock, far());
      leaver.thread().interrupt();
      assertThat(leaver.join()).isEqualTo(LockStatus.INTERRUPTED);
      owner.unlock();
      assertThat(lock.load()).isZero();
    }
  }

  /** On both backends: until a plain wait is refused nothing is known of its bitset. */
  @Test
  void aPlainWaitOnALockIsAccepted() {
    Word lock = word();
    Owner owner = new Owner(ThreadKind.PLATFORM, lock);
    Job<LockStatus> next = locker(ThreadKind.PLATFORM, lock, far());
    assertThat(
            futex.await(
                lock, lock.load(), Deadline.after(0, TimeUnit.NANOSECONDS), WaitOptions.DEFAULT))
        .isEqualTo(WaitStatus.TIMED_OUT);
    assertThat(futex.await(lock, 0, far())).isEqualTo(WaitStatus.CHANGED);
    owner.unlock();
    assertThat(next.join()).isEqualTo(LockStatus.LOCKED);
  }
}
