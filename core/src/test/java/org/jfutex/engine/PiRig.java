package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ManualTicker;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * An engine whose clocks stand still, some words, and tasks that any thread may act for: what tests
 * of priority-inheritance locks share. Nobody may be left in it when it is closed.
 */
final class PiRig implements TaskFinder, AutoCloseable {
  static final int DIED = OwnerWord.OWNER_DIED;
  static final int WAITERS = OwnerWord.WAITERS;

  /** The id of no task. */
  static final int NOBODY = 999;

  /** The id of a task that cannot own the locks of others. */
  static final int STRANGER = 998;

  private static final long FAR_NANOS = TimeUnit.HOURS.toNanos(1);

  final ManualTicker ticker = new ManualTicker(0);
  final JvmFutex engine = new JvmFutex(2, ticker);
  final EngineProbe probe = new EngineProbe(engine);
  final Crew crew = new Crew();
  final int[] cells = new int[4];
  private final ConcurrentMap<Integer, Task> tasks = new ConcurrentHashMap<>();

  /** Task 1 owns lock 0 from the start, without a call. */
  final Task owner = task(1);

  PiRig() {
    set(0, owner.id());
  }

  @Override
  public @Nullable Task find(int id) {
    if (id == STRANGER) {
      throw new FutexException(Errno.EPERM, "a stranger");
    }
    return tasks.get(id);
  }

  Task task(int id) {
    return tasks.computeIfAbsent(id, _ -> new Task(id, "task-" + id, 0));
  }

  /** Makes a task known in the place of who had its id. */
  void adopt(Task task) {
    tasks.put(task.id(), task);
  }

  Word word(int index) {
    return Word.of(cells, index);
  }

  void set(int index, int value) {
    WordKind.store(word(index), value);
  }

  /** A task takes a free lock without a call. */
  void own(int index, int id) {
    set(index, task(id).id());
  }

  int get(int index) {
    return (int) word(index).load();
  }

  /** A deadline that is reached when {@link #timeOut} says so. */
  Deadline far(ClockId clock) {
    return new Deadline(clock, ticker.nanos(clock) + FAR_NANOS);
  }

  /** A thread that acts for a task, asleep on a word, or done already. */
  Job<LockStatus> locker(int id, int index, int rank) {
    return locker(id, word(index), rank, Deadline.NEVER);
  }

  Job<LockStatus> locker(int id, Word word, int rank, Deadline deadline) {
    return asleep(word, crew.start(() -> engine.lockPi(word, task(id), this, deadline, rank)));
  }

  /** A thread that waits on a word that is 0 to be moved to a lock. */
  Job<LockStatus> mover(int id, int index, int lock, Deadline deadline) {
    Word word = word(index);
    return asleep(
        word, crew.start(() -> engine.awaitRequeuePi(word, 0, word(lock), task(id), deadline, 0)));
  }

  /** A thread that waits on a word as it is, in the plain way, before those of a lower rank. */
  Job<WaitStatus> plain(int index, int rank) {
    Word word = word(index);
    long value = word.load();
    return asleep(
        word,
        crew.start(
            () -> engine.await(word, value, Deadline.NEVER, org.jfutex.WaitOptions.ofRank(rank))));
  }

  private <T> Job<T> asleep(Word word, Job<T> job) {
    Crew.until(
        job.thread().getName() + " is queued",
        () -> job.isDone() || probe.queued(word, job.thread()) == 1);
    return job;
  }

  /** Lets a sleeper find that its deadline has come. */
  void timeOut(Job<?> job) {
    ticker.advance(2 * FAR_NANOS);
    LockSupport.unpark(job.thread());
  }

  LockStatus tryLock(int id, int index) {
    return engine.tryLockPi(word(index), task(id), this);
  }

  void unlock(int id, int index) {
    engine.unlockPi(word(index), task(id));
  }

  /** Moves waiters of a word that is 0 to a lock. */
  int move(int index, int lock, int count) {
    return engine.compareRequeuePi(word(index), 0, word(lock), count, this).orElseThrow();
  }

  /** Hands a lock on from one to the next, each of whom wakes with it. */
  void assertHandedOn(int index, int from, Job<LockStatus> to, int next) {
    unlock(from, index);
    assertThat(get(index)).as("named before it runs").isEqualTo(next | WAITERS);
    assertThat(to.join()).isEqualTo(LockStatus.LOCKED);
  }

  static void assertRefused(Errno errno, ThrowingCallable call) {
    assertThat(catchThrowableOfType(FutexException.class, call).errno()).isEqualTo(errno);
  }

  /** A task that waits for nothing, and whom nobody waits for. */
  static void assertFree(Task task) {
    assertThat(task.held).as("held by %s", task).isEmpty();
    assertThat(task.blockedOn).as("what %s waits for", task).isNull();
    assertThat(task.effectiveRank()).as("rank of %s", task).isEqualTo(task.rank);
  }

  /** Starts a thread of a kind, for what a test calls as itself. */
  <T> Job<T> start(ThreadKind kind, java.util.concurrent.Callable<T> body) {
    return crew.start(kind, body);
  }

  @Override
  public void close() {
    crew.close();
    tasks.values().forEach(PiRig::assertFree);
    probe.assertAtRest();
  }
}
