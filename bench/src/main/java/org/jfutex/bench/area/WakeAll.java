package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;

/** Many threads that wait on one word are woken at once. */
final class WakeAll implements Area {
  private static final int PLATFORM_THREADS = 1_000;

  /** What a parked virtual thread takes at most, of this and of the round before. */
  private static final long BYTES_PER_THREAD = 3_000;

  /** A heap that is all touched before, as each page that is new to a process takes a fault. */
  private static final List<String> TOUCHED =
      List.of("-Xms600m", "-Xmx600m", "-XX:+AlwaysPreTouch");

  /**
   * How many threads.
   *
   * @param seconds about how long it takes to start, wake and end them
   * @param flags of the JVM
   */
  record Size(String name, int threads, double seconds, List<String> flags) {}

  /** The heap that a million would need takes too long to touch. */
  private static final List<Size> SIZES =
      List.of(
          new Size("1k", 1_000, 0.005, List.of()),
          new Size("10k", 10_000, 0.05, List.of()),
          new Size("100k", 100_000, 0.5, TOUCHED),
          new Size("1M", 1_000_000, 4, List.of()));

  private final List<Size> sizes;

  WakeAll() {
    this(SIZES);
  }

  WakeAll(List<Size> sizes) {
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return "wake-all";
  }

  @Override
  public List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Size size : sizes) {
      cases.add(
          Case.of(
                  size.name + " virtual threads",
                  "ns/thread",
                  "engine",
                  _ -> gate(Gate::ofWord, size.threads))
              .inEvents(size.seconds)
              .withFlags(size.flags.toArray(String[]::new))
              .against(
                  "CountDownLatch", Target.atMost(0.9), _ -> gate(Gate::ofLatch, size.threads)));
    }
    cases.add(
        Case.of("1k platform threads", "ns/thread", "engine", _ -> platform(Gate::ofWord))
            .inEvents(0.3)
            .against("CountDownLatch", Target.atMost(0.6), _ -> platform(Gate::ofLatch)));
    return cases;
  }

  private static Contender gate(Supplier<Gate> gates, int threads) throws SkippedException {
    requireHeap(threads * BYTES_PER_THREAD);
    return new Events(() -> Gate.nanosPerThread(gates, threads, Thread.ofVirtual()));
  }

  /** Makes sure that the heap of this JVM can be as large as that. */
  static void requireHeap(long bytes) throws SkippedException {
    long most = Runtime.getRuntime().maxMemory();
    if (most < bytes) {
      throw new SkippedException(
          "a heap of %d MB is needed, and this JVM's may have %d MB"
              .formatted(bytes >> 20, most >> 20));
    }
  }

  private static Contender platform(Supplier<Gate> gates) {
    return new Events(() -> Gate.nanosPerThread(gates, PLATFORM_THREADS, Thread.ofPlatform()));
  }
}
