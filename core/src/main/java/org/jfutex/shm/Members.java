package org.jfutex.shm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jfutex.AnyWait;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.Robust;
import org.jfutex.WaitEntry;
import org.jfutex.WaitStatus;
import org.jfutex.kernel.Syscalls;
import org.jfutex.sync.RobustMutex;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * The processes that use a region. Each owns one of 64 robust words as long as it lives, which the
 * kernel marks when it ends. What a process holds is written down with its place and the number of
 * its attachment, its generation: so what a dead one held counts for nothing from the moment in
 * which the kernel has marked it, and nobody has to clean up.
 */
final class Members {
  /*
   * State       of each place, the word: 0 -> id|WAITERS       attached, by its process
   *                                      .. -> OWNER_DIED..    it is ending, by the kernel
   *                                      .. -> 0               it has detached
   *                                      OWNER_DIED.. -> 0     its threads have ended, by anybody,
   *                                                            if the generation is still the same
   *             its generation: grows before the word names another one.
   *             joins: grows after a word names somebody, and when somebody tells of a death.
   *             departures: always 0.
   * Guards      who takes a free place, and generations: the registry's lock. The word of a place
   *             that is taken: its process, and the kernel when it ends.
   * Lock order  registry; nothing is taken inside.
   * Ordering    a death wakes who waits:
   *             waiter                              a member
   *             reads joins, then all words  (V)    word = id|WAITERS
   *             looks whether it must wait          joins + 1, wakes all of joins    (V)
   *             sleeps while its own word, joins    takes what the waiter waits for
   *             and all words are what they were    dies: the kernel changes the word (V)
   *                                                 and wakes one
   *             Who was there when the waiter read is in the vector, who came later changes
   *             joins: a death is either seen by the looking or ends the sleep.
   *             Threads of a process that is killed may still be queued, and be given a wake of
   *             which they make nothing: that of another death, or of a mutex. When such a thread
   *             ends, the kernel wakes one who waits for departures (D), the pending slot of
   *             whoever waits: the last one to end wakes one that lives. Who is woken there or by a
   *             place tells all others, and names departures until it has. In the vector departures
   *             and the places come last, as the last entry that was woken is known: such a wake is
   *             hidden by another such wake only. Departures comes before the places: who is
   *             queued for what the wake was for, but not there yet, compares the places after it.
   *             They have changed, or the mark is still to come and tells all, or it came before
   *             the watch: then the sleep is short (E).
   * Progress    the kernel wakes one waiter of the dead one's word; whoever was woken for a death
   *             changes joins and wakes all of it (T), and who was woken there tells nobody. A
   *             waiter that is stopped (SIGSTOP) passes nothing on until it goes on. While a dead
   *             member has threads (E) a sleep is short, which covers what they take along as
   *             well. Who is no member yet waits for the registry alone, and shortly: nobody is
   *             told of its end, so it may not be given a wake that others need.
   * Callbacks   none.
   * Checked by  MembersTest, RegionKillTest, RegionStepTest.
   */

  /** How many processes can be attached at a time; with four more words it fits futex_waitv. */
  static final int MOST = 64;

  /** The bytes of a place. */
  static final long BYTES = 64;

  /** How often its own word pins the file. */
  static final int PINS = 1;

  private static final long AT_GENERATION = 4;
  private static final long AT_PID = 8;
  private static final long AT_LANGUAGE = 12;
  private static final long AT_START = 16;
  private static final int JAVA = 1;
  private static final int PID = (int) ProcessHandle.current().pid();
  private static final long WORD_MASK = 0xffff_ffffL;
  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int NR_KILL = 62;

  private static final Futex FUTEX = Futex.kernel();
  private static final Robust ROBUST = FUTEX.robust();

  private final MappedFile file;
  private final UnaryOperator<Word> seam;
  private final Word[] words = new Word[MOST];
  private final Word[] generations = new Word[MOST];
  private final Word[] pids = new Word[MOST];
  private final Word joins;
  private final Word departures;
  private final RobustMutex registry;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread keeper;
  private final CompletableFuture<Place> attached = new CompletableFuture<>();
  private final Place mine;

  /** A place, and the attachment that had it. */
  record Place(int index, int generation) {}

  /** Attaches this process; the seam makes each word of the real one. */
  Members(MappedFile file, UnaryOperator<Word> seam) {
    this.file = file;
    this.seam = seam;
    for (int i = 0; i < MOST; i++) {
      words[i] = word(at(i), Integer.SIZE);
      generations[i] = word(at(i) + AT_GENERATION, Integer.SIZE);
      pids[i] = word(at(i) + AT_PID, Integer.SIZE);
    }
    joins = word(Header.JOINS, Integer.SIZE);
    departures = word(Header.DEPARTURES, Integer.SIZE);
    registry = registry(word(Header.REGISTRY, Integer.SIZE));
    // it owns the word: the thread that opens the region may end before the process does
    keeper = Thread.ofPlatform().daemon().name("jfutex-member").start(this::keep);
    mine = join(attached);
  }

  private Word word(long offset, int bits) {
    return seam.apply(Word.of(file, offset, bits));
  }

  private static Place join(CompletableFuture<Place> attached) {
    try {
      return attached.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private static long at(int index) {
    return Header.MEMBERS + index * BYTES;
  }

  private void keep() {
    Place place;
    try {
      place = attach();
    } catch (RuntimeException | Error e) {
      attached.completeExceptionally(e);
      return;
    }
    attached.complete(place);
    while (true) {
      try {
        closing.await();
        break;
      } catch (InterruptedException e) {
        // nobody has a reason to; the word is kept as long as the region is open
      }
    }
    Word word = words[place.index];
    ROBUST.free(word);
    ROBUST.delist(word);
    tellAll();
  }

  /** Ends the sleep of all who wait. */
  private void tellAll() {
    int _ = Cells.increment(joins); // (T) for who is not asleep yet
    int _ = FUTEX.wakeAll(joins);
  }

  private Place attach() {
    LockStatus status = registry.lock();
    if (!status.isLocked()) {
      throw new IllegalStateException("attaching ended with " + status);
    }
    try {
      for (int i = 0; i < MOST; i++) {
        if (isFree(i) && take(i)) {
          tellAll();
          return new Place(i, load(generations[i]));
        }
      }
    } finally {
      registry.unlock();
    }
    throw new FutexException(
        Errno.EAGAIN,
        "%d processes use the region, or have not ended yet: expected fewer".formatted(MOST));
  }

  private boolean take(int index) {
    if (Cells.increment(generations[index]) == 0) {
      int _ = Cells.increment(generations[index]); // 0 is nobody's
    }
    Cells.set(pids[index], PID);
    Cells.set(word(at(index) + AT_LANGUAGE, Integer.SIZE), JAVA);
    Cells.set(start(index), Procfs.startOfSelf());
    int id = ROBUST.enlist(words[index]);
    boolean taken = words[index].compareAndSet(0, id | OwnerWord.WAITERS);
    if (!taken) {
      ROBUST.delist(words[index]);
    }
    return taken;
  }

  private Word start(int index) {
    return word(at(index) + AT_START, Long.SIZE);
  }

  /**
   * Whether a place is nobody's. That of a process that has died becomes so when all its threads
   * have ended.
   */
  private boolean isFree(int index) {
    Word whole = word(at(index), Long.SIZE); // the word, and its generation above
    long place = whole.load();
    if (OwnerWord.owner(place) != 0) {
      return false;
    }
    if ((int) place != 0) {
      if (!Procfs.hasEnded(load(pids[index]), start(index).load())) {
        return false;
      }
      boolean _ = whole.compareAndSet(place, place & ~WORD_MASK); // or another has
    }
    return true;
  }

  /** Detaches this process. */
  @SuppressWarnings("ThreadJoinLoop") // the loop it suggests, without the library
  void close() {
    closing.countDown();
    boolean interrupted = false;
    while (keeper.isAlive()) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** This process. */
  Place mine() {
    return mine;
  }

  /** Whether an attachment has not ended. */
  boolean isAlive(int index, int generation) {
    return OwnerWord.owner(load(words[index])) != 0 && load(generations[index]) == generation;
  }

  /** The process ids of who is attached, as they state them. */
  List<Integer> pids() {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < MOST; i++) {
      if (OwnerWord.owner(load(words[i])) != 0) {
        found.add(load(pids[i]));
      }
    }
    return found;
  }

  private static int load(Word word) {
    return (int) word.load();
  }

  /** A robust mutex whose waiters are told of deaths: one of them may have taken a wake along. */
  RobustMutex mutex(Word word) {
    return RobustMutex.of(
        FUTEX,
        word,
        (expected, deadline) -> {
          checkOwner(word, (int) expected);
          return watch().await(word, (int) expected, deadline);
        });
  }

  /** That of who is no member yet: a wait is short, as nobody is told of the caller's end. */
  private static RobustMutex registry(Word word) {
    return RobustMutex.of(
        FUTEX,
        word,
        (expected, deadline) -> {
          checkOwner(word, (int) expected);
          WaitStatus end = FUTEX.await(word, expected, soonerThan(deadline));
          return end == WaitStatus.TIMED_OUT ? unlessOver(deadline) : end;
        });
  }

  private static Deadline soonerThan(Deadline deadline) {
    Ticker ticker = Ticker.system();
    return deadline.remainingNanos(ticker) < SHORT_NANOS
        ? deadline
        : Deadline.afterNanos(SHORT_NANOS, ticker);
  }

  /** Others may change the words all the time: the caller's time counts nevertheless. */
  private static WaitStatus unlessOver(Deadline deadline) {
    if (deadline.isReached(Ticker.system())) {
      return WaitStatus.TIMED_OUT;
    }
    return Thread.currentThread().isInterrupted() ? WaitStatus.INTERRUPTED : WaitStatus.CHANGED;
  }

  /**
   * Refuses to wait for nobody: a thread leaves its locks before it gives up its id, so a word that
   * goes on to name one that does not exist has been overwritten.
   *
   * @throws FutexException with EINVAL if the word holds the value and names such a thread
   */
  static void checkOwner(Word word, int value) {
    int owner = OwnerWord.owner(value);
    if (Syscalls.call(NR_KILL, owner, 0, 0) == -Errno.ESRCH.number() && load(word) == value) {
      throw new FutexException(
          Errno.EINVAL, "%s names thread %d, which does not exist".formatted(word, owner));
    }
  }

  /** Who is there now. To be made before looking whether to wait. */
  Watch watch() {
    return new Watch();
  }

  /** Who was there when it was made: a wait that ends when one of them does, or another comes. */
  final class Watch {
    private final int joined = load(joins); // (V) first
    private final int[] values = new int[MOST]; // 0 where there is nobody to be watched
    private final boolean isSomebodyEnding;

    private Watch() {
      boolean ending = false;
      for (int i = 0; i < MOST; i++) {
        int value = load(words[i]); // (V) pairs with the kernel's mark
        if (OwnerWord.owner(value) == 0) {
          ending |= !isFree(i); // (E) before the look
        } else if (load(pids[i]) != PID) { // nobody is told of the end of its own process
          values[i] = value;
        }
      }
      isSomebodyEnding = ending;
    }

    /**
     * Sleeps while a word holds a value and nobody has died or come since this was made. The region
     * is in use meanwhile, see {@link SharedRegion#use}.
     *
     * @return WOKEN or CHANGED, which both mean to look again; TIMED_OUT or INTERRUPTED
     */
    WaitStatus await(Word word, int expected, Deadline deadline) {
      return await(word, expected, deadline, null, 0);
    }

    /** Likewise, and while the word of a robust mutex, with WAITERS set, holds a value. */
    WaitStatus await(
        Word word, int expected, Deadline deadline, @Nullable Word owned, int ownedValue) {
      List<WaitEntry> entries = new ArrayList<>();
      entries.add(new WaitEntry(joins, joined));
      entries.add(new WaitEntry(word, expected));
      if (owned != null) {
        entries.add(new WaitEntry(owned, ownedValue));
      }
      int deaths = entries.size(); // (D) from here on
      entries.add(new WaitEntry(departures, 0));
      for (int i = 0; i < MOST; i++) {
        if (values[i] != 0) {
          entries.add(new WaitEntry(words[i], values[i]));
        }
      }
      Deadline end = isSomebodyEnding ? soonerThan(deadline) : deadline;
      WaitStatus status = ROBUST.attempt(departures, () -> sleep(entries, end, deaths)); // (D)
      return status == WaitStatus.CHANGED || status == WaitStatus.TIMED_OUT
          ? unlessOver(deadline)
          : status;
    }

    private WaitStatus sleep(List<WaitEntry> entries, Deadline deadline, int deaths) {
      AnyWait end = FUTEX.awaitAny(entries, deadline);
      if (end.status() == WaitStatus.WOKEN && end.index() >= deaths) { // the last that was woken
        tellAll(); // (T)
      }
      return end.status();
    }
  }
}
