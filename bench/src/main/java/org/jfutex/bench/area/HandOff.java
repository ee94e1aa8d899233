package org.jfutex.bench.area;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;
import org.jfutex.Futex;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.word.Word;

/** Two threads that hand a turn to each other through one word. */
final class HandOff implements Area {
  /** One carrier. */
  static final String PARALLELISM_1 = "-Djdk.virtualThreadScheduler.parallelism=1";

  /** Platform threads that sleep in futex(2). */
  static final String FUTEX_PARKER = "-Djfutex.parker=futex";

  private static final String RAW = "C FUTEX_WAIT";

  /** Where the two platform threads are kept. */
  enum Place {
    ONE_PROCESSOR,
    TWO_PROCESSORS;

    List<BitSet> sides() throws SkippedException {
      BitSet first = Processors.only(Processors.first());
      return List.of(first, this == ONE_PROCESSOR ? first : Processors.only(Processors.second()));
    }

    int second() throws SkippedException {
      return sides().getLast().nextSetBit(0);
    }
  }

  @Override
  public String name() {
    return "handoff";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        platform("platform threads, one processor", Place.ONE_PROCESSOR)
            .against(
                "park", Target.atMost(1.03), _ -> platform(Turn.OfPark::new, Place.ONE_PROCESSOR))
            .against(RAW, Target.atMost(1.18), bench -> c(bench, Place.ONE_PROCESSOR))
            .against(
                "Condition",
                Target.none(),
                _ -> platform(Turn.OfCondition::new, Place.ONE_PROCESSOR))
            .against("kernel backend", Target.none(), _ -> kernel(Place.ONE_PROCESSOR)),
        platform("platform threads, one processor, parker=futex", Place.ONE_PROCESSOR)
            .withFlags(FUTEX_PARKER)
            .against(
                "park", Target.atMost(1.03), _ -> platform(Turn.OfPark::new, Place.ONE_PROCESSOR))
            .against(RAW, Target.atMost(1.18), bench -> c(bench, Place.ONE_PROCESSOR)),
        platform("platform threads, two processors", Place.TWO_PROCESSORS)
            .against("park", Target.none(), _ -> platform(Turn.OfPark::new, Place.TWO_PROCESSORS))
            .against(RAW, Target.none(), bench -> c(bench, Place.TWO_PROCESSORS))
            .against("kernel backend", Target.none(), _ -> kernel(Place.TWO_PROCESSORS)),
        virtual("virtual threads, parallelism 1")
            .withFlags(PARALLELISM_1)
            .against("park", Target.atMost(1.15), _ -> virtual(Turn.OfPark::new))
            .against(
                RAW + ", one processor",
                Target.timesFaster(10),
                bench -> c(bench, Place.ONE_PROCESSOR))
            .against("Condition", Target.none(), _ -> virtual(Turn.OfCondition::new)),
        virtual("virtual threads, default parallelism")
            .against(
                RAW + ", one processor",
                Target.timesFaster(4),
                bench -> c(bench, Place.ONE_PROCESSOR))
            .against("Condition", Target.atMost(1.0), _ -> virtual(Turn.OfCondition::new))
            .against("park", Target.none(), _ -> virtual(Turn.OfPark::new)));
  }

  private static Turn word() {
    return new Turn.OfWord(Futex.jvm(), Word.of(new int[64], 32)); // on a cache line of its own
  }

  private static Case platform(String name, Place place) {
    return Case.nanos("round trip, " + name, "engine", _ -> platform(HandOff::word, place));
  }

  private static Case virtual(String name) {
    return Case.nanos("round trip, " + name, "engine", _ -> virtual(HandOff::word));
  }

  private static Contender platform(Supplier<Turn> turns, Place place) throws SkippedException {
    return new RoundTrips(turns, Thread.ofPlatform(), place.sides());
  }

  private static Contender kernel(Place place) throws SkippedException {
    Futex futex = KernelCall.kernel();
    MemorySegment cell = Arena.ofAuto().allocate(256, 256);
    Word word = Word.of(cell, 0);
    return platform(() -> new Turn.OfWord(futex, word), place); // it is 0 again after each trip
  }

  static Contender virtual(Supplier<Turn> turns) {
    return new RoundTrips(turns, Thread.ofVirtual(), List.of(new BitSet()));
  }

  private static Contender c(Workbench bench, Place place) throws SkippedException {
    String first = String.valueOf(Processors.first());
    String second = String.valueOf(place.second());
    return new Paced(bench.program("threads", "handoff", first, second)::nanosPerOperation);
  }
}
