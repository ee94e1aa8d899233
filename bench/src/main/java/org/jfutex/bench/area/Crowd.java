package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.LongStream;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Statistics;

/**
 * Threads that take one lock again and again, with some work inside and more outside. What is
 * measured is told by the counts of what each of them got done.
 */
final class Crowd implements Contender {
  /** Counts are on cache lines of their own. */
  private static final int STRIDE = 16;

  /** The threads of a crowd, and the tokens of work that each spends inside and outside. */
  record Shape(String name, int threads, Thread.Builder kind, int inside, int outside) {
    Shape(String name, int threads, Thread.Builder kind) {
      this(name, threads, kind, Work.INSIDE, Work.OUTSIDE);
    }
  }

  /** What is made of the nanoseconds and the counts of a run. */
  enum Figure implements ToDoubleBiFunction<Long, long[]> {
    /** Nanoseconds for each section, of all threads together. */
    NANOS {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        return (double) nanos / Math.max(1, LongStream.of(counts).sum());
      }
    },
    /**
     * The smallest share, as a part of the average: 1 if all shares are even. Nothing done counts
     * as half a section, which can be divided by.
     */
    SMALLEST_SHARE {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        return Math.max(0.5, (double) LongStream.of(counts).min().orElseThrow())
            / Math.max(1, LongStream.of(counts).average().orElseThrow());
      }
    },
    /** Jain's index: 1 if all shares are even, 1/n if one of n has all. */
    JAIN {
      @Override
      public double applyAsDouble(Long nanos, long[] counts) {
        double sum = LongStream.of(counts).sum();
        double squares = LongStream.of(counts).mapToDouble(count -> (double) count * count).sum();
        return sum * sum / Math.max(1, counts.length * squares);
      }
    }
  }

  /** One lock: runs the work inside. */
  @FunctionalInterface
  interface Section {
    void run(Work work);
  }

  /** Work that cannot be left out; each thread has its own, and the lock guards one more. */
  static final class Work {
    static final int INSIDE = 10;
    static final int OUTSIDE = 60;

    private final Shape shape;
    private long state = 42;

    private Work(Shape shape) {
      this.shape = shape;
    }

    /** So many tokens of work, as of JMH's consumeCPU. */
    static long spend(long state, int tokens) {
      long t = state;
      for (int i = tokens; i > 0; i--) {
        t += (t * 0x5DEECE66DL + 0xBL + i) & 0xFFFFFFFFFFFFL;
      }
      return t;
    }

    void inside() {
      state = spend(state, shape.inside);
    }

    void outside() {
      state = spend(state, shape.outside);
    }
  }

  /*
   * State       isOver: false while a measurement runs. counts: one element for each thread.
   *             shares, evenness: of the measurements since the last note.
   * Guards      isOver: volatile, written by the thread that measures. An element of counts is
   *             written by its thread, once, and read after that thread has been joined. The
   *             others are of the thread that measures.
   * Lock order  none but the lock that is measured.
   * Ordering    start and join of the threads.
   * Progress    a thread ends after the section in which it finds that the measurement is over.
   * Callbacks   the section, which takes the lock that is measured.
   * Checked by  none.
   */
  private final Shape shape;
  private final Section section;
  private final Figure figure;
  private final List<Double> shares = new ArrayList<>();
  private final List<Double> evenness = new ArrayList<>();
  private volatile boolean isOver;

  Crowd(Shape shape, Section section, Figure figure) {
    this.shape = shape;
    this.section = section;
    this.figure = figure;
  }

  @Override
  public double measure(long sliceNanos) {
    isOver = false;
    Work guarded = new Work(shape);
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
      long[] each = LongStream.range(0, shape.threads).map(i -> counts[(int) i * STRIDE]).toArray();
      shares.add(Figure.SMALLEST_SHARE.applyAsDouble(nanos, each));
      evenness.add(Figure.JAIN.applyAsDouble(nanos, each));
      return figure.applyAsDouble(nanos, each);
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }

  /** How even the shares were, as medians. */
  @Override
  public String note() {
    if (shares.isEmpty()) {
      return "";
    }
    String note =
        String.format(
            Locale.ROOT,
            "min %.2f Jain %.2f",
            Statistics.median(shares),
            Statistics.median(evenness));
    shares.clear();
    evenness.clear();
    return note;
  }

  private void work(
      Work guarded, CountDownLatch ready, CountDownLatch start, long[] counts, int mine) {
    Work own = new Work(shape);
    ready.countDown();
    try {
      start.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
    long count = 0;
    section.run(guarded);
    while (!isOver) { // who got the lock only afterwards has starved
      count++;
      own.outside();
      section.run(guarded);
    }
    counts[mine] = count;
  }
}
