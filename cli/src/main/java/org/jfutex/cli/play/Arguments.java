package org.jfutex.cli.play;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jfutex.cli.play.Action.Element;
import org.jfutex.cli.play.Action.Timeout;
import org.jfutex.time.ClockId;
import org.jspecify.annotations.Nullable;

/** Reads the arguments of operations, and checks the names in them. */
final class Arguments {
  static final int U32 = 2;
  static final int PRIVATE = 128;

  private static final Map<String, Integer> FLAGS =
      Map.of("u8", 0, "u16", 1, "u32", U32, "u64", 3, "numa", 4, "mpol", 8, "private", PRIVATE);

  private static final String NUMBER =
      "a number: decimal, 0x..., tid(THREAD), addr(ADDRESS), joined by |";
  private static final String PLACE =
      "an address: a word, WORD+BYTES, REGION+BYTES, null, unmapped or a number";

  private final Tokens tokens;
  private final Scope scope;

  Arguments(Tokens tokens, Scope scope) {
    this.tokens = tokens;
    this.scope = scope;
  }

  Tokens tokens() {
    return tokens;
  }

  Num number() {
    return number(tokens.next(NUMBER));
  }

  Num number(Tokens.Token token) {
    return checked(token, Literals.number(token.text()), NUMBER);
  }

  Num flags(Tokens.Token token) {
    String expected = "flags: u8 u16 u32 u64 numa mpol private joined by |, or a number";
    return checked(token, Literals.number(token.text(), FLAGS), expected);
  }

  private Num checked(Tokens.Token token, @Nullable Num number, String expected) {
    if (number == null) {
      throw tokens.unexpected(token, expected);
    }
    for (Num.Term term : number.terms()) {
      if (term instanceof Num.TidOf tid) {
        useThread(token, tid.thread());
      } else if (term instanceof Num.AddressOf(Place place)) {
        if (place.base() != null && place.base().endsWith(Layout.NODE)) {
          throw tokens.problem(token, "the address of a node: expected that of its word, and +4");
        }
        checkPlace(token, place);
      }
    }
    return number;
  }

  void useThread(Tokens.Token token, String name) {
    if (Grammar.STATEMENTS.contains(name)) {
      throw tokens.problem(token, "'" + name + "' is a word of the language: no thread's name");
    }
    if (!scope.useThread(name)) {
      throw tokens.problem(
          token, "expected at most " + Scope.MAX_THREADS + " threads, '" + name + "' is one more");
    }
  }

  /** A plain number within bounds. */
  long plain(Tokens.Token token, String what, long least, long most) {
    Long value = Literals.integer(token.text());
    if (value == null || value < least || value > most) {
      throw tokens.unexpected(token, what + " from " + least + " to " + most);
    }
    return value;
  }

  Place place() {
    return place(tokens.next(PLACE));
  }

  Place place(Tokens.Token token) {
    Place place = Literals.place(token.text());
    if (place == null) {
      throw tokens.unexpected(token, PLACE, scope.placeNames());
    }
    checkPlace(token, place);
    return place;
  }

  private void checkPlace(Tokens.Token token, Place place) {
    String base = place.base();
    if (base != null && !scope.hasPlace(base)) {
      throw tokens.problem(
          token,
          "'"
              + Tokens.shown(base)
              + "' is not declared: expected a word or a region"
              + Suggestion.of(base, scope.placeNames()));
    }
  }

  /** The place of a 32-bit store by a thread. */
  Place wordOf32Bits() {
    Tokens.Token token = tokens.next(PLACE);
    Place place = place(token);
    Scenario.WordDecl word = place.base() == null ? null : scope.word(place.base());
    if (word != null && word.bits() != Integer.SIZE) {
      throw tokens.problem(
          token, "'" + word.name() + "' has " + word.bits() + " bits: expected a word of 32");
    }
    return place;
  }

  /** The name of a robust list entry. */
  String robust() {
    Tokens.Token token = tokens.next("the name of a robust entry");
    Scenario.WordDecl word = scope.word(token.text());
    if (!scope.isOpen() && (word == null || !word.robust())) {
      throw tokens.unexpected(token, "the name of a robust entry", scope.robustNames());
    }
    return token.text();
  }

  Duration duration(Tokens.Token token) {
    Duration duration = Literals.duration(token.text());
    if (duration == null) {
      throw tokens.unexpected(token, "a duration such as 50ms, in ns, us, ms or s");
    }
    return duration;
  }

  /** {@code +50ms}, {@code -1s} or {@code 0}. */
  Timeout deadline(Tokens.Token token, ClockId clock) {
    String text = token.text();
    if (text.equals("0")) {
      return new Timeout.Raw(0, 0);
    }
    Duration duration =
        text.startsWith("+") || text.startsWith("-") ? Literals.duration(text.substring(1)) : null;
    if (duration == null) {
      throw tokens.unexpected(token, "a deadline such as +50ms or -1s, or 0");
    }
    return new Timeout.FromNow(text.startsWith("-") ? duration.negated() : duration, clock);
  }

  /** {@code SEC,NSEC} or an address. */
  Timeout timespec(Tokens.Token token) {
    int comma = token.text().indexOf(',');
    if (comma < 0) {
      return new Timeout.At(place(token));
    }
    Long seconds = Literals.integer(token.text().substring(0, comma));
    Long nanos = Literals.integer(token.text().substring(comma + 1));
    if (seconds == null || nanos == null) {
      throw tokens.unexpected(token, "a timespec SECONDS,NANOSECONDS or an address");
    }
    return new Timeout.Raw(seconds, nanos);
  }

  /** {@code W:N} or {@code W:N:F}. */
  Element element(Tokens.Token token, Num flags, Num reserved) {
    List<String> parts = List.of(token.text().split(":", -1));
    if (parts.size() > 3) {
      throw tokens.unexpected(token, "an element WORD:VALUE or WORD:VALUE:FLAGS");
    }
    Place place = place(part(token, parts, 0));
    Num value = number(part(token, parts, 1));
    return new Element(
        value, place, parts.size() == 3 ? flags(part(token, parts, 2)) : flags, reserved);
  }

  /** A part of a word, with its own column. */
  static Tokens.Token part(Tokens.Token whole, List<String> parts, int index) {
    int before = parts.subList(0, index).stream().mapToInt(part -> part.length() + 1).sum();
    return new Tokens.Token(parts.get(index), whole.column() == 0 ? 0 : whole.column() + before);
  }
}
