package org.jfutex.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jfutex.AnyWait;
import org.jfutex.Capabilities;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.Observation;
import org.jfutex.Robust;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.park.CoarseClock;
import org.jfutex.park.ThreadParker;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The Java engine: futexes for the threads of one JVM. Checks arguments and dispatches; the
 * operations are in classes of their own.
 *
 * <p>Waiters of different engines never meet. Most programs use the one of {@link Futex#jvm()}; an
 * engine of one's own is for emulators, supervisors and tests.
 */
public final class JvmFutex implements Futex {
  private static final Capabilities CAPABILITIES =
      new Capabilities(
          "jvm",
          Set.of(8, 16, 32, 64),
          MAX_ENTRIES,
          true,
          false,
          true,
          true,
          true,
          true,
          true,
          true,
          Capabilities.PiThreads.ALL);

  private final HashTable table;
  private final Ticker ticker;
  private final WaitWake waitWake;
  private final WaitMany waitMany;
  private final Requeue requeue;
  private final PiFutex piFutex;
  private final PiRequeue piRequeue;
  private final Tasks tasks;
  private final EngineRobust robust;

  /** An engine with tables that suit this machine and the system's clocks. */
  public JvmFutex() {
    this(TableSize.ofSystem(), Ticker.system(), null);
  }

  /**
   * An engine with a table of a fixed size and a given time source.
   *
   * @param buckets how many buckets; a power of two from 1 to 2^20
   * @param ticker where deadlines are read from
   * @throws IllegalArgumentException if the number of buckets is another
   */
  public JvmFutex(int buckets, Ticker ticker) {
    this(TableSize.fixed(buckets), ticker, null);
  }

  /**
   * An engine with tables of given sizes, which can tell somebody when a task is lent a rank.
   *
   * @param size how large the tables are
   * @param ticker where deadlines are read from
   * @param listener is told of every change of an effective rank; null for nobody
   */
  public JvmFutex(TableSize size, Ticker ticker, @Nullable RankListener listener) {
    ThreadParker.checkChoice();
    this.table = new HashTable(size);
    this.ticker = ticker;
    this.waitWake = new WaitWake(table, ticker);
    this.waitMany = new WaitMany(table, waitWake, ticker);
    this.requeue = new Requeue(table, waitWake);
    this.piFutex = new PiFutex(table, waitWake, new PiChain(listener), ticker);
    this.piRequeue = new PiRequeue(table, piFutex);
    this.tasks = new Tasks(this::exit);
    this.robust = new EngineRobust(this, tasks);
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options) {
    try {
      return waitWake.await(word, expected, deadline, options);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public CompletableFuture<WaitStatus> awaitAsync(
      Word word, long expected, Deadline deadline, WaitOptions options) {
    CompletableFuture<WaitStatus> future = new CompletableFuture<>();
    AsyncWait wait =
        enqueue(
            List.of(new WaitEntry(word, expected)),
            deadline,
            options,
            (status, index) -> future.complete(status));
    AnyWait immediate = wait.immediate();
    if (immediate != null) {
      future.complete(immediate.status());
    } else {
      // however it completes: cancelled or completed by its user, it leaves the queue
      try {
        CompletableFuture<WaitStatus> _ = future.whenComplete((_, _) -> wait.cancel());
      } catch (OutOfMemoryError e) {
        if (wait.cancel()) {
          throw e; // nobody will hold the future, so nobody may be queued for it
        }
      }
    }
    return future;
  }

  @Override
  public Observation observe(Word word, Runnable told) {
    ObservingWaiter observer =
        new ObservingWaiter(table, word.key(), told, CoarseClock.nanos(ticker));
    boolean _ = table.addIfHolds(null, 0, observer);
    return observer;
  }

  @Override
  public AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline) {
    return awaitAny(entries, deadline, WaitOptions.DEFAULT);
  }

  /**
   * Like {@link Futex#awaitAny}, with a bitset and a rank for every entry.
   *
   * @param entries 1 to 128 words and values
   * @param deadline when to give up
   * @param options which wakes may take an entry, and its rank
   * @return the outcome and the entry it is about
   * @throws FutexException with EINVAL if there are too few or too many entries, with EFAULT if a
   *     word cannot be read
   */
  public AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline, WaitOptions options) {
    checkEntries(entries);
    try {
      return waitMany.awaitAny(entries, deadline, options);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  /**
   * Waits on one or more words without a thread: what {@link #awaitAsync} and the system-call face
   * are made of.
   *
   * @param entries 1 to 128 words and values
   * @param deadline when to give up
   * @param options which wakes may take an entry, and its rank
   * @param listener is told the outcome, unless it is there at once
   * @return the wait, with its outcome if it was decided at once
   * @throws FutexException with EINVAL if there are too few or too many entries, with EFAULT if a
   *     word cannot be read
   */
  public AsyncWait enqueue(
      List<WaitEntry> entries, Deadline deadline, WaitOptions options, WaitListener listener) {
    checkEntries(entries);
    try {
      return AsyncWait.queue(waitMany, entries, deadline, options, listener, ticker);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public int wake(Word word, int count, int bitset) {
    checkCount(count);
    WaitOptions.checkBitset(bitset);
    return waitWake.wake(word.key(), count, bitset);
  }

  @Override
  public int requeue(Word from, int wake, Word to, int move) {
    checkCount(wake);
    checkCount(move);
    return requeue.requeue(from, wake, to, move);
  }

  @Override
  public OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move) {
    checkCount(wake);
    checkCount(move);
    try {
      return requeue.compareRequeue(from, expected, wake, to, move);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op) {
    checkCount(wake);
    checkCount(wakeTarget);
    try {
      return waitWake.wakeOp(word, wake, target, wakeTarget, op);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public int ownerId() {
    return tasks.current().id();
  }

  @Override
  public LockStatus lockPi(Word word, Deadline deadline, int rank) {
    return lockPi(word, tasks.current(), tasks, deadline, rank);
  }

  /**
   * Like {@link Futex#lockPi}, for any task: what the system-call face is made of. Sleeps on the
   * calling thread.
   *
   * @param word the lock's word
   * @param task who takes the lock
   * @param finder finds owners by what words call them
   * @param deadline when to give up
   * @param rank the task's rank from now on
   * @return how it ended
   * @throws FutexException as {@link Futex#lockPi}
   */
  public LockStatus lockPi(Word word, Task task, TaskFinder finder, Deadline deadline, int rank) {
    checkWidth(word);
    piFutex.setRank(task, rank);
    try {
      return piFutex.lock(word, task, finder, deadline);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public LockStatus tryLockPi(Word word) {
    return tryLockPi(word, tasks.current(), tasks);
  }

  /**
   * Like {@link Futex#tryLockPi}, for any task.
   *
   * @param word the lock's word
   * @param task who takes the lock
   * @param finder finds owners by what words call them
   * @return how it ended
   * @throws FutexException as {@link Futex#tryLockPi}
   */
  public LockStatus tryLockPi(Word word, Task task, TaskFinder finder) {
    checkWidth(word);
    try {
      return piFutex.tryLock(word, task, finder);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public void unlockPi(Word word) {
    unlockPi(word, tasks.current());
  }

  /**
   * Like {@link Futex#unlockPi}, for any task.
   *
   * @param word the lock's word
   * @param task who owns the lock
   * @throws FutexException as {@link Futex#unlockPi}
   */
  public void unlockPi(Word word, Task task) {
    checkWidth(word);
    try {
      piFutex.unlock(word, task);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public LockStatus awaitRequeuePi(
      Word word, long expected, Word lock, Deadline deadline, int rank) {
    if (word.key().equals(lock.key())) { // before the value, which the raw face compares first
      throw new FutexException(Errno.EINVAL, word + ": expected another word than the lock");
    }
    return awaitRequeuePi(word, expected, lock, tasks.current(), deadline, rank);
  }

  /**
   * Like {@link Futex#awaitRequeuePi}, for any task. Sleeps on the calling thread.
   *
   * @param word the word to wait on
   * @param expected the value it must hold
   * @param lock the lock's word
   * @param task who will own the lock
   * @param deadline when to give up
   * @param rank the task's rank from now on
   * @return how it ended
   * @throws FutexException as {@link Futex#awaitRequeuePi}
   */
  public LockStatus awaitRequeuePi(
      Word word, long expected, Word lock, Task task, Deadline deadline, int rank) {
    checkWidth(lock);
    piFutex.setRank(task, rank);
    try {
      return piRequeue.await(word, expected, lock, task, deadline);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  @Override
  public OptionalInt compareRequeuePi(Word from, long expected, Word lock, int move) {
    return compareRequeuePi(from, expected, lock, move, tasks);
  }

  /**
   * Like {@link Futex#compareRequeuePi}, with owners found in another way.
   *
   * @param from the word whose waiters are taken
   * @param expected the value it must hold
   * @param lock the lock they wait for
   * @param move how many to move at most, after the first
   * @param finder finds owners by what words call them
   * @return how many were given the lock and moved, together; empty if the word had changed
   * @throws FutexException as {@link Futex#compareRequeuePi}
   */
  public OptionalInt compareRequeuePi(
      Word from, long expected, Word lock, int move, TaskFinder finder) {
    checkCount(move);
    checkWidth(lock);
    try {
      return piRequeue.compareRequeue(from, expected, lock, move, finder);
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  /**
   * A task begins to end: who finds it named by a word waits from now on until {@link #endExit}.
   * Between the two its robust list is walked. Threads of this JVM that use the typed operations
   * are noticed by the engine itself.
   *
   * @param task the task, which makes no call any more
   */
  public void beginExit(Task task) {
    piFutex.beginExit(task);
  }

  /**
   * A task has ended: locks that somebody waits for are handed on, and words that name it name
   * nobody (exit_pi_state_list in kernel/futex/core.c).
   *
   * @param task the task
   */
  public void endExit(Task task) {
    piFutex.endExit(task);
  }

  @Override
  public Robust robust() {
    return robust;
  }

  private void exit(Task task) {
    beginExit(task);
    robust.exit(task);
    endExit(task);
  }

  /**
   * Who sleeps in this engine. Each bucket is looked at under its lock, one after the other: what
   * is said of one word is true of one moment, of several words of about the same time.
   *
   * @return the waiters, those of one key in the order they will be woken
   */
  public List<SleepingWaiter> waiters() {
    List<Found> found = new ArrayList<>();
    Set<PiState> seen = new HashSet<>();
    table.forEachLocked(
        bucket -> bucket.queueLocked().forEach(waiter -> find(waiter, seen, found)));
    if (found.isEmpty()) {
      return List.of();
    }
    long now = ticker.nanos(ClockId.MONOTONIC); // after all of them have come
    return found.stream()
        .map(one -> SleepingWaiter.of(one.waiter, one.key, one.owner, now))
        .toList();
  }

  /** Those who wait for a lock are found all at once, in the lock's own order. */
  private void find(Waiter waiter, Set<PiState> seen, List<Found> found) {
    if (!(waiter instanceof PiWaiter pi)) {
      found.add(new Found(waiter, waiter.key, null));
      return;
    }
    piFutex.chain().lock();
    try {
      PiState state = pi.piState;
      if (state == null) {
        found.add(new Found(waiter, waiter.key, null));
      } else if (seen.add(state)) {
        state.forEach(one -> found.add(new Found(one, one.key, state.owner)));
      }
    } finally {
      piFutex.chain().unlock();
    }
  }

  /** A waiter and where it stood: it is described without the lock, as that may run user code. */
  private record Found(Waiter waiter, Key key, @Nullable Task owner) {}

  /**
   * How large the tables of waiters are.
   *
   * @return the table without a node first, then those of the nodes that some futex has named
   */
  public List<TableUse> tables() {
    return table.use();
  }

  /**
   * Gives the table of the futexes without a node a size that it keeps from then on, whether it was
   * growing or not: what PR_FUTEX_HASH_SET_SLOTS does to the kernel's private hash. Sleeping
   * waiters are moved and sleep on.
   *
   * @param buckets how many; a power of two from 1 to 2^20
   * @throws IllegalArgumentException if it is another number
   */
  public void resize(int buckets) {
    table.resize(buckets);
  }

  /** The graph of owners and waiters, for tests of this package. */
  PiChain chain() {
    return piFutex.chain();
  }

  /** The threads that have an id, for tests of this package. */
  Tasks tasks() {
    return tasks;
  }

  /** The table, for tests of this package. */
  HashTable table() {
    return table;
  }

  private static void checkCount(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count + ": expected 0 or more");
    }
  }

  private static void checkWidth(Word word) {
    if (word.bits() != Integer.SIZE) {
      throw new FutexException(
          Errno.EINVAL,
          "%s of %d bits: expected 32, as it holds an owner's id".formatted(word, word.bits()));
    }
  }

  private static void checkEntries(List<WaitEntry> entries) {
    if (entries.isEmpty() || entries.size() > MAX_ENTRIES) {
      throw new FutexException(
          Errno.EINVAL, entries.size() + " entries: expected 1 to " + MAX_ENTRIES);
    }
  }

  private static FutexException fault(WordFault e) {
    return new FutexException(Errno.EFAULT, String.valueOf(e.getMessage()), e);
  }
}
