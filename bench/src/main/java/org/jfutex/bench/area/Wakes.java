package org.jfutex.bench.area;

import java.lang.foreign.Arena;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.word.Word;

/**
 * What the shapes of {@code perf bench futex} that have many waiters are made of: threads that
 * sleep on a word, and calls that take them. Only the calls count, as in perf.
 */
final class Wakes {
  /** Of each case, as given to perf. */
  static final int WAITERS = 100;

  private Wakes() {}

  /** Who waits, and by which backend. */
  private enum Crowd {
    VIRTUAL("engine, virtual threads"),
    PLATFORM("engine, platform threads"),
    KERNEL("kernel backend");

    private final String text;

    Crowd(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }

    private Futex futex() throws SkippedException {
      return this == KERNEL ? KernelCall.kernel() : Futex.jvm();
    }

    private Word word() {
      return this == KERNEL
          ? Word.of(Arena.ofAuto().allocate(Integer.BYTES, Integer.BYTES), 0)
          : Word.of(new int[1], 0);
    }

    private Thread.Builder threads() {
      return this == VIRTUAL ? Thread.ofVirtual() : Thread.ofPlatform();
    }
  }

  /** Calls that take all waiters of a word, and afterwards whom they have left asleep is woken. */
  @FunctionalInterface
  interface Calls {
    /** Makes them; the other word is one to move waiters to. Returns the nanoseconds to count. */
    long nanos(Futex futex, Word word, Word other);
  }

  /** A shape: virtual threads against perf, and against the other crowds. */
  static Case shape(String name, Calls calls, String perf, Case.Opener peer) {
    return Case.of(
            name, "ns/waiter", Crowd.VIRTUAL.toString(), _ -> contender(Crowd.VIRTUAL, calls))
        .inEvents(0.3)
        .against(perf, Target.none(), peer)
        .against(Crowd.PLATFORM.toString(), Target.none(), _ -> contender(Crowd.PLATFORM, calls))
        .against(Crowd.KERNEL.toString(), Target.none(), _ -> contender(Crowd.KERNEL, calls));
  }

  private static Contender contender(Crowd crowd, Calls calls) throws SkippedException {
    Futex futex = crowd.futex();
    return new Events(() -> event(futex, crowd, calls));
  }

  private static double event(Futex futex, Crowd crowd, Calls calls) {
    Word word = crowd.word();
    Word other = crowd.word();
    Sleepers sleepers = Sleepers.start(WAITERS, crowd.threads(), () -> sleep(futex, word));
    Sleepers.awaitQueued(futex, word, WAITERS);
    double nanos = calls.nanos(futex, word, other);
    int _ = futex.wakeAll(other);
    sleepers.join();
    return nanos / WAITERS;
  }

  private static void sleep(Futex futex, Word word) {
    if (futex.await(word, 0) != WaitStatus.WOKEN) {
      throw new IllegalStateException(word + ": expected WOKEN");
    }
  }

  /** One after the other. */
  static long wakeEach(Futex futex, Word word) {
    long start = System.nanoTime();
    int woken = 0;
    while (woken < WAITERS) {
      woken += futex.wake(word, 1);
    }
    return System.nanoTime() - start;
  }

  /** By several threads, each its share in one call; the average of what these take. */
  static long wakeTogether(Futex futex, Word word, int wakers) {
    CountDownLatch start = new CountDownLatch(1);
    AtomicLong nanos = new AtomicLong();
    AtomicInteger woken = new AtomicInteger();
    Sleepers started =
        Sleepers.start(
            wakers,
            Thread.ofPlatform(),
            () -> {
              Gate.awaitLatch(start);
              long began = System.nanoTime();
              int _ = woken.addAndGet(futex.wake(word, WAITERS / wakers));
              long _ = nanos.addAndGet(System.nanoTime() - began);
            });
    started.awaitParked();
    start.countDown();
    started.join();
    if (woken.get() != WAITERS) {
      throw new IllegalStateException(woken + " woken: expected " + WAITERS);
    }
    return nanos.get() / wakers;
  }

  /** One after the other. */
  static long moveEach(Futex futex, Word word, Word other) {
    long start = System.nanoTime();
    int moved = 0;
    while (moved < WAITERS) {
      moved += futex.compareRequeue(word, 0, 0, other, 1).orElseThrow();
    }
    return System.nanoTime() - start;
  }
}
