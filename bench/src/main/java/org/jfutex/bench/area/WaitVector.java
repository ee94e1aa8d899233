package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jfutex.Futex;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.word.Word;

/** Two threads that hand a turn to each other, each waiting for any of several words. */
final class WaitVector implements Area {
  private static final List<Integer> SIZES = List.of(1, 8, 128);

  /**
   * The flags of a case, whose JVM has touched all of its heap before. Waiting for many words makes
   * many objects; where they get memory that nobody had before, each page is a fault, which on a
   * virtual machine takes up to 12 µs, until the heap has its full size.
   */
  private static String[] flags(String... more) {
    List<String> flags = new ArrayList<>(List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch"));
    flags.addAll(List.of(more));
    return flags.toArray(String[]::new);
  }

  @Override
  public String name() {
    return "waitv";
  }

  @Override
  public List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (int size : SIZES) {
      cases.add(
          Case.nanos(
                  "round trip, %d words, virtual threads".formatted(size),
                  "engine",
                  _ -> HandOff.virtual(() -> turn(size)))
              .withFlags(flags(HandOff.PARALLELISM_1))
              .against("C futex_waitv", Target.timesFaster(3), bench -> c(bench, size)));
    }
    SIZES.forEach(size -> cases.add(platformThreads(size, "").withFlags(flags())));
    SIZES.forEach(
        size ->
            cases.add(
                platformThreads(size, ", parker=futex").withFlags(flags(HandOff.FUTEX_PARKER))));
    return cases;
  }

  private static Case platformThreads(int size, String parker) {
    return Case.nanos(
            "round trip, %d words, platform threads%s".formatted(size, parker),
            "engine",
            _ -> platform(size))
        .against("C futex_waitv", Target.atMost(1.2), bench -> c(bench, size));
  }

  private static Contender platform(int size) throws SkippedException {
    return new RoundTrips(
        () -> turn(size), Thread.ofPlatform(), HandOff.Place.ONE_PROCESSOR.sides());
  }

  private static Turn turn(int size) {
    return new Turn.OfWords(Futex.jvm(), words(size), words(size));
  }

  private static List<Word> words(int size) {
    int[] cells = new int[size];
    return IntStream.range(0, size).mapToObj(i -> Word.of(cells, i)).toList();
  }

  private static Contender c(Workbench bench, int size) throws SkippedException {
    String cpu = String.valueOf(Processors.first());
    return new Paced(
        bench.program("threads", "waitv", cpu, cpu, String.valueOf(size))::nanosPerOperation);
  }
}
