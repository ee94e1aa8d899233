package org.jfutex.bench.area;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jfutex.bench.frame.Area;

/** All areas; each is one line here. */
public final class Areas {
  private static final List<Area> ALL =
      List.of(
          new KernelCall(),
          new FastPath(),
          new Hash(),
          new Lock(),
          new LockPi(),
          new HandOff(),
          new CrossProcess(),
          new Wake(),
          new WakeParallel(),
          new WakeAll(),
          new Requeue(),
          new WaitVector(),
          new Collide(),
          new Poll(),
          new Supervised(),
          new Footprint());

  /** The area of many figures without targets, which runs only where it is named. */
  public static final String POLL_MATRIX = "poll-matrix";

  private static final List<Area> EXTRA = List.of(new PollMatrix());

  private Areas() {}

  /**
   * All areas, in the order in which they run.
   *
   * @return the areas
   */
  public static List<Area> all() {
    return ALL;
  }

  /**
   * An area.
   *
   * @param name its name
   * @return the area of this name, if there is one
   */
  public static Optional<Area> named(String name) {
    return Stream.of(ALL, EXTRA)
        .flatMap(List::stream)
        .filter(area -> area.name().equals(name))
        .findFirst();
  }
}
