package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.jfutex.engine.PiRig.DIED;
import static org.jfutex.engine.PiRig.WAITERS;
import static org.jfutex.engine.PiRig.assertFree;
import static org.jfutex.engine.PiRig.assertRefused;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Owners that end: tasks that are told to, and threads that just do. */
class PiExitTest {
  private static final int MANY = 200;

  private final PiRig rig = new PiRig();

  @AfterEach
  void nobodyIsLeft() {
    rig.close();
  }

  private void end(Task task) {
    rig.engine.beginExit(task);
    rig.engine.endExit(task);
  }

  @Test
  void everyLockThatSomebodyWaitsForGoesToItsFirstWaiter() {
    rig.set(1, 1);
    rig.set(2, 1);
    Job<LockStatus> low = rig.locker(2, 0, 0);
    Job<LockStatus> high = rig.locker(3, 0, 4);
    Job<LockStatus> other = rig.locker(4, 1, 0);
    end(rig.owner);
    assertThat(high.join()).isEqualTo(LockStatus.OWNER_DIED);
    assertThat(other.join()).isEqualTo(LockStatus.OWNER_DIED);
    assertThat(rig.get(0)).isEqualTo(3 | WAITERS | DIED);
    assertThat(rig.get(1)).isEqualTo(4 | WAITERS | DIED);
    assertThat(rig.get(2)).as("nobody waits for it").isEqualTo(1);
    assertRefused(Errno.ESRCH, () -> rig.tryLock(2, 2));
    rig.assertHandedOn(0, 3, low, 2); // the next finds it whole
    rig.unlock(2, 0);
    rig.unlock(4, 1);
  }

  /** A plain waiter may stand before those for the lock, and must not hide them. */
  @Test
  void aPlainWaiterThatStandsFirstIsInNobodysWay() {
    Job<LockStatus> heir = rig.locker(2, 0, 0);
    Job<WaitStatus> plain = rig.plain(0, 5);
    end(rig.owner);
    assertThat(heir.join()).isEqualTo(LockStatus.OWNER_DIED);
    assertThat(rig.engine.wake(rig.word(0), 1)).isEqualTo(1);
    assertThat(plain.join()).isEqualTo(WaitStatus.WOKEN);
    rig.unlock(2, 0);
  }

  /** The robust walk has been there: the word is free already, the heir is told all the same. */
  @Test
  void aWordThatTheWalkHasFreedIsInherited() {
    Job<LockStatus> heir = rig.locker(2, 0, 0);
    rig.engine.beginExit(rig.owner);
    rig.set(0, WAITERS | DIED);
    assertThat(rig.tryLock(3, 0)).as("it still has an owner").isEqualTo(LockStatus.BUSY);
    rig.engine.endExit(rig.owner);
    assertThat(heir.join()).isEqualTo(LockStatus.OWNER_DIED);
    assertThat(rig.get(0)).isEqualTo(2 | WAITERS | DIED);
    rig.unlock(2, 0);
    assertThat(rig.get(0)).isZero();
  }

  /** Each kind of call that can meet an owner which is about to end. */
  enum Meeting {
    LOCK {
      @Override
      Object meet(PiRig rig) {
        return rig.engine.lockPi(rig.word(0), rig.task(2), rig, Deadline.NEVER, 0);
      }
    },
    TRY {
      @Override
      Object meet(PiRig rig) {
        return rig.tryLock(2, 0);
      }
    },
    MOVE {
      @Override
      Object meet(PiRig rig) {
        assertThat(rig.move(1, 0, 0)).isEqualTo(1);
        return LockStatus.OWNER_DIED;
      }
    };

    abstract Object meet(PiRig rig);
  }

  @ParameterizedTest
  @EnumSource
  void whoMeetsAnOwnerThatEndsWaitsAndTriesAgain(Meeting meeting) {
    for (boolean freed : new boolean[] {true, false}) {
      rig.set(0, 10);
      Task ending = new Task(10, "ending", 0);
      Job<LockStatus> mover = meeting == Meeting.MOVE ? rig.mover(2, 1, 0, Deadline.NEVER) : null;
      rig.adopt(ending);
      rig.engine.beginExit(ending);
      Job<Object> meets =
          rig.crew.start(
              () -> {
                try {
                  return meeting.meet(rig);
                } catch (FutexException e) {
                  return e.errno();
                }
              });
      Crew.until("the mark", () -> rig.get(0) == (10 | WAITERS));
      meets.thread().interrupt(); // must not end the wait, and must not be lost
      Crew.until("it waits", () -> meets.thread().getState() == Thread.State.WAITING);
      assertThat(meets.isDone()).isFalse();
      rig.set(0, freed ? WAITERS | DIED : 10 | WAITERS);
      rig.engine.endExit(ending);
      assertThat(meets.join()).isEqualTo(freed ? LockStatus.OWNER_DIED : Errno.ESRCH);
      assertThat(rig.get(0)).isEqualTo(freed ? 2 | DIED : 10 | WAITERS);
      if (mover != null && !freed) {
        mover.thread().interrupt();
        assertThat(mover.join()).isEqualTo(LockStatus.INTERRUPTED);
      }
      if (freed) {
        rig.unlock(2, 0);
      }
    }
  }

  /** The heir owns the lock as far as the graph goes, and is told that its word is lost. */
  @Test
  void anHeirWhoseWordCannotBeWrittenIsToldAndTheExitGoesOn() {
    for (Supplier<Throwable> failure :
        List.<Supplier<Throwable>>of(
            () -> new WordFault("gone"),
            () -> new IllegalStateException("broken"),
            () -> new OutOfMemoryError("as if"))) {
      Task ending = new Task(10, "ending", 0);
      rig.adopt(ending);
      rig.set(0, 10);
      rig.set(1, 10);
      Throwable thrown = failure.get();
      Word failing = new FaultyWord(rig.word(0), new Faults(2, () -> sneak(thrown)));
      Job<FutexException> heir =
          rig.crew.start(
              () ->
                  catchThrowableOfType(
                      FutexException.class,
                      () -> rig.engine.lockPi(failing, rig.task(2), rig, Deadline.NEVER, 0)));
      Crew.until("queued", () -> rig.probe.queued(rig.word(0)) == 1);
      Job<LockStatus> behind = rig.locker(3, 0, 0);
      Job<LockStatus> other = rig.locker(4, 1, 0);
      end(ending);
      assertThat(heir.join().errno()).isEqualTo(Errno.EFAULT);
      assertThat(heir.join()).hasCause(thrown);
      assertThat(other.join()).isEqualTo(LockStatus.OWNER_DIED);
      rig.set(0, 2 | WAITERS); // by whoever mends it
      rig.assertHandedOn(0, 2, behind, 3);
      rig.unlock(3, 0);
      rig.unlock(4, 1);
    }
  }

  private static void sneak(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  /** How a thread ends. */
  enum End {
    NORMALLY,
    BY_EXCEPTION
  }

  /** A thread that takes a lock without a call, says so, and ends when it is told. */
  private Thread owner(ThreadKind kind, End end, Word word, CountDownLatch mayEnd) {
    CountDownLatch owns = new CountDownLatch(1);
    Thread.Builder builder = kind == ThreadKind.VIRTUAL ? Thread.ofVirtual() : Thread.ofPlatform();
    Thread thread =
        builder
            .name("owner")
            .unstarted(
                () -> {
                  assertThat(word.compareAndSet(0, rig.engine.ownerId())).isTrue();
                  owns.countDown();
                  awaitUninterrupted(mayEnd);
                  if (end == End.BY_EXCEPTION) {
                    throw new IllegalStateException("the end");
                  }
                });
    if (end == End.BY_EXCEPTION) {
      thread.setUncaughtExceptionHandler((_, _) -> {});
    }
    thread.start();
    awaitUninterrupted(owns);
    return thread;
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static List<Arguments> ends() {
    List<Arguments> all = new ArrayList<>();
    for (ThreadKind kind : ThreadKind.values()) {
      for (End end : End.values()) {
        all.add(Arguments.of(kind, end));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("ends")
  void theHeirOfAThreadThatEndsIsTold(ThreadKind kind, End end) {
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread _ = owner(kind, end, rig.word(1), mayEnd);
    Job<Integer> heir =
        rig.start(
            kind,
            () -> {
              assertThat(rig.engine.lockPi(rig.word(1))).isEqualTo(LockStatus.OWNER_DIED);
              assertThat(rig.get(1)).isEqualTo(rig.engine.ownerId() | WAITERS | DIED);
              assertThat(rig.engine.tryLockPi(rig.word(3))).isEqualTo(LockStatus.LOCKED);
              rig.engine.unlockPi(rig.word(3));
              rig.engine.unlockPi(rig.word(1));
              return rig.get(1);
            });
    Crew.until("queued", () -> rig.probe.queued(rig.word(1)) == 1);
    mayEnd.countDown();
    assertThat(heir.join()).isZero();
  }

  @ParameterizedTest
  @MethodSource("ends")
  void theLockOfAThreadThatEndsUnseenIsRefusedToTheNext(ThreadKind kind, End end)
      throws InterruptedException {
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread owner = owner(kind, end, rig.word(1), mayEnd);
    int id = rig.get(1);
    assertThat(rig.engine.tryLockPi(rig.word(1))).isEqualTo(LockStatus.BUSY);
    mayEnd.countDown();
    owner.join();
    Crew.until("the end is noticed", () -> rig.engine.tasks().find(id) == null);
    assertRefused(Errno.ESRCH, () -> rig.engine.tryLockPi(rig.word(1)));
    assertRefused(Errno.ESRCH, () -> rig.engine.lockPi(rig.word(1)));
    assertThat(rig.get(1)).isEqualTo(id | WAITERS);
  }

  /** Many owners end at once, each with a waiter; who comes meanwhile waits, or gets the lock. */
  @ParameterizedTest
  @EnumSource
  void manyOwnersEndAtOnce(ThreadKind kind) {
    int[] locks = new int[MANY];
    CountDownLatch mayEnd = new CountDownLatch(1);
    List<Job<LockStatus>> heirs = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      Word word = Word.of(locks, i);
      Thread _ = owner(kind, End.NORMALLY, word, mayEnd);
      heirs.add(
          rig.start(
              ThreadKind.VIRTUAL,
              () -> {
                LockStatus status = rig.engine.lockPi(word);
                rig.engine.unlockPi(word);
                return status;
              }));
    }
    Crew.until("all are queued", () -> rig.engine.waiters().size() == MANY);
    mayEnd.countDown();
    assertThat(heirs).allSatisfy(job -> assertThat(job.join()).isEqualTo(LockStatus.OWNER_DIED));
    assertThat(locks).containsOnly(0);
    Crew.until("all are forgotten", () -> rig.engine.tasks().size() == 0);
  }

  /** One thread that dies owning much, as one that dies in the middle of a chain. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 50})
  void aChainIsHandedOnLinkByLink(int length) {
    int[] locks = new int[length];
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread _ = owner(ThreadKind.PLATFORM, End.NORMALLY, Word.of(locks, 0), mayEnd);
    List<Job<LockStatus>> links = new ArrayList<>();
    for (int i = 1; i < length; i++) {
      Word own = Word.of(locks, i);
      Word next = Word.of(locks, i - 1);
      links.add(
          rig.start(
              ThreadKind.VIRTUAL,
              () -> {
                assertThat(rig.engine.tryLockPi(own)).isEqualTo(LockStatus.LOCKED);
                return rig.engine.lockPi(next, Deadline.NEVER, 3); // and ends with both
              }));
      int queued = i;
      Crew.until("linked", () -> rig.engine.waiters().size() == queued);
    }
    mayEnd.countDown();
    assertThat(links).allSatisfy(job -> assertThat(job.join()).isEqualTo(LockStatus.OWNER_DIED));
    assertFree(rig.owner);
  }

  @Test
  void aTaskThatHasEndedIsNobody() {
    end(rig.owner);
    assertRefused(Errno.ESRCH, () -> rig.tryLock(2, 0));
    assertThatThrownBy(() -> rig.unlock(2, 0)).isInstanceOf(FutexException.class);
  }
}
