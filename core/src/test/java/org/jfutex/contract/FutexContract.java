package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.provider.Arguments;

/**
 * What every backend of {@link Futex} must do; the operations have a subclass each. Written against
 * the interface and the words alone. No test sleeps to put events in order: it waits until the
 * backend says that a waiter is queued.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class FutexContract {
  static final Deadline EXPIRED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private final Supplier<Backend> backends;
  Backend backend;
  Futex futex;
  Crew crew;

  /** With a source of backends: every test gets its own, so that a failure stays where it is. */
  FutexContract(Supplier<Backend> backends) {
    this.backends = backends;
    openBackend();
  }

  @BeforeEach
  final void openBackend() {
    backend = backends.get();
    futex = backend.futex();
    crew = new Crew();
  }

  @AfterEach
  void leaveNobodyBehind() {
    crew.close();
    backend.assertAtRest();
  }

  /** The kinds of word this backend can wait on. */
  Stream<WordKind> words() {
    return Arrays.stream(WordKind.values()).filter(this::isSupported);
  }

  /** The same for every kind of thread. */
  Stream<Arguments> wordsAndThreads() {
    return words()
        .flatMap(
            word -> Arrays.stream(ThreadKind.values()).map(thread -> Arguments.of(word, thread)));
  }

  /** Those words whose memory can go. */
  Stream<WordKind> wordsOutsideTheHeap() {
    return words().filter(kind -> !kind.isHeap());
  }

  private boolean isSupported(WordKind kind) {
    return futex.capabilities().widths().contains(kind.bits())
        && (futex.capabilities().heapWords() || !kind.isHeap());
  }

  /** A word that may stand in one call with one of a kind: the same kind, if need be. */
  Word partnerOf(WordKind kind) {
    return futex.capabilities().mixedScopes() ? word() : kind.fresh();
  }

  /** For tests of what bitsets do; that they are refused where they are missing is tested too. */
  void needsBitsets() {
    Assumptions.assumeTrue(
        futex.capabilities().bitsets(), "waiters of this backend have no bitset");
  }

  /** A word any backend can wait on. */
  static Word word() {
    return WordKind.NATIVE_32.fresh();
  }

  /** A deadline that no test reaches. */
  static Deadline far() {
    return Deadline.after(Delays.GIVE_UP.multipliedBy(10));
  }

  /** A deadline that is reached after a waiter has been queued. */
  static Deadline soon(ClockId clock) {
    return new Deadline(clock, Ticker.system().nanos(clock) + Delays.MEDIUM.toNanos());
  }

  /** Starts a thread that waits on a word that is 0, and returns when it is queued or has ended. */
  Job<WaitStatus> waiter(Word word) {
    return waiter(ThreadKind.PLATFORM, word, Deadline.NEVER, WaitOptions.DEFAULT);
  }

  Job<WaitStatus> waiter(ThreadKind kind, Word word) {
    return waiter(kind, word, Deadline.NEVER, WaitOptions.DEFAULT);
  }

  Job<WaitStatus> waiter(Word word, Deadline deadline) {
    return waiter(ThreadKind.PLATFORM, word, deadline, WaitOptions.DEFAULT);
  }

  Job<WaitStatus> waiter(Word word, WaitOptions options) {
    return waiter(ThreadKind.PLATFORM, word, Deadline.NEVER, options);
  }

  Job<WaitStatus> waiter(ThreadKind kind, Word word, Deadline deadline, WaitOptions options) {
    Job<WaitStatus> job = crew.start(kind, () -> futex.await(word, 0, deadline, options));
    untilQueued(word, job, 1);
    return job;
  }

  /**
   * Waits until a thread has entries on a word, or has gone already, as a deadline may be short.
   */
  void untilQueued(Word word, Job<?> job, int entries) {
    Crew.until(
        job.thread().getName() + " is queued on " + word,
        () -> backend.queued(word, job.thread()) == entries || job.isDone());
  }

  /** So many waiters, queued one after the other. */
  List<Job<WaitStatus>> waiters(Word word, int count) {
    return Stream.generate(() -> waiter(word)).limit(count).toList();
  }

  void untilQueued(Word word, int count) {
    Crew.until(count + " waiters on " + word, () -> backend.queued(word) == count);
  }

  /** Wakes one and asserts that it was this one, by joining it while the others sleep on. */
  void assertWakesNext(Word word, Job<WaitStatus> expected) {
    int before = backend.queued(word);
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(expected.join()).isEqualTo(WaitStatus.WOKEN);
    assertThat(backend.queued(word)).isEqualTo(before - 1);
  }

  /** Wakes one after the other and asserts the order. */
  void assertWakeOrder(Word word, List<Job<WaitStatus>> expected) {
    for (Job<WaitStatus> job : expected) {
      assertWakesNext(word, job);
    }
    assertThat(futex.wakeAll(word)).isZero();
  }

  /** The waker, or soon somebody after it, completes the future. */
  static void assertWoken(CompletableFuture<WaitStatus> wait) {
    Crew.until("a completion", wait::isDone);
    assertThat(wait).isCompletedWithValue(WaitStatus.WOKEN);
  }

  static void assertRefused(Errno errno, ThrowingCallable call) {
    assertThat(catchThrowableOfType(FutexException.class, call).errno()).isEqualTo(errno);
  }
}
