package org.jfutex.bench.area;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.Target;
import org.jfutex.word.Word;

/**
 * The shape of {@code perf bench futex lock-pi}: threads that take one priority-inheritance lock,
 * sleep for a microsecond inside, and release it.
 */
final class LockPi implements Area {
  private static final int THREADS = 2;
  private static final long INSIDE_NANOS = 1_000;

  @Override
  public String name() {
    return "lock-pi";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Case.nanos("lock, sleep, unlock, 2 threads", "engine", _ -> crowd(Futex.jvm(), heap()))
            .inEvents(0.4)
            .against(
                "perf bench futex lock-pi",
                Target.none(),
                _ -> Perf.perOperation(Perf.Shape.LOCK_PI, THREADS))
            .against(
                "kernel backend", Target.none(), _ -> crowd(KernelCall.kernel(), nativeWord())));
  }

  private static Word heap() {
    return Word.of(new int[1], 0);
  }

  private static Word nativeWord() {
    MemorySegment cell = Arena.ofAuto().allocate(64, 64);
    return Word.of(cell, 0);
  }

  /** The figure is nanoseconds for a pair of one thread, as perf's is of each thread's pairs. */
  private static Contender crowd(Futex futex, Word word) {
    return slice -> {
      AtomicBoolean isOver = new AtomicBoolean();
      AtomicLong pairs = new AtomicLong();
      List<Thread> threads = new ArrayList<>();
      long began = System.nanoTime();
      for (int i = 0; i < THREADS; i++) {
        threads.add(start(i, () -> pairs.addAndGet(repeat(futex, word, isOver))));
      }
      sleep(slice);
      isOver.set(true);
      Sleepers.join(threads);
      double nanos = System.nanoTime() - began;
      return nanos * THREADS / Math.max(1, pairs.get());
    };
  }

  private static long repeat(Futex futex, Word word, AtomicBoolean isOver) {
    long count = 0;
    do {
      if (futex.lockPi(word) != LockStatus.LOCKED) {
        throw new IllegalStateException(word + ": expected LOCKED");
      }
      sleep(INSIDE_NANOS);
      futex.unlockPi(word);
      count++;
    } while (!isOver.get());
    return count;
  }

  static void sleep(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }

  /** Starts a platform thread on a processor, by turns, as perf does. */
  static Thread start(int number, Runnable body) {
    BitSet before = Processors.allowed();
    int[] processors = before.stream().toArray();
    Processors.allow(Processors.only(processors[number % processors.length]));
    try {
      return Thread.ofPlatform().start(body);
    } finally {
      Processors.allow(before);
    }
  }
}
