package org.jfutex.cli.play;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The words that a statement can begin with, and how much of everything there may be. */
final class Grammar {
  static final Set<String> DECLARATIONS =
      Set.of("title", "needs", "only", "region", "alias", "word", "robust", "thread");

  static final Set<String> STEPS =
      Set.of(
          "returned",
          "among",
          "set",
          "check",
          "priority",
          "signal",
          "stop",
          "continue",
          "exit",
          "kill",
          "pause",
          "repeat",
          "race",
          "end",
          "protect",
          "unmap",
          "remap",
          "truncate");

  /** What may stand behind a thread's name. */
  static final Set<String> THREAD_STEPS = Set.of("returns", "sleeps");

  static final Set<String> STATEMENTS;

  static {
    STATEMENTS =
        Stream.of(DECLARATIONS, STEPS, THREAD_STEPS)
            .flatMap(Set::stream)
            .collect(Collectors.toUnmodifiableSet());
  }

  static final int MAX_TEXT = 1 << 22;
  static final int MAX_LINES = 100_000;
  static final int MAX_DEPTH = 16;

  /** Steps a scenario may take with all its repetitions. */
  static final long MAX_STEPS = 10_000_000;

  static final int MAX_REGIONS = 64;
  static final long MAX_REGION_BYTES = 1 << 24;
  static final int MAX_WORDS = 20_000;
  static final int MAX_FIFO = 99;
  static final int MAX_PROCESSES = 16;
  static final int MAX_PAUSE_SECONDS = 60;

  private Grammar() {}
}
