package org.jfutex.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jfutex.bench.frame.Samples;

/**
 * The lines in which a JVM that measures answers: {@code round N} as it goes, then {@code settled
 * BOOLEAN}, for each contender {@code note TEXT}, {@code allocated BYTES} and {@code series
 * VALUES}, or {@code skipped REASON}, and {@code end}.
 */
final class Wire {
  private Wire() {}

  static List<String> write(Samples samples) {
    List<String> lines = new ArrayList<>();
    lines.add("settled\t" + samples.isSettled());
    for (Samples.Series series : samples.contenders()) {
      if (series.skipped().isEmpty()) {
        lines.add("note\t" + series.note());
        lines.add("allocated\t" + series.allocated());
        lines.add(
            "series\t"
                + series.values().stream().map(String::valueOf).collect(Collectors.joining(" ")));
      } else {
        lines.add("skipped\t" + series.skipped().lines().collect(Collectors.joining(" ")));
      }
    }
    lines.add("end\t");
    return lines;
  }

  /** Collects the lines of one answer. */
  static final class Reader {
    private final List<Samples.Series> contenders = new ArrayList<>();
    private String note = "";
    private double allocated = Double.NaN;
    private boolean isSettled;
    private boolean isComplete;

    /**
     * Takes a line.
     *
     * @param line the line
     * @return whether it is one of an answer
     */
    boolean take(String line) {
      int tab = line.indexOf('\t');
      String rest = line.substring(tab + 1);
      switch (tab < 0 ? "" : line.substring(0, tab)) {
        case "settled" -> isSettled = Boolean.parseBoolean(rest);
        case "note" -> note = rest;
        case "allocated" -> allocated = Double.parseDouble(rest);
        case "series" -> contenders.add(new Samples.Series(numbers(rest), "", note, allocated));
        case "skipped" -> contenders.add(new Samples.Series(List.of(), rest));
        case "end" -> isComplete = true;
        default -> {
          return false;
        }
      }
      return true;
    }

    /** The answer, if all of it has come. */
    Optional<Samples> samples() {
      return isComplete ? Optional.of(new Samples(isSettled, contenders)) : Optional.empty();
    }

    private static List<Double> numbers(String text) {
      return Arrays.stream(text.split(" ")).map(Double::valueOf).toList();
    }
  }
}
