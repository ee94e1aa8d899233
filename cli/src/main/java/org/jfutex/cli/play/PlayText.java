package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jfutex.cli.play.Played.Failure;
import org.jfutex.cli.play.Played.Outcome;
import picocli.CommandLine.Help.Ansi;

/** What came of scenarios, in lines for people. */
final class PlayText {
  private PlayText() {}

  /** The lines of a scenario: one for each backend, then what differs. */
  static List<String> lines(Verdict verdict, Ansi ansi) {
    List<String> lines = new ArrayList<>();
    verdict.runs().forEach(run -> lines.add(line(verdict.file(), run, ansi)));
    for (Verdict.Judged judged : verdict.differences()) {
      lines.add(difference(verdict.file(), judged, ansi));
    }
    verdict.outdated().forEach(entry -> lines.add(ansi.string("@|bold,red DIFF|@ ") + entry));
    return lines;
  }

  private static String line(String file, Verdict.Run run, Ansi ansi) {
    String backend = " " + run.backend() + " ";
    Played played = run.played();
    if (played == null) {
      return ansi.string("@|yellow SKIP|@") + backend + file + ": " + run.skipped();
    }
    Failure failure = played.failure();
    if (failure == null) {
      return ansi.string("@|green PASS|@") + backend + file;
    }
    String known = run.known() == null ? "" : " (known: " + run.known() + ")";
    String label = ansi.string(run.known() == null ? "@|bold,red FAIL|@" : "@|green PASS|@");
    return label + backend + file + at(failure.line()) + ": " + Tokens.printable(failure + known);
  }

  private static String difference(String file, Verdict.Judged judged, Ansi ansi) {
    Difference difference = judged.difference();
    String label = ansi.string(judged.known() == null ? "@|bold,red DIFF|@" : "@|green SAME|@");
    String known = judged.known() == null ? "" : " (known: " + judged.known() + ")";
    return label
        + " "
        + judged.backend()
        + " "
        + file
        + at(difference.line())
        + ": "
        + difference
        + known;
  }

  private static String at(int line) {
    return line == 0 ? "" : ":" + line;
  }

  /** The line of a step that was made. */
  static String trace(Backend backend, Outcome outcome) {
    String returned =
        new TreeMap<>(outcome.returned())
            .entrySet().stream()
                .map(entry -> "; " + entry.getKey() + ended(entry.getValue()))
                .collect(Collectors.joining());
    String named = outcome.got().named();
    String got = named.equals(outcome.got().raw()) ? named : outcome.got().raw() + " " + named;
    return "  "
        + backend.label()
        + " "
        + outcome.step().line()
        + ": "
        + outcome.step()
        + " -> "
        + got
        + returned;
  }

  private static String ended(Played.Ended ended) {
    return ended.got().equals("gone") ? " is gone" : " returned " + ended.got();
  }

  static String summary(List<Verdict> verdicts) {
    return passed(verdicts)
        + " passed, "
        + failed(verdicts)
        + " failed, "
        + skipped(verdicts)
        + " skipped";
  }

  static long passed(List<Verdict> verdicts) {
    return verdicts.stream().mapToLong(v -> v.count(Verdict.State.PASSED)).sum();
  }

  static long failed(List<Verdict> verdicts) {
    return verdicts.stream()
        .mapToLong(v -> v.count(Verdict.State.FAILED) + v.furtherFailures())
        .sum();
  }

  static long skipped(List<Verdict> verdicts) {
    return verdicts.stream().mapToLong(v -> v.count(Verdict.State.SKIPPED)).sum();
  }
}
