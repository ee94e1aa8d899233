package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jfutex.Futex;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is promised of waits in the kernel beyond the contract: no wake lost, no carrier held. */
class KernelWaitTest {
  private static final int CROWD = 1_000;
  private static final int STORM_ROUNDS = 500;

  static Stream<Named<Supplier<Backend>>> backends() {
    return Stream.of(
        Named.of("io_uring", KernelProbe::withRing), Named.of("helpers", KernelProbe::withHelpers));
  }

  @Test
  void callsThatDoNotSleepAllocateNothing() {
    Futex futex = KernelProbe.withRing().futex();
    for (WordKind kind : List.of(WordKind.NATIVE_32, WordKind.MAPPED_32)) {
      Word word = kind.fresh(1);
      Allocation.assertNone(() -> check(futex.wake(word, 1) == 0));
      Allocation.assertNone(() -> check(futex.requeue(word, 1, word, 1) == 0));
      Allocation.assertNone(() -> check(futex.await(word, 0) == WaitStatus.CHANGED));
    }
  }

  @Test
  void aSleepOfAPlatformThreadAllocatesNothing() {
    Futex futex = KernelProbe.withRing().futex();
    Word word = WordKind.NATIVE_32.fresh();
    AtomicBoolean stop = new AtomicBoolean();
    try (Crew crew = new Crew()) {
      Job<Void> waker =
          crew.start(
              () -> {
                while (!stop.get()) {
                  futex.wake(word, 1);
                }
                return null;
              });
      try {
        Deadline far = Deadline.after(Delays.GIVE_UP_LONG);
        Allocation.assertNone(
            2_000, 1_000, () -> check(futex.await(word, 0, far) == WaitStatus.WOKEN));
      } finally {
        stop.set(true);
      }
      waker.join();
    }
  }

  /** Two waits served together, both woken before either returns: none may be forgotten. */
  @ParameterizedTest
  @MethodSource("backends")
  void twoWakesOnTwoWordsOfOneGroupEndBothWaits(Supplier<Backend> backends) {
    wakePairs(backends.get().futex(), 2_000, Delays.GIVE_UP);
  }

  @ParameterizedTest
  @MethodSource("backends")
  @Tag("long")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void twoWakesOnTwoWordsEndBothWaitsHundredThousandTimes(Supplier<Backend> backends) {
    wakePairs(backends.get().futex(), 100_000, Delays.GIVE_UP_LONG);
  }

  private static void wakePairs(Futex futex, int rounds, java.time.Duration limit) {
    List<Word> words = Stream.generate(WordKind.MAPPED_32::fresh).limit(2).toList();
    try (Crew crew = new Crew()) {
      List<Job<Void>> waiters = new ArrayList<>();
      for (Word word : words) {
        waiters.add(
            crew.start(
                ThreadKind.VIRTUAL,
                () -> {
                  for (int i = 0; i < rounds; i++) {
                    assertThat(futex.await(word, 0)).isEqualTo(WaitStatus.WOKEN);
                  }
                  return null;
                }));
      }
      for (int i = 0; i < rounds; i++) {
        boolean[] woken = new boolean[2]; // each once, when it has come
        Crew.until(
            "both waiters in round " + i,
            () -> {
              woken[0] = woken[0] || futex.wake(words.get(0), 1) == 1;
              woken[1] = woken[1] || futex.wake(words.get(1), 1) == 1;
              return woken[0] && woken[1];
            });
      }
      waiters.forEach(waiter -> waiter.join(limit));
    }
  }

  /** More sleepers than carriers, and more completions than a ring has room for. */
  @ParameterizedTest
  @MethodSource("backends")
  void aThousandVirtualThreadsSleepWhileOthersRunAndNothingIsBusy(Supplier<Backend> backends) {
    Backend backend = backends.get();
    Futex futex = backend.futex();
    List<Word> words = Stream.generate(WordKind.MAPPED_32::fresh).limit(CROWD).toList();
    try (Crew crew = new Crew()) {
      List<Job<WaitStatus>> sleepers =
          words.stream()
              .map(word -> crew.start(ThreadKind.VIRTUAL, () -> futex.await(word, 0)))
              .toList();
      for (int i = 0; i < CROWD; i++) {
        Word word = words.get(i);
        Crew.until("sleeper " + i, () -> backend.queued(word) == 1);
      }
      List<Job<Integer>> runners =
          IntStream.range(0, 50)
              .mapToObj(_ -> crew.start(ThreadKind.VIRTUAL, KernelWaitTest::hops))
              .toList();
      runners.forEach(runner -> assertThat(runner.join()).isEqualTo(100));
      assertThat(leastCpuNanos()).isLessThan(Delays.SHORT.toNanos() / 4);
      words.forEach(word -> assertThat(futex.wake(word, 1)).isEqualTo(1));
      sleepers.forEach(sleeper -> assertThat(sleeper.join()).isEqualTo(WaitStatus.WOKEN));
    }
    backend.assertAtRest();
  }

  private static int hops() {
    int hops = 0;
    while (hops < 100) {
      Thread.yield();
      hops++;
    }
    return hops;
  }

  /** What this process uses in a tenth of a second, compilers and collectors left out by luck. */
  private static long leastCpuNanos() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 30; i++) {
      long before = system.getProcessCpuTime();
      pause();
      least = Math.min(least, system.getProcessCpuTime() - before);
    }
    return least;
  }

  private static void pause() {
    try {
      Thread.sleep(Delays.MEDIUM);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSmallRingServesMoreWaitsThanItHasRoomFor() throws Exception {
    KernelFutex futex = new KernelFutex(RingWaits.open(4, 8));
    Word word = WordKind.NATIVE_32.fresh();
    try (Crew _ = new Crew()) {
      List<CompletableFuture<WaitStatus>> waits = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        waits.add(futex.awaitAsync(word, 0, farAway(), WaitOptions.DEFAULT));
      }
      assertThat(futex.wakeAll(word)).isEqualTo(300);
      for (CompletableFuture<WaitStatus> wait : waits) {
        assertThat(wait.get(30, TimeUnit.SECONDS)).isEqualTo(WaitStatus.WOKEN);
      }
    }
    assertThat(futex.served()).isEmpty();
  }

  private static Deadline farAway() {
    return Deadline.after(Delays.GIVE_UP_LONG);
  }

  /** Interrupts and wakes at random: what wakers count is what waiters report. */
  @ParameterizedTest
  @MethodSource("backends")
  void countsStayExactInAStormOfInterrupts(Supplier<Backend> backends) {
    Backend backend = backends.get();
    Futex futex = backend.futex();
    Word word = WordKind.NATIVE_32.fresh();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong reported = new AtomicLong();
    AtomicLong interrupted = new AtomicLong();
    long counted = 0;
    try (Crew crew = new Crew()) {
      List<Job<Void>> waiters = new ArrayList<>();
      for (ThreadKind kind : ThreadKind.values()) {
        for (int i = 0; i < 2; i++) {
          waiters.add(
              crew.start(
                  kind,
                  () -> {
                    while (!stop.get()) {
                      switch (futex.await(word, 0)) {
                        case WOKEN -> reported.incrementAndGet();
                        case INTERRUPTED -> {
                          assertThat(Thread.interrupted()).isTrue();
                          interrupted.incrementAndGet();
                        }
                        default -> throw new AssertionError("neither woken nor interrupted");
                      }
                    }
                    return null;
                  }));
        }
      }
      SplittableRandom random = new SplittableRandom();
      while (interrupted.get() < STORM_ROUNDS || reported.get() < STORM_ROUNDS) {
        waiters.get(random.nextInt(waiters.size())).thread().interrupt();
        counted += futex.wake(word, random.nextInt(3));
      }
      stop.set(true);
      WordKind.store(word, 0);
      while (waiters.stream().anyMatch(waiter -> !waiter.isDone())) {
        counted += futex.wakeAll(word);
      }
    }
    assertThat(reported.get()).isEqualTo(counted);
    backend.assertAtRest();
  }

  /** An interrupt that comes when its wait has ended must not end the next one. */
  @Test
  void aLateCancelMakesAPlatformThreadLookOnceMore() {
    Backend backend = KernelProbe.withRing();
    Futex futex = backend.futex();
    Word word = WordKind.NATIVE_32.fresh();
    try (Crew crew = new Crew()) {
      CompletableFuture<Sleeper> sleeper = new CompletableFuture<>();
      Job<WaitStatus> waiter =
          crew.start(
              () -> {
                sleeper.complete(InterruptibleSleeper.current());
                InterruptibleSleeper.current().cancel(); // before the wait
                return futex.await(word, 0);
              });
      for (int i = 0; i < 100; i++) {
        Crew.until("a sleeper", () -> backend.queued(word) == 1);
        sleeper.join().cancel(); // in the wait
      }
      Crew.until("a sleeper", () -> backend.queued(word) == 1);
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      assertThat(waiter.join()).isEqualTo(WaitStatus.WOKEN);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void countsStayExactWhenFuturesAreCancelled(Supplier<Backend> backends) {
    Backend backend = backends.get();
    Futex futex = backend.futex();
    Word word = WordKind.MAPPED_32.fresh();
    SplittableRandom random = new SplittableRandom();
    try (Crew crew = new Crew()) {
      for (int round = 0; round < STORM_ROUNDS; round++) {
        List<CompletableFuture<WaitStatus>> waits =
            Stream.generate(() -> futex.awaitAsync(word, 0, farAway(), WaitOptions.DEFAULT))
                .limit(4)
                .toList();
        CompletableFuture<WaitStatus> cancelled = waits.get(random.nextInt(4));
        Job<Boolean> canceller = crew.start(() -> cancelled.cancel(false));
        int woken = futex.wake(word, random.nextInt(4));
        boolean hasLeft = canceller.join();
        woken += futex.wakeAll(word);
        assertThat(woken).isEqualTo(hasLeft ? 3 : 4);
        for (CompletableFuture<WaitStatus> wait : waits) {
          Crew.until("a completion", wait::isDone);
          assertThat(wait.isCancelled()).isEqualTo(hasLeft && wait == cancelled);
        }
      }
    }
    backend.assertAtRest();
  }

  /** What cannot be overridden completes the future first; its wake goes to the next in line. */
  @ParameterizedTest
  @EnumSource
  void aFutureCompletedBehindItsBackLeavesTheQueue(ThreadKind thread) {
    Backend backend = KernelProbe.withRing();
    Word word = WordKind.NATIVE_32.fresh();
    try (Crew crew = new Crew()) {
      crew.start(
              thread,
              () ->
                  backend
                      .futex()
                      .awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT)
                      .completeAsync(() -> WaitStatus.TIMED_OUT)
                      .join())
          .join();
      Crew.until("an empty queue", () -> backend.queued(word) == 0);
      Crew.until("nobody served", () -> ((KernelFutex) backend.futex()).served().isEmpty());
    }
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError();
    }
  }
}
