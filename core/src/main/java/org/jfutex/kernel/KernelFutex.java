package org.jfutex.kernel;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
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
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The futexes of the Linux kernel. A platform thread sleeps in the system call itself; virtual
 * threads and futures are served by {@link RingWaits} or {@link HelperWaits}.
 *
 * <p><b>Memory.</b> The kernel is given addresses and does all loads and comparisons itself: memory
 * that has gone is EFAULT, never a crash, also where a file was truncated under its mapping. A wait
 * checks that the arena is open and the thread's to use, and does not keep it open: it can be
 * closed while somebody waits, who sleeps on. A wake on a native word needs no memory; a wake, a
 * requeue or a wake-op on a word of a closed mapping is EFAULT, as only the mapping told which file
 * it was. Whoever closes memory in the very moment in which another thread makes a call on it may
 * let that call meet what is mapped there next; calls read only, but for a wake-op's target and the
 * words of locks.
 */
final class KernelFutex implements Futex {
  private static final AnyWait[] CHANGED_AT =
      IntStream.range(0, Sleeper.MAX_ENTRIES)
          .mapToObj(index -> new AnyWait(WaitStatus.CHANGED, index))
          .toArray(AnyWait[]::new);

  private final Waits waits;
  private final HelperWaits helpers;
  private final Capabilities capabilities;
  private final KernelRobust robust = new KernelRobust();

  /** With io_uring where that is possible. */
  KernelFutex() {
    this(Ring.orHelpers());
  }

  /** With a given way to serve what is not a platform thread. */
  KernelFutex(Waits waits) {
    this.waits = waits;
    this.helpers = waits instanceof HelperWaits same ? same : new HelperWaits();
    this.capabilities =
        new Capabilities(
            "kernel",
            Set.of(Integer.SIZE),
            Sleeper.MAX_ENTRIES,
            false,
            true,
            true,
            true,
            true,
            false,
            false,
            false,
            Capabilities.PiThreads.PLATFORM);
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public Observation observe(Word word, Runnable told) {
    throw new FutexException(
        Errno.ENOSYS, "the kernel wakes who waits and nobody else: expected a word of Futex.jvm()");
  }

  /** The waits that no thread of their own sleeps in, for tests. */
  List<KernelWait> served() {
    List<KernelWait> all = new ArrayList<>(waits.served());
    if (waits != helpers) {
      all.addAll(helpers.served());
    }
    return all;
  }

  /** Whether one of them is queued. */
  boolean isQueued(KernelWait wait) {
    return helpers.served().contains(wait) ? helpers.isQueued(wait) : waits.isQueued(wait);
  }

  /** The default method would do, but for one more call between two system calls. */
  @Override
  public WaitStatus await(Word word, long expected) {
    return Thread.currentThread().isVirtual()
        ? await(word, expected, Deadline.NEVER, WaitOptions.DEFAULT)
        : sleepOnOne(word, (int) expected, Deadline.NEVER, WaitOptions.MATCH_ANY);
  }

  @Override
  public WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options) {
    checkRank(options.rank());
    if (!Thread.currentThread().isVirtual()) {
      return sleepOnOne(word, (int) expected, deadline, options.bitset());
    }
    NativePlace place = place(word);
    checkReadable(place);
    try {
      return status(serveOne(place, (int) expected, deadline, options.bitset()), deadline, word);
    } finally {
      Reference.reachabilityFence(word); // its memory goes to nobody else while it is waited on
    }
  }

  private static WaitStatus sleepOnOne(Word word, int expected, Deadline deadline, int bitset) {
    NativePlace place = place(word);
    checkReadable(place);
    try {
      int result =
          InterruptibleSleeper.current().sleepInterruptibly(place, expected, bitset, deadline);
      return result == FutexCalls.EAGAIN
          ? WaitStatus.CHANGED
          : slept(result, place, expected, deadline, word);
    } finally {
      Reference.reachabilityFence(word); // likewise
    }
  }

  /** Off the straight line, which is then short enough to become part of the caller's code. */
  private static WaitStatus slept(
      int result, NativePlace place, int expected, Deadline deadline, Word word) {
    if (result == FutexCalls.ECANCELED) { // an interrupt came before the comparison
      int compared = compare(place, expected);
      return status(compared < 0 ? compared : FutexCalls.EINTR, deadline, word);
    }
    return status(result, deadline, word);
  }

  private int serveOne(NativePlace place, int expected, Deadline deadline, int bitset) {
    int compared = compare(place, expected);
    if (compared < 0) {
      return compared;
    }
    if (Outcome.isReached(deadline)) {
      return FutexCalls.ETIMEDOUT;
    }
    if (Thread.currentThread().isInterrupted()) {
      return FutexCalls.EINTR;
    }
    KernelWait.Entry[] entries = {new KernelWait.Entry(place, expected)};
    KernelWait wait = KernelWait.joined(entries, bitset, deadline);
    waits.start(wait);
    return wait.join(waits);
  }

  private static WaitStatus status(int result, Deadline deadline, Object word) {
    @Nullable WaitStatus status = Outcome.of(result);
    if (status == null) {
      throw Outcome.failure(result, word);
    }
    return status == WaitStatus.INTERRUPTED && Outcome.isReached(deadline)
        ? WaitStatus.TIMED_OUT
        : status;
  }

  private static int compare(NativePlace place, int expected) {
    return FutexCalls.compare(place.address(), place.isShared(), expected);
  }

  @Override
  public CompletableFuture<WaitStatus> awaitAsync(
      Word word, long expected, Deadline deadline, WaitOptions options) {
    checkRank(options.rank());
    NativePlace place = place(word);
    checkReadable(place);
    int compared = compare(place, (int) expected);
    if (compared < 0) {
      return CompletableFuture.completedFuture(status(compared, deadline, word));
    }
    if (Outcome.isReached(deadline)) {
      return CompletableFuture.completedFuture(WaitStatus.TIMED_OUT);
    }
    KernelFuture future =
        new KernelFuture(waits, place, (int) expected, options.bitset(), deadline);
    future.start();
    return future;
  }

  /**
   * The words are asked for where they are each time they are needed. What would be kept for that
   * of each wait lies in new memory, which costs more than to look it up.
   */
  @Override
  public AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline) {
    List<WaitEntry> words = List.copyOf(entries);
    int count = words.size();
    if (count == 0 || count > Sleeper.MAX_ENTRIES) {
      throw new FutexException(
          Errno.EINVAL, count + " entries: expected 1 to " + Sleeper.MAX_ENTRIES);
    }
    for (int i = 0; i < count; i++) {
      NativePlace _ = place(words.get(i).word());
    }
    try {
      return awaitAnyOf(words, deadline);
    } finally {
      Reference.reachabilityFence(words);
    }
  }

  private AnyWait awaitAnyOf(List<WaitEntry> words, Deadline deadline) {
    while (true) {
      int result = sleepOnAll(words, deadline);
      int changed =
          switch (result) {
            case FutexCalls.EAGAIN -> words.size() == 1 ? 0 : firstChanged(words, words.size());
            case FutexCalls.ECANCELED -> firstChanged(words, words.size());
            default -> -1; // they have been compared
          };
      if (changed >= 0) {
        return CHANGED_AT[changed];
      }
      if (result != FutexCalls.EAGAIN) {
        return new AnyWait(status(result, deadline, "one of the words"), Math.max(result, -1));
      } // otherwise the word that had changed holds its value again
    }
  }

  private int sleepOnAll(List<WaitEntry> words, Deadline deadline) {
    for (int i = 0; i < words.size(); i++) {
      try {
        place(words.get(i).word()).checkReadable();
      } catch (WordFault e) {
        if (firstChanged(words, i) >= 0) { // a word before it decides
          return FutexCalls.EAGAIN;
        }
        throw fault(e);
      }
    }
    if (Thread.currentThread().isVirtual()) {
      return serveAll(words, deadline);
    }
    InterruptibleSleeper sleeper = InterruptibleSleeper.current();
    for (int i = 0; i < words.size(); i++) {
      NativePlace place = place(words.get(i).word());
      sleeper.set(i, place.address(), place.isShared(), (int) words.get(i).expected());
    }
    return sleeper.sleepInterruptibly(words.size(), deadline);
  }

  private int serveAll(List<WaitEntry> words, Deadline deadline) {
    if (Thread.currentThread().isInterrupted()) {
      return FutexCalls.ECANCELED;
    }
    KernelWait.Entry[] places =
        words.stream()
            .map(entry -> new KernelWait.Entry(place(entry.word()), (int) entry.expected()))
            .toArray(KernelWait.Entry[]::new);
    KernelWait wait = KernelWait.joined(places, WaitOptions.MATCH_ANY, deadline);
    helpers.start(wait);
    return wait.join(helpers);
  }

  /** The first of some words that does not hold its value, -1 if all do. */
  private static int firstChanged(List<WaitEntry> words, int count) {
    for (int i = 0; i < count; i++) {
      Word word = words.get(i).word();
      int compared = compare(place(word), (int) words.get(i).expected());
      if (compared == FutexCalls.EAGAIN) {
        return i;
      }
      int _ = Outcome.count(compared, word);
    }
    return -1;
  }

  @Override
  public int wake(Word word, int count, int bitset) {
    checkCount(count);
    WaitOptions.checkBitset(bitset);
    NativePlace place = place(word);
    checkKnown(place);
    if (count == 0) {
      return 0;
    }
    return Outcome.count(FutexCalls.wake(place.address(), place.isShared(), count, bitset), word);
  }

  @Override
  public int requeue(Word from, int wake, Word to, int move) {
    checkCount(wake);
    checkCount(move);
    NativePlace source = place(from);
    NativePlace target = place(to);
    checkScopes(source, target);
    return Outcome.count(
        FutexCalls.requeue(source.address(), source.isShared(), wake, target.address(), move),
        from);
  }

  @Override
  public OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move) {
    checkCount(wake);
    checkCount(move);
    NativePlace source = place(from);
    NativePlace target = place(to);
    checkScopes(source, target);
    checkReadable(source);
    try {
      int result =
          FutexCalls.compareRequeue(
              source.address(), source.isShared(), (int) expected, wake, target.address(), move);
      return result == FutexCalls.EAGAIN
          ? OptionalInt.empty()
          : OptionalInt.of(Outcome.count(result, from));
    } finally {
      Reference.reachabilityFence(from);
    }
  }

  @Override
  public int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op) {
    checkCount(wake);
    checkCount(wakeTarget);
    NativePlace place = place(word);
    NativePlace changed = place(target);
    checkScopes(place, changed);
    try {
      changed.checkWritable();
      return Outcome.count(WakeOps.wakeOp(place, wake, changed, wakeTarget, op), target);
    } catch (WordFault e) {
      throw fault(e);
    } finally {
      Reference.reachabilityFence(target); // the kernel writes to it
    }
  }

  @Override
  public int ownerId() {
    return PiCalls.threadId();
  }

  @Override
  public LockStatus lockPi(Word word, Deadline deadline, int rank) {
    checkRank(rank);
    return PiCalls.lock(writable(word), deadline, word);
  }

  @Override
  public LockStatus tryLockPi(Word word) {
    return PiCalls.tryLock(writable(word), word);
  }

  @Override
  public void unlockPi(Word word) {
    PiCalls.unlock(writable(word), word);
  }

  @Override
  public LockStatus awaitRequeuePi(
      Word word, long expected, Word lock, Deadline deadline, int rank) {
    checkRank(rank);
    NativePlace place = place(word);
    NativePlace target = writable(lock);
    checkScopes(place, target);
    checkReadable(place);
    if (word.key().equals(lock.key())) { // at another address the kernel compares the value first
      throw new FutexException(Errno.EINVAL, word + ": expected another word than the lock");
    }
    try {
      return PiCalls.awaitRequeue(place, (int) expected, target, deadline, lock);
    } finally {
      Reference.reachabilityFence(word);
    }
  }

  @Override
  public OptionalInt compareRequeuePi(Word from, long expected, Word lock, int move) {
    checkCount(move);
    NativePlace source = place(from);
    NativePlace target = writable(lock);
    checkScopes(source, target);
    checkReadable(source);
    try {
      return PiCalls.compareRequeue(source, (int) expected, target, move, from);
    } finally {
      Reference.reachabilityFence(from);
      Reference.reachabilityFence(lock); // the kernel writes to it
    }
  }

  @Override
  public Robust robust() {
    return robust;
  }

  /** Where a word is that the kernel will write to. */
  private static NativePlace writable(Word word) {
    NativePlace place = place(word);
    try {
      place.checkWritable();
    } catch (WordFault e) {
      throw fault(e);
    }
    return place;
  }

  private static void checkCount(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count + ": expected 0 or more");
    }
  }

  private static void checkRank(int rank) {
    if (rank != 0) {
      throw new FutexException(
          Errno.ENOSYS,
          "rank " + rank + ": expected 0, as the kernel knows real-time priorities only");
    }
  }

  /** Where the kernel finds a word; others are refused. */
  private static NativePlace place(Word word) {
    @Nullable NativePlace place = word.nativePlace();
    if (place == null) {
      throw new FutexException(
          Errno.EINVAL, word + ": expected a word in a native memory segment or a mapped file");
    }
    if (word.bits() != Integer.SIZE) {
      throw new FutexException(
          Errno.EINVAL,
          word + " of " + word.bits() + " bits: expected 32, the kernel's only width");
    }
    return place;
  }

  private static void checkReadable(NativePlace place) {
    try {
      place.checkReadable();
    } catch (WordFault e) {
      throw fault(e);
    }
  }

  /** A shared word is known to the kernel by its mapping only, a private one by its address. */
  private static void checkKnown(NativePlace place) {
    if (place.isShared() && !place.isAlive()) {
      throw new FutexException(Errno.EFAULT, place + ": expected a mapping that is not closed");
    }
  }

  private static void checkScopes(NativePlace one, NativePlace other) {
    if (one.isShared() != other.isShared()) {
      throw new FutexException(
          Errno.EINVAL,
          one + " and " + other + ": expected both in mapped files, or both in other memory");
    }
    checkKnown(one);
    checkKnown(other);
  }

  private static FutexException fault(WordFault e) {
    return new FutexException(Errno.EFAULT, String.valueOf(e.getMessage()), e);
  }

  /** Opens the ring that {@link Futex#kernel()} uses. */
  private static final class Ring {
    private static final int ENTRIES = 256;
    private static final int COMPLETIONS = 4096;

    static Waits orHelpers() {
      try {
        return RingWaits.open(ENTRIES, COMPLETIONS);
      } catch (Uring.Refused e) {
        return new HelperWaits(); // io_uring is often refused in containers
      }
    }
  }
}
