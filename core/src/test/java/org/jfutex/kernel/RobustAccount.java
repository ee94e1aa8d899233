package org.jfutex.kernel;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jfutex.AnyWait;
import org.jfutex.Capabilities;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.Observation;
import org.jfutex.OwnerWord;
import org.jfutex.Robust;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.sync.RobustMutex;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Key;
import org.jfutex.word.MappedFile;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;

/**
 * What the processes of {@link RobustKillTest} share, and the process itself: a lock, a counter,
 * and for each process a slot with how many updates it has finished and whether it owned the lock
 * when it was killed.
 */
final class RobustAccount {
  static final int BYTES = 4096;

  private static final long LOCK = 0;
  private static final long STOP = 64;
  private static final long COUNTER = 128;
  private static final long INSIDE = 136;
  private static final long BROKEN = 192;
  private static final long TOLD = 200;
  private static final long OWNED = 208;
  private static final long SLOTS = 256;
  private static final long SLOT_BYTES = 64;
  private static final int SLOT_COUNT = 8;

  /** Locks that others of the process use. */
  private static final long MORE = 1024;

  private static final int MORE_COUNT = 64;

  private static final long SECTION_NANOS = 30_000;
  private static final long PAUSE_NANOS = 60_000;

  private static final int NR_KILL = 62;
  private static final int SIGKILL = 9;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MappedFile file;

  RobustAccount(MappedFile file) {
    this.file = file;
  }

  private long get(long offset) {
    return (long) LONG.getVolatile(file.segment(), offset);
  }

  private void set(long offset, long value) {
    LONG.setVolatile(file.segment(), offset, value);
  }

  private static long slot(int index) {
    return SLOTS + index * SLOT_BYTES;
  }

  void stop() {
    set(STOP, 1);
  }

  long broken() {
    return get(BROKEN);
  }

  long told() {
    return get(TOLD);
  }

  long ownedWhenKilled() {
    return get(OWNED);
  }

  /** How many updates each of the first processes has finished. */
  long[] finished(int count) {
    long[] finished = new long[count];
    for (int i = 0; i < count; i++) {
      finished[i] = get(slot(i));
    }
    return finished;
  }

  boolean isWhole() {
    return get(COUNTER) == sum();
  }

  private long sum() {
    return Arrays.stream(finished(SLOT_COUNT)).sum();
  }

  @Override
  public String toString() {
    return "lock 0x%x, counter %d, finished %s, told %d, owned %d, broken %d"
        .formatted(
            get(LOCK),
            get(COUNTER),
            Arrays.toString(finished(SLOT_COUNT)),
            told(),
            ownedWhenKilled(),
            broken());
  }

  /** The process. */
  public static void main(String[] arguments) throws Exception {
    try (MappedFile file = MappedFile.open(Path.of(arguments[0]), 0, BYTES)) {
      RobustAccount account = new RobustAccount(file);
      int slot = Integer.parseInt(arguments[1]);
      int point = Integer.parseInt(arguments[3]);
      Steps steps = account.new Steps(point);
      Runnable work = () -> account.work(slot, steps);
      Thread thread =
          ThreadKind.valueOf(arguments[2]) == ThreadKind.VIRTUAL
              ? Thread.ofVirtual().start(work)
              : Thread.ofPlatform().start(work);
      if (point != 0) { // it will be killed
        Thread.ofPlatform().daemon().start(account::changeTheList);
      }
      if (point < 0) { // at any moment, by another thread
        thread.join(1 + -point / 100);
        long end = System.nanoTime() - point * 1_000L;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        steps.killNow();
      }
      thread.join();
    } catch (Throwable e) {
      e.printStackTrace();
      throw e;
    }
  }

  /** So that a kill meets a list that changes, and words in it that others own or nobody does. */
  private void changeTheList() {
    Futex futex = Futex.kernel();
    for (int i = 0; get(STOP) == 0; i++) {
      Word word = Word.of(file, MORE + (long) Long.BYTES * (i % MORE_COUNT));
      RobustMutex mutex = RobustMutex.of(futex, word);
      if (mutex.tryLock() != LockStatus.BUSY) {
        mutex.unlock();
      }
      if (i % 16 == 0) {
        Sentinels.OF_PROCESS.unlinkIdle();
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void work(int slot, Steps steps) {
    RobustMutex mutex = RobustMutex.of(steps.new SteppedFutex(), steps.new SteppedWord());
    try {
      while (get(STOP) == 0) {
        update(slot, mutex.lock(), steps);
        mutex.unlock();
        LockSupport.parkNanos(PAUSE_NANOS); // the lock is a barging one: lets the others in
      }
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      set(BROKEN, -slot - 1L);
    }
  }

  /** The critical section: with the lock held. */
  private void update(int slot, LockStatus status, Steps steps) {
    if (status == LockStatus.OWNER_DIED) {
      set(TOLD, get(TOLD) + 1);
      set(COUNTER, sum()); // repairs what may be half done
      set(INSIDE, 0);
    }
    if (!isWhole() || get(INSIDE) != 0) {
      set(BROKEN, get(BROKEN) + 1);
    }
    set(INSIDE, slot + 1L);
    long end = System.nanoTime() + SECTION_NANOS;
    while (System.nanoTime() < end) {
      Thread.onSpinWait(); // so long that somebody waits when it ends
    }
    steps.at();
    set(COUNTER, get(COUNTER) + 1);
    steps.at();
    set(slot(slot), get(slot(slot)) + 1);
    steps.at();
    set(INSIDE, 0);
    steps.at();
  }

  /** Counts the steps of the lock and kills the process at one of them. */
  private final class Steps {
    private static final int UNARMED = 3;

    private final int point;
    private int rounds;
    private int step;
    private int id;

    Steps(int point) {
      this.point = point;
    }

    /** Stands before and behind every step. */
    void at() {
      if (rounds > UNARMED && ++step == point) {
        if (id != 0 && OwnerWord.owner(get(LOCK)) == id) {
          set(OWNED, get(OWNED) + 1); // who owns the lock is alone
        }
        killNow();
      }
    }

    void newRound() {
      rounds++;
    }

    void killNow() {
      long pid = ProcessHandle.current().pid();
      Syscalls.call(NR_KILL, pid, SIGKILL, 0);
    }

    /** The lock's word. */
    final class SteppedWord implements Word {
      private final Word word = Word.of(file, LOCK);

      @Override
      public int bits() {
        return word.bits();
      }

      @Override
      public long load() {
        at();
        long value = word.load();
        at();
        return value;
      }

      @Override
      public boolean compareAndSet(long expected, long value) {
        at();
        boolean set = word.compareAndSet(expected, value);
        at();
        return set;
      }

      @Override
      public Key key() {
        return word.key();
      }

      @Override
      public NativePlace nativePlace() {
        return word.nativePlace();
      }
    }

    /** The kernel's futexes, of which the lock uses two calls and the robust part. */
    final class SteppedFutex implements Futex {
      private final Futex futex = Futex.kernel();
      private final Robust robust = new SteppedRobust(futex.robust());

      @Override
      public Robust robust() {
        return robust;
      }

      @Override
      public WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options) {
        at();
        WaitStatus status = futex.await(word, expected, deadline, options);
        at();
        return status;
      }

      @Override
      public Capabilities capabilities() {
        return futex.capabilities();
      }

      @Override
      public CompletableFuture<WaitStatus> awaitAsync(
          Word word, long expected, Deadline deadline, WaitOptions options) {
        throw new UnsupportedOperationException();
      }

      @Override
      public AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Observation observe(Word word, Runnable told) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int wake(Word word, int count, int bitset) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int requeue(Word from, int wake, Word to, int move) {
        throw new UnsupportedOperationException();
      }

      @Override
      public OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int ownerId() {
        throw new UnsupportedOperationException();
      }

      @Override
      public LockStatus lockPi(Word word, Deadline deadline, int rank) {
        throw new UnsupportedOperationException();
      }

      @Override
      public LockStatus tryLockPi(Word word) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void unlockPi(Word word) {
        throw new UnsupportedOperationException();
      }

      @Override
      public LockStatus awaitRequeuePi(
          Word word, long expected, Word lock, Deadline deadline, int rank) {
        throw new UnsupportedOperationException();
      }

      @Override
      public OptionalInt compareRequeuePi(Word from, long expected, Word lock, int move) {
        throw new UnsupportedOperationException();
      }
    }

    /** The robust part. */
    final class SteppedRobust implements Robust {
      private final Robust robust;

      SteppedRobust(Robust robust) {
        this.robust = robust;
      }

      @Override
      public int enlist(Word word) {
        newRound();
        at();
        id = robust.enlist(word);
        at();
        return id;
      }

      @Override
      public void delist(Word word) {
        at();
        robust.delist(word);
        at();
      }

      @Override
      public <T> T attempt(Word word, Supplier<T> attempt) {
        at();
        T outcome = robust.attempt(word, attempt);
        at();
        return outcome;
      }

      @Override
      public void abandon(Word word) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void free(Word word) {
        at();
        robust.free(word);
        at();
      }
    }
  }
}
