package org.jfutex.cli.play;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A number of a scenario: one or more terms joined by {@code |}, each a plain number or a thread's
 * id.
 *
 * @param terms the terms, at least one
 */
public record Num(List<Term> terms) {
  /** Copies the list. */
  public Num {
    terms = List.copyOf(terms);
  }

  /** One term. */
  public sealed interface Term {}

  /**
   * A plain number.
   *
   * @param value its value
   * @param text how it was written, or is to be
   */
  public record Literal(long value, String text) implements Term {
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * The id of a thread.
   *
   * @param thread its name
   */
  public record TidOf(String thread) implements Term {
    @Override
    public String toString() {
      return "tid(" + thread + ")";
    }
  }

  /**
   * A plain number, written in decimal.
   *
   * @param value its value
   * @return the number
   */
  public static Num of(long value) {
    return new Num(List.of(new Literal(value, Long.toString(value))));
  }

  @Override
  public String toString() {
    return terms.stream().map(Term::toString).collect(Collectors.joining("|"));
  }
}
