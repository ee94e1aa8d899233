package org.jfutex.cli.play;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came of a scenario on one machine.
 *
 * @param outcomes what each step gave, in order; of very long scenarios only the first ones
 * @param failure the first statement that did not hold; null if all held
 * @param words what the words held at the end, by name; empty after a failure
 * @param threads how the threads stood at the end, by name; empty after a failure
 * @param nanos how long it took
 */
public record Played(
    List<Outcome> outcomes,
    @Nullable Failure failure,
    Map<String, Value> words,
    Map<String, Ended> threads,
    long nanos) {
  /** How many outcomes are kept. */
  public static final int MAX_OUTCOMES = 50_000;

  /** Copies the lists. */
  public Played {
    outcomes = List.copyOf(outcomes);
    words = Map.copyOf(words);
    threads = Map.copyOf(threads);
  }

  /**
   * A scenario that failed before or beside its steps.
   *
   * @param failure how
   * @param nanos how long it took
   * @return what came of it
   */
  static Played failed(Failure failure, long nanos) {
    return new Played(List.of(), failure, Map.of(), Map.of(), nanos);
  }

  /**
   * A value in two forms, because thread ids differ from machine to machine.
   *
   * @param raw as it was
   * @param named with the ids of threads replaced by their names
   */
  public record Value(String raw, String named) {
    /** A value in which no thread's id can be. */
    static Value plain(String text) {
      return new Value(text, text);
    }

    /**
     * Whether two machines gave the same.
     *
     * @param other what the other gave
     * @return true if one of the two forms is the same
     */
    public boolean matches(Value other) {
      return raw.equals(other.raw) || named.equals(other.named);
    }
  }

  /**
   * What a step gave.
   *
   * @param step the step
   * @param got its result; {@code sleeps} if it has none yet
   * @param timed whether a deadline may have changed that since
   * @param returned other threads whose calls returned meanwhile, with their results
   */
  public record Outcome(Scenario.Step step, Value got, boolean timed, Map<String, Ended> returned) {
    /** Copies the map. */
    public Outcome {
      returned = Map.copyOf(returned);
    }
  }

  /**
   * How the call of a thread stands.
   *
   * @param got its result, {@code sleeps} or {@code gone}
   * @param timed whether a deadline may end the call, so that the moment means nothing
   */
  public record Ended(String got, boolean timed) {}

  /**
   * A statement that did not hold.
   *
   * @param line its line
   * @param statement the statement
   * @param expected what it says
   * @param got what was seen
   */
  public record Failure(int line, String statement, String expected, String got) {
    @Override
    public String toString() {
      return statement.lines().findFirst().orElse("") + ": expected " + expected + ", got " + got;
    }
  }
}
