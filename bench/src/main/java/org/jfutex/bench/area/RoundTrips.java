package org.jfutex.bench.area;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.Statistics;

/** Two threads that hand a turn to and fro; the figure is the nanoseconds of a round trip. */
final class RoundTrips implements Contender {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /**
   * So many virtual threads make the JVM compile what every one of them begins with. The first of
   * them were seen to be slower, also with park alone, which makes no objects; the likely reason is
   * that the JVM copies a sleeper's stack in a slower way while frames of it are interpreted.
   */
  private static final int THREADS_TO_COMPILE = 2_000;

  private final Supplier<Turn> turns;
  private final Thread.Builder kind;
  private final List<BitSet> places;
  private final Paced paced = new Paced(this::nanosOf);
  private final List<Double> busy = new ArrayList<>();
  private boolean isCompiled;

  /**
   * Two threads.
   *
   * @param turns makes a turn for each measurement
   * @param kind their kind
   * @param places the processors of each side, which platform threads are kept on from their start
   */
  RoundTrips(Supplier<Turn> turns, Thread.Builder kind, List<BitSet> places) {
    this.turns = turns;
    this.kind = kind;
    this.isCompiled = !kind.unstarted(() -> {}).isVirtual();
    this.places = places;
  }

  @Override
  public double measure(long sliceNanos) {
    if (!isCompiled) {
      for (int i = 0; i < THREADS_TO_COMPILE; i += 2) {
        double _ = nanosOf(1);
      }
      isCompiled = true;
    }
    long start = System.nanoTime();
    long used = SYSTEM.getProcessCpuTime();
    double figure = paced.measure(sliceNanos);
    busy.add((double) (SYSTEM.getProcessCpuTime() - used) / (System.nanoTime() - start));
    return figure;
  }

  /** How many processors this JVM kept busy, as a median: who spins shows here. */
  @Override
  public String note() {
    if (busy.isEmpty()) {
      return "";
    }
    String note = String.format(Locale.ROOT, "%.2f CPUs", Statistics.median(busy));
    busy.clear();
    return note;
  }

  private double nanosOf(long count) {
    Turn turn = turns.get();
    long[] nanos = new long[1];
    Thread answering =
        kind.unstarted(
            () -> {
              for (long i = 0; i < count; i++) {
                turn.await(1);
                turn.give(0);
              }
            });
    Thread leading =
        kind.unstarted(
            () -> {
              long start = System.nanoTime();
              for (long i = 0; i < count; i++) {
                turn.give(1);
                turn.await(0);
              }
              nanos[0] = System.nanoTime() - start;
            });
    turn.seat(0, leading);
    turn.seat(1, answering);
    BitSet before = Processors.allowed();
    try {
      start(answering, places.getLast());
      start(leading, places.getFirst());
    } finally {
      Processors.allow(before);
    }
    Sleepers.join(List.of(leading, answering));
    return (double) nanos[0] / count;
  }

  /** A platform thread may run where the one that starts it may. */
  private static void start(Thread thread, BitSet place) {
    if (!thread.isVirtual()) {
      Processors.allow(place);
    }
    thread.start();
  }
}
