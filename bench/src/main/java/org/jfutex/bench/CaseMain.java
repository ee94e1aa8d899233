package org.jfutex.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jfutex.bench.area.Areas;
import org.jfutex.bench.frame.Alternation;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Jvm;
import org.jfutex.bench.frame.Rounds;
import org.jfutex.bench.frame.Samples;
import org.jfutex.bench.frame.Workbench;

/** The program of a JVM that measures one case and answers in the lines of {@link Wire}. */
final class CaseMain {
  private static final String NO_LIBRARY = "none";

  private CaseMain() {}

  /** The arguments that make this program measure a case. */
  static List<String> arguments(Area area, int index, Rounds rounds, CLibrary library) {
    return List.of(
        area.name(),
        String.valueOf(index),
        String.valueOf(rounds.count()),
        String.valueOf(rounds.sliceNanos()),
        String.valueOf(rounds.warmUpNanos()),
        String.valueOf(rounds.patienceNanos()),
        library.file().map(Path::toString).orElse(NO_LIBRARY),
        library.text());
  }

  /**
   * Measures.
   *
   * @param args as {@link #arguments} makes them
   */
  public static void main(String[] args) {
    Jvm.endWithParent();
    Area area = Areas.named(args[0]).orElseThrow();
    Rounds rounds =
        new Rounds(
            Integer.parseInt(args[2]),
            Long.parseLong(args[3]),
            Long.parseLong(args[4]),
            Long.parseLong(args[5]));
    Optional<Path> file =
        Optional.of(args[6]).filter(name -> !name.equals(NO_LIBRARY)).map(Path::of);
    try (Workbench bench = new Workbench(new CLibrary(file, args[7]))) {
      Samples samples =
          new Alternation(rounds, System::nanoTime)
              .measure(
                  area.cases().get(Integer.parseInt(args[1])),
                  bench,
                  round -> System.out.println("round\t" + round));
      Wire.write(samples).forEach(System.out::println);
    }
  }
}
