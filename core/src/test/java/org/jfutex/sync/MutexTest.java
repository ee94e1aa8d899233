package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The same lock on both backends, in private and in shared words, with both kinds of thread. */
class MutexTest {
  private static final int ROUNDS = 2_000;
  private static final int THREADS = 4;

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void oneAtATime(Place place, ThreadKind kind) {
    for (long patienceNanos : new long[] {Long.MAX_VALUE, 0}) {
      Word word = place.word();
      Mutex mutex = new Mutex(place.cell(word), patienceNanos);
      int[] guarded = {0};
      try (Crew crew = new Crew()) {
        for (int i = 0; i < THREADS; i++) {
          crew.start(
              kind,
              () -> {
                for (int round = 0; round < ROUNDS; round++) {
                  lockInSomeWay(mutex, round);
                  guarded[0]++;
                  mutex.unlock();
                }
                return null;
              });
        }
        crew.joinAll();
      }
      assertThat(guarded[0]).isEqualTo(THREADS * ROUNDS);
      assertThat(word.load()).isZero();
      assertThat(place.backend().queued(word)).isZero();
    }
  }

  private static void lockInSomeWay(Mutex mutex, int round) throws InterruptedException {
    switch (round & 3) {
      case 0 -> mutex.lock();
      case 1 -> mutex.lockInterruptibly();
      case 2 -> {
        while (!mutex.tryLock(20, TimeUnit.MICROSECONDS)) {
          Thread.onSpinWait();
        }
      }
      default -> {
        if (!mutex.tryLock()) {
          mutex.lock();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void givesUpAtADeadlineAndWhenInterrupted(Place place, ThreadKind kind) throws Exception {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    mutex.lock();
    try (Crew crew = new Crew()) {
      assertThat(crew.start(kind, mutex::tryLock).join()).isFalse();
      assertThat(crew.start(kind, () -> mutex.tryLock(Deadline.after(Delays.SHORT))).join())
          .isFalse();
      assertThat(crew.start(kind, () -> mutex.tryLock(-1, TimeUnit.DAYS)).join()).isFalse();
      Crew.Job<Boolean> waits = crew.start(kind, () -> interruptedIn(mutex::lockInterruptibly));
      Crew.Job<Boolean> tries =
          crew.start(kind, () -> interruptedIn(() -> mutex.tryLock(Deadline.NEVER)));
      Crew.until("both wait", () -> place.backend().queued(word) == 2);
      waits.thread().interrupt();
      tries.thread().interrupt();
      assertThat(waits.join()).isTrue();
      assertThat(tries.join()).isTrue();
    }
    mutex.unlock();
    assertThat(mutex.tryLock(Deadline.after(0, TimeUnit.SECONDS))).isTrue();
    mutex.unlock();
    assertThat(word.load()).isZero();
    assertThat(place.backend().queued(word)).isZero();
  }

  /** A call that may be interrupted. */
  @FunctionalInterface
  private interface Call {
    void run() throws InterruptedException;
  }

  /** Whether it throws, and clears the flag. */
  private static boolean interruptedIn(Call call) {
    try {
      call.run();
      return false;
    } catch (InterruptedException e) {
      return !Thread.currentThread().isInterrupted();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void anInterruptEndsNoPlainLockAndIsKept(Place place, ThreadKind kind) {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    mutex.lock();
    try (Crew crew = new Crew()) {
      Crew.Job<Boolean> job =
          crew.start(
              kind,
              () -> {
                mutex.lock();
                mutex.unlock();
                return interruptedIn(mutex::lockInterruptibly);
              });
      Crew.until("it waits", () -> place.backend().queued(word) == 1);
      job.thread().interrupt();
      Crew.until(
          "it waits on", () -> !job.thread().isInterrupted() && place.backend().queued(word) == 1);
      mutex.unlock();
      assertThat(job.join()).isTrue();
    }
    assertThat(word.load()).isZero();
  }

  /** Everything that happens here has its order, however slow the machine. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void whoHasAskedIsNextAlthoughAnotherTries(Place place, ThreadKind kind) {
    Word word = place.word();
    Mutex mutex = new Mutex(place.cell(word), 0);
    AtomicBoolean served = new AtomicBoolean();
    for (boolean hasAsked = false; !hasAsked; ) {
      mutex.lock();
      served.set(false);
      try (Crew crew = new Crew()) {
        Crew.Job<?> waiter =
            crew.start(
                kind,
                () -> {
                  mutex.lock();
                  served.set(true);
                  mutex.unlock();
                  return null;
                });
        Crew.until("it waits", () -> place.backend().queued(word) == 1);
        mutex.unlock();
        if (mutex.tryLock()) { // the waiter was woken in vain, unless it was faster
          hasAsked = !served.get();
          Crew.until(
              "it has asked",
              () -> served.get() || word.holds(Mutex.ASKED) && place.backend().queued(word) == 1);
          mutex.unlock();
          Crew.until("the lock comes back", mutex::tryLock);
          assertThat(served).isTrue();
          mutex.unlock();
        }
        waiter.join();
      }
    }
    assertThat(word.load()).isZero();
  }

  /** On the engine; the kernel has no ranks for ordinary threads. */
  @ParameterizedTest
  @EnumSource
  void whoWasOvertakenIsBeforeThoseThatCameLater(ThreadKind kind) {
    Place place = Place.ENGINE_HEAP;
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    for (boolean wasOvertaken = false; !wasOvertaken; ) {
      Queue<Integer> served = new ConcurrentLinkedQueue<>();
      mutex.lock();
      try (Crew crew = new Crew()) {
        List<Crew.Job<?>> jobs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          int number = i;
          jobs.add(
              crew.start(
                  kind,
                  () -> {
                    mutex.lock();
                    served.add(number);
                    mutex.unlock();
                    return null;
                  }));
          Crew.until("it waits", () -> place.backend().queued(word) == number + 1);
        }
        mutex.unlock();
        if (mutex.tryLock()) {
          wasOvertaken = served.isEmpty(); // the first was woken in vain, unless it was faster
          Crew.until("the others wait", () -> served.size() + place.backend().queued(word) == 3);
          mutex.unlock();
        }
        jobs.forEach(Crew.Job::join);
      }
      assertThat(served.peek()).isZero();
    }
    assertThat(word.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void aHandOverToWhoHasGoneIsTakenBack(Place place, ThreadKind kind) {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    mutex.lock();
    WordKind.store(word, Mutex.ASKED); // by somebody who has given up since
    try (Crew crew = new Crew()) {
      Crew.Job<?> waiter =
          crew.start(
              kind,
              () -> {
                mutex.lock();
                mutex.unlock();
                return null;
              });
      Crew.until("it waits", () -> place.backend().queued(word) == 1);
      mutex.unlock();
      waiter.join();
    }
    assertThat(word.load()).isZero();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Place#withThreads")
  void aHandOverThatNobodyTakesEnds(Place place, ThreadKind kind) throws Exception {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    WordKind.store(word, Mutex.HANDED); // to one that was killed
    assertThat(mutex.isLocked()).isTrue();
    assertThat(mutex.tryLock()).isFalse();
    assertThatThrownBy(mutex::unlock).isInstanceOf(IllegalMonitorStateException.class);
    assertThat(mutex.tryLock(1, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(word.load()).isEqualTo(Mutex.HANDED);
    try (Crew crew = new Crew()) {
      crew.start(
              kind,
              () -> {
                mutex.lock();
                mutex.unlock();
                return null;
              })
          .join();
    }
    assertThat(word.load()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void misuseIsRefusedAndChangesNothing(Place place) {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    assertThatThrownBy(mutex::unlock)
        .isInstanceOf(IllegalMonitorStateException.class)
        .hasMessageContaining("is not locked");
    assertThat(word.load()).isZero();
    assertThat(mutex.isLocked()).isFalse();
    assertThat(mutex.tryLock()).isTrue();
    assertThat(mutex.isLocked()).isTrue();
    assertThat(mutex.tryLock()).isFalse();
    mutex.unlock();
    assertThat(word.load()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aWordThatIsNoMutexIsRefused(Place place) {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    for (int value : new int[] {5, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      WordKind.store(word, value);
      refused(Errno.EINVAL, mutex::lock);
      refused(Errno.EINVAL, mutex::unlock);
      assertThatThrownBy(() -> mutex.tryLock(Deadline.NEVER)).hasMessageContaining("" + value);
      assertThatThrownBy(mutex::lockInterruptibly).isInstanceOf(FutexException.class);
      assertThat(mutex.tryLock()).isFalse();
      assertThat((int) word.load()).isEqualTo(value);
    }
  }

  private static void refused(Errno errno, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void wordsOfTheWrongKindAreRefused() {
    var engine = Place.ENGINE_HEAP.backend().futex();
    refused(Errno.EINVAL, () -> Mutex.of(engine, WordKind.LONG_ARRAY.fresh()));
    refused(Errno.EINVAL, () -> Mutex.of(engine, WordKind.MAPPED_32.fresh()));
    refused(Errno.EINVAL, () -> Mutex.shared(WordKind.NATIVE_32.fresh()));
    refused(Errno.EINVAL, () -> Mutex.shared(WordKind.INT_ARRAY.fresh()));
  }

  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("try") // twice is what is tested
  void aGuardUnlocksOnce(Place place) {
    Word word = place.word();
    Mutex mutex = place.mutex(word);
    try (Mutex.Guard guard = mutex.acquire()) {
      assertThat(mutex.isLocked()).isTrue();
      guard.close();
      assertThat(mutex.tryLock()).isTrue(); // another one's
    }
    assertThat(mutex.isLocked()).isTrue();
    mutex.unlock();
  }

  @ParameterizedTest
  @EnumSource(names = {"ENGINE_NATIVE", "KERNEL_PRIVATE"})
  void whereTheMemoryHasGoneNobodyHangs(Place place) {
    Arena arena = Arena.ofShared();
    Word word = Word.of(arena.allocate(4, 4), 0);
    Mutex mutex = place.mutex(word);
    mutex.lock();
    try (Crew crew = new Crew()) {
      Crew.Job<Throwable> waiter = crew.start(() -> faultOf(mutex::lock));
      Crew.until("it waits", () -> place.backend().queued(word) == 1);
      arena.close();
      assertThat(faultOf(mutex::unlock)).isInstanceOf(WordFault.class);
      assertThat(place.backend().futex().wakeAll(word)).isEqualTo(1);
      assertThat(waiter.join()).isInstanceOfAny(WordFault.class, FutexException.class);
      assertThat(faultOf(mutex::lock)).isInstanceOf(WordFault.class);
      assertThat(faultOf(mutex::tryLock)).isInstanceOf(WordFault.class);
    }
  }

  private static Throwable faultOf(Runnable call) {
    try {
      call.run();
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }

  @Test
  void aMillionMutexesAreFourMillionBytes() {
    int[] cells = new int[1_000_000];
    var engine = Place.ENGINE_HEAP.backend().futex();
    for (int i = 0; i < cells.length; i++) {
      Mutex.of(engine, Word.of(cells, i)).lock();
    }
    assertThat(cells).containsOnly(Mutex.LOCKED);
    for (int i = 0; i < cells.length; i++) {
      Mutex.of(engine, Word.of(cells, i)).unlock();
    }
    assertThat(cells).containsOnly(Mutex.FREE);
  }

  @ParameterizedTest
  @EnumSource
  void lockAndUnlockMakeNoGarbage(Place place) {
    Mutex mutex = place.mutex(place.word());
    Allocation.assertNone(
        () -> {
          mutex.lock();
          mutex.unlock();
        });
    Crew.until("guards are made on the stack", () -> makesNoGarbage(mutex));
  }

  /** Only code compiled by the second compiler does, which may take some time to come to it. */
  private static boolean makesNoGarbage(Mutex mutex) {
    try {
      Allocation.assertNone(
          () -> {
            try (var _ = mutex.acquire()) {
              Thread.onSpinWait();
            }
          });
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }
}
