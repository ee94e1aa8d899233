package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jfutex.AnyWait;
import org.jfutex.Capabilities;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

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
          "jvm", Set.of(8, 16, 32, 64), MAX_ENTRIES, true, false, true, true, true, true, true);

  private final HashTable table;
  private final Ticker ticker;
  private final WaitWake waitWake;
  private final WaitMany waitMany;
  private final Requeue requeue;

  /** An engine with a table of 256 buckets for each processor and the system's clocks. */
  public JvmFutex() {
    this(HashTable.defaultSize(), Ticker.system());
  }

  /**
   * An engine with a table of a given size and a given time source.
   *
   * @param buckets how many buckets; a power of two from 1 to 2^20
   * @param ticker where deadlines are read from
   * @throws IllegalArgumentException if the number of buckets is another
   */
  public JvmFutex(int buckets, Ticker ticker) {
    this.table = new HashTable(buckets);
    this.ticker = ticker;
    this.waitWake = new WaitWake(table, ticker);
    this.waitMany = new WaitMany(table, waitWake, ticker);
    this.requeue = new Requeue(table, waitWake);
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

  /**
   * Who sleeps in this engine. Each bucket is looked at under its lock, one after the other: what
   * is said of one word is true of one moment, of several words of about the same time.
   *
   * @return the waiters, those of one key in the order they will be woken
   */
  public List<SleepingWaiter> waiters() {
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < table.size(); i++) {
      Bucket bucket = table.bucket(i);
      if (bucket.hasWaiters()) {
        bucket.lock();
        try {
          bucket.queueLocked().forEach(waiter -> found.add(new Found(waiter, waiter.key)));
        } finally {
          bucket.unlock();
        }
      }
    }
    return found.stream().map(one -> SleepingWaiter.of(one.waiter, one.key)).toList();
  }

  /** A waiter and where it stood: it is described without the lock, as that may run user code. */
  private record Found(Waiter waiter, Key key) {}

  /** The table, for tests of this package. */
  HashTable table() {
    return table;
  }

  private static void checkCount(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count + ": expected 0 or more");
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
