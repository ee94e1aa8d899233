package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random operations by many threads. Whatever happens, the counts that wakers return add up to the
 * waits that report WOKEN, and nobody is left.
 */
class EngineSoakTest {
  private static final int THREADS = 8;
  private static final int WORDS = 5;
  private static final long LONG_OPERATIONS = 10_000_000;

  @ParameterizedTest
  @EnumSource
  void countsAddUp(ThreadKind kind) {
    Soak soak = new Soak(kind, Long.MAX_VALUE, System.nanoTime() + Delays.SOAK.toNanos() / 2);
    assertThat(soak.run()).isGreaterThan(10_000);
  }

  @Test
  @Tag("long")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void countsAddUpOverTenMillionOperations() {
    Soak soak = new Soak(ThreadKind.PLATFORM, LONG_OPERATIONS, Long.MAX_VALUE);
    assertThat(soak.run()).isGreaterThanOrEqualTo(LONG_OPERATIONS);
  }

  /** One soak. */
  private static final class Soak {
    private final JvmFutex engine = new JvmFutex(2, Ticker.system());
    private final int[] cells = new int[WORDS];
    private final AtomicLong operations = new AtomicLong();
    private final AtomicLong counted = new AtomicLong();
    private final AtomicLong woken = new AtomicLong();
    private final AtomicReferenceArray<Thread> threads = new AtomicReferenceArray<>(THREADS);
    private final ThreadKind kind;
    private final long limit;
    private final long endNanos;
    private final long seed = System.nanoTime();

    Soak(ThreadKind kind, long limit, long endNanos) {
      this.kind = kind;
      this.limit = limit;
      this.endNanos = endNanos;
    }

    long run() {
      try (Crew crew = new Crew()) {
        List<Crew.Job<Worker>> jobs = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          Worker worker = new Worker(i, new SplittableRandom(seed + i));
          jobs.add(crew.start(kind, worker::work));
        }
        List<Worker> workers = jobs.stream().map(job -> job.join(Delays.GIVE_UP_LONG)).toList();
        workers.forEach(Worker::settle);
      }
      assertThat(counted.get()).as("seed %s", seed).isEqualTo(woken.get());
      assertThat(woken.get()).as("something was woken").isPositive();
      new EngineProbe(engine).assertAtRest();
      return operations.get();
    }

    /** One thread's part. */
    private final class Worker {
      private static final int BATCH = 64;
      private static final int PENDING = 8;

      private final int number;
      private final SplittableRandom random;
      private final List<CompletableFuture<WaitStatus>> pending = new ArrayList<>();
      private long myCounted;
      private long myWoken;

      Worker(int number, SplittableRandom random) {
        this.number = number;
        this.random = random;
      }

      Worker work() {
        threads.set(number, Thread.currentThread());
        while (operations.getAndAdd(BATCH) < limit && System.nanoTime() < endNanos) {
          for (int i = 0; i < BATCH; i++) {
            step();
          }
        }
        counted.addAndGet(myCounted);
        return this;
      }

      private void step() {
        switch (random.nextInt(16)) {
          case 0, 1, 2 -> report(engine.await(word(), 0, deadline(), options()));
          case 3 -> {
            // one entry only: of several, each taken one is counted
            AnyWait result = engine.awaitAny(List.of(new WaitEntry(word(), 0)), deadline());
            report(result.status());
          }
          case 4, 5 -> wait(engine.awaitAsync(word(), 0, deadlineOrNever(), options()));
          case 6 -> cancel();
          case 7, 8, 9 -> myCounted += engine.wake(word(), random.nextInt(3), bitset());
          case 10 -> myCounted += engine.requeue(word(), 1 + random.nextInt(2), word(), 0);
          case 11 -> engine.requeue(word(), 0, word(), random.nextInt(4));
          case 12 -> engine.compareRequeue(word(), 0, 0, word(), random.nextInt(4));
          case 13 -> myCounted += engine.wakeOp(word(), 1, word(), 1, flip());
          case 14 -> myCounted += engine.wakeAll(word());
          default -> interruptSomebody();
        }
        Thread.interrupted();
      }

      private void report(WaitStatus status) {
        myWoken += status == WaitStatus.WOKEN ? 1 : 0;
      }

      private void wait(CompletableFuture<WaitStatus> future) {
        pending.add(future);
        if (pending.size() > PENDING) {
          CompletableFuture<WaitStatus> oldest = pending.removeFirst();
          oldest.cancel(false);
          settle(oldest);
        }
      }

      private void cancel() {
        if (!pending.isEmpty()) {
          pending.get(random.nextInt(pending.size())).cancel(false);
        }
      }

      /** After all threads have ended: what is still pending is taken back. */
      void settle() {
        for (CompletableFuture<WaitStatus> future : pending) {
          future.cancel(false);
          settle(future);
        }
        woken.addAndGet(myWoken);
      }

      private void settle(CompletableFuture<WaitStatus> future) {
        if (!future.isCancelled()) {
          report(future.join());
        }
      }

      private void interruptSomebody() {
        Thread thread = threads.get(random.nextInt(THREADS));
        if (thread != null) {
          thread.interrupt();
        }
      }

      private Word word() {
        return Word.of(cells, random.nextInt(WORDS));
      }

      private Deadline deadline() {
        ClockId clock = random.nextBoolean() ? ClockId.MONOTONIC : ClockId.REALTIME;
        long nanos = random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(2_000);
        return new Deadline(clock, Ticker.system().nanos(clock) + nanos);
      }

      private Deadline deadlineOrNever() {
        return random.nextBoolean() ? Deadline.NEVER : deadline();
      }

      private WaitOptions options() {
        return new WaitOptions(bitset(), random.nextInt(3));
      }

      private int bitset() {
        return random.nextInt(3) == 0 ? 1 + random.nextInt(3) : WaitOptions.MATCH_ANY;
      }

      private WakeOp flip() {
        return new WakeOp(
            WakeOp.Operation.XOR, random.nextInt(2), WakeOp.Comparison.EQ, random.nextInt(2));
      }
    }
  }

  /** Interrupts as fast as they can be sent: every wait ends, none is woken, nobody is left. */
  @ParameterizedTest
  @EnumSource
  void anInterruptStormLeavesNobodyQueued(ThreadKind kind) {
    JvmFutex engine = new JvmFutex(1, Ticker.system());
    Word word = Word.of(new int[1], 0);
    long end = System.nanoTime() + Delays.MEDIUM.toNanos() * 2;
    try (Crew crew = new Crew()) {
      List<Crew.Job<Integer>> waiters = new ArrayList<>();
      for (int i = 0; i < THREADS / 2; i++) {
        waiters.add(
            crew.start(
                kind,
                () -> {
                  int interrupts = 0;
                  do {
                    assertThat(engine.await(word, 0)).isEqualTo(WaitStatus.INTERRUPTED);
                    assertThat(Thread.interrupted()).isTrue();
                    interrupts++;
                  } while (System.nanoTime() < end);
                  return interrupts;
                }));
      }
      while (waiters.stream().anyMatch(job -> !job.isDone())) {
        waiters.forEach(job -> job.thread().interrupt());
        Thread.yield();
      }
      assertThat(waiters).allSatisfy(job -> assertThat(job.join()).isPositive());
    }
    new EngineProbe(engine).assertAtRest();
  }

  /** glibc 25847, folly 2015: several signallers and waiters on one word, exact accounting. */
  @Test
  void signalChurnLosesAndInventsNothing() {
    JvmFutex engine = new JvmFutex(1, Ticker.system());
    int[] cells = new int[1];
    Word word = Word.of(cells, 0);
    int signals = 20_000;
    int writers = 4;
    AtomicLong woken = new AtomicLong();
    AtomicLong counted = new AtomicLong();
    AtomicLong writing = new AtomicLong(writers);
    try (Crew crew = new Crew()) {
      for (int i = 0; i < writers; i++) {
        crew.start(
            () -> {
              for (int signal = 0; signal < signals; signal++) {
                long old;
                do {
                  old = word.load();
                } while (!word.compareAndSet(old, old + 1));
                counted.addAndGet(engine.wake(word, 1));
              }
              writing.decrementAndGet();
              return null;
            });
        crew.start(
            ThreadKind.values()[i % 2],
            () -> {
              while (writing.get() > 0) {
                if (engine.await(word, word.load(), Deadline.after(Delays.SHORT))
                    == WaitStatus.WOKEN) {
                  woken.incrementAndGet();
                }
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(word.load()).isEqualTo(signals * writers);
    assertThat(woken.get()).isEqualTo(counted.get());
    new EngineProbe(engine).assertAtRest();
  }
}
