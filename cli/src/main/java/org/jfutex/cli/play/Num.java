package org.jfutex.cli.play;

import java.util.List;
import java.util.function.ToLongFunction;
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

  /**
   * Whether a thread's id is part of it.
   *
   * @return false for a plain number
   */
  public boolean hasTids() {
    return terms.stream().anyMatch(TidOf.class::isInstance);
  }

  /**
   * Its value.
   *
   * @param tids gives the id of a thread
   * @return its terms joined, 64 bits
   */
  public long value(ToLongFunction<String> tids) {
    long value = 0;
    for (Term term : terms) {
      value |=
          switch (term) {
            case Literal literal -> literal.value();
            case TidOf tid -> tids.applyAsLong(tid.thread());
          };
    }
    return value;
  }

  @Override
  public String toString() {
    return terms.stream().map(Term::toString).collect(Collectors.joining("|"));
  }
}
