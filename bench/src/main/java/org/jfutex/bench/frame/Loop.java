package org.jfutex.bench.frame;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * A contender that repeats one operation on one thread; its figure is nanoseconds of processor time
 * per operation, so that the time other programs take away from the thread does not count.
 *
 * <p>The operation runs in batches. A batch is a method called often, so that it is compiled as a
 * method and not in the middle of its only loop; its machine code is kept apart from this class by
 * the flags of the JVM ({@code CaseProcess}).
 */
public final class Loop implements Contender {
  /** At most; fewer where they would take longer than a slice. */
  private static final int BATCH = 1024;

  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  private final String name;
  private final Body body;
  private double nanosPerOperation = 100_000; // a careful first guess, for interpreted code
  private long bytes;
  private long bytesOf;

  /** A batch of the operation. */
  @FunctionalInterface
  public interface Body {
    /**
     * Repeats the operation.
     *
     * @param operations how often
     * @return how many of them gave the result they must give
     */
    long run(int operations);
  }

  /**
   * A loop.
   *
   * @param name what is repeated, for errors
   * @param body the batch
   */
  public Loop(String name, Body body) {
    this.name = name;
    this.body = body;
  }

  @Override
  public double measure(long sliceNanos) {
    int batch = Math.clamp(Math.round(sliceNanos / nanosPerOperation), 1, BATCH);
    long batches = Math.max(1, Math.round(sliceNanos / (nanosPerOperation * batch)));
    long right = 0;
    long before = THREADS.getCurrentThreadAllocatedBytes();
    long start = THREADS.getCurrentThreadCpuTime();
    for (long i = 0; i < batches; i++) {
      right += body.run(batch);
    }
    long nanos = THREADS.getCurrentThreadCpuTime() - start;
    long operations = batches * batch;
    bytes += THREADS.getCurrentThreadAllocatedBytes() - before;
    bytesOf += operations;
    if (right != operations) {
      throw new IllegalStateException(
          "%s: %d of %d operations gave the right result".formatted(name, right, operations));
    }
    nanosPerOperation = (double) Math.max(1, nanos) / operations;
    return nanosPerOperation;
  }

  @Override
  public double allocated() {
    double each = (double) bytes / bytesOf;
    bytes = 0;
    bytesOf = 0;
    return each;
  }
}
