package org.jfutex.cli.play;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A number of a scenario: one or more terms joined by {@code |}, each a plain number, a thread's id
 * or an address.
 *
 * @param terms the terms, at least one
 */
public record Num(List<Term> terms) {
  /** Copies the list. */
  public Num {
    terms = List.copyOf(terms);
  }

  /** What the names in numbers stand for. */
  public interface Names {
    /**
     * The id of a thread.
     *
     * @param thread its name
     * @return its id
     */
    int tid(String thread);

    /**
     * The address of a place.
     *
     * @param place the place
     * @return its address
     */
    long address(Place place);
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
   * An address.
   *
   * @param place where
   */
  public record AddressOf(Place place) implements Term {
    @Override
    public String toString() {
      return "addr(" + place + ")";
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
   * Whether a thread's id or an address is part of it.
   *
   * @return false for a plain number
   */
  public boolean hasNames() {
    return !terms.stream().allMatch(Literal.class::isInstance);
  }

  /**
   * The value of a plain number.
   *
   * @return its terms joined, 64 bits
   * @throws IllegalArgumentException if it has names
   */
  public long plain() {
    long value = 0;
    for (Term term : terms) {
      if (!(term instanceof Literal literal)) {
        throw new IllegalArgumentException(this + ": expected a plain number");
      }
      value |= literal.value();
    }
    return value;
  }

  /**
   * Its value.
   *
   * @param names what names stand for
   * @return its terms joined, 64 bits
   */
  public long value(Names names) {
    long value = 0;
    for (Term term : terms) {
      value |=
          switch (term) {
            case Literal literal -> literal.value();
            case TidOf tid -> names.tid(tid.thread());
            case AddressOf address -> names.address(address.place());
          };
    }
    return value;
  }

  @Override
  public String toString() {
    return terms.stream().map(Term::toString).collect(Collectors.joining("|"));
  }
}
