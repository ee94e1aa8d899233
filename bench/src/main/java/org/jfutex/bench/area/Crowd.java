package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.LongStream;
import org.jfutex.bench.frame.Contender;

/**
 * Threads that take one lock again and again, with some work inside and more outside. What is
 * measured is told by the counts of what each of them got done.
 */
final class Crowd implements Contender {
  private static final int INSIDE = 10;
  private static final int OUTSIDE = 60;

  /** Counts are on cache lines of their own. */
  private static final int STRIDE = 16;

  /** The threads of a crowd. */
  record Shape(String name, int threads, Thread.Builder kind) {}

  /** What is made of the nanoseconds and the counts of a run; of both less is better. */
  enum Figure implements ToDoubleBiFunction<Long, long[]> {
    /** Nanoseconds for each section, of all threads together. */
    NANOS("ns") {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        return (double) nanos / LongStream.of(counts).sum();
      }
    },
    /** How many times the average is the smallest share. */
    SMALLEST_SHARE("avg/min") {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        return LongStream.of(counts).average().orElseThrow()
            / Math.max(0.5, (double) LongStream.of(counts).min().orElseThrow());
      }
    },
    /** The inverse of Jain's index: 1 if all shares are even, n if one of n has all. */
    JAIN("1/Jain") {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        double sum = LongStream.of(counts).sum();
        double squares = LongStream.of(counts).mapToDouble(count -> (double) count * count).sum();
        return squares * counts.length / (sum * sum);
      }
    };

    final String unit;

    Figure(String unit) {
      this.unit = unit;
    }
  }

  /** One lock: runs the work inside. */
  @FunctionalInterface
  interface Section {
    void run(Work work);
  }

  /** Work that cannot be left out; each thread has its own, and the lock guards one more. */
  static final class Work {
    private long state = 42;

    void spend(int tokens) {
      long t = state;
      for (int i = tokens; i > 0; i--) {
        t += (t * 0x5DEECE66DL + 0xBL + i) & 0xFFFFFFFFFFFFL;
      }
      state = t;
    }

    void inside() {
      spend(INSIDE);
    }
  }

  /*
   * State       isOver: false while a measurement runs. counts: one element for each thread.
   * Guards      isOver: volatile, written by the thread that measures. An element of counts is
   *             written by its thread, once, and read after that thread has been joined.
   * Lock order  none but the lock that is measured.
   * Ordering    start and join of the threads.
   * Progress    a thread ends after the section in which it finds that the measurement is over.
   * Callbacks   the section, which takes the lock that is measured.
   * Checked by  none.
   */
  private final Shape shape;
  private final Section section;
  private final Figure figure;
  private volatile boolean isOver;

  Crowd(Shape shape, Section section, Figure figure) {
    this.shape = shape;
    this.section = section;
    this.figure = figure;
  }

  @Override
  public double measure(long sliceNanos) {
    isOver = false;
    Work guarded = new Work();
    long[] counts = new long[shape.threads * STRIDE];
    CountDownLatch ready = new CountDownLatch(shape.threads);
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < shape.threads; i++) {
      int mine = i * STRIDE;
      threads.add(shape.kind.start(() -> work(guarded, ready, start, counts, mine)));
    }
    try {
      ready.await();
      long began = System.nanoTime();
      start.countDown();
      TimeUnit.NANOSECONDS.sleep(sliceNanos);
      isOver = true;
      long nanos = System.nanoTime() - began;
      for (Thread thread : threads) {
        thread.join();
      }
      return figure.applyAsDouble(
          nanos, LongStream.range(0, shape.threads).map(i -> counts[(int) i * STRIDE]).toArray());
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }

  private void work(
      Work guarded, CountDownLatch ready, CountDownLatch start, long[] counts, int mine) {
    Work own = new Work();
    ready.countDown();
    try {
      start.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
    long count = 0;
    while (!isOver) {
      section.run(guarded);
      own.spend(OUTSIDE);
      count++;
    }
    counts[mine] = count;
  }
}
