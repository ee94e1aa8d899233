package org.jfutex.cli.play;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What stands behind the arguments of an operation: {@code NAME=VALUE} and bare words. */
final class Options {
  private final Tokens tokens;
  private final Arguments arguments;
  private final Map<String, Tokens.Token> given = new LinkedHashMap<>();

  /**
   * Reads all words that are left.
   *
   * @param arguments how to read values
   * @param valued the names that take a value, without their {@code =}
   * @param bare the words that stand alone
   */
  Options(Arguments arguments, Set<String> valued, Set<String> bare) {
    this.arguments = arguments;
    this.tokens = arguments.tokens();
    while (tokens.hasNext()) {
      read(tokens.next("an option"), valued, bare);
    }
  }

  private void read(Tokens.Token token, Set<String> valued, Set<String> bare) {
    int equals = token.text().indexOf('=');
    String name = equals < 0 ? token.text() : token.text().substring(0, equals);
    if (!(equals < 0 ? bare : valued).contains(name)) {
      throw tokens.problem(
          token,
          "expected "
              + expected(valued, bare)
              + ", found '"
              + Tokens.shown(token.text())
              + "'"
              + Suggestion.of(equals < 0 ? name : name + "=", known(valued, bare)));
    }
    if (given.containsKey(name)) {
      throw tokens.problem(token, "'" + name + "' is given twice");
    }
    String value = equals < 0 ? token.text() : token.text().substring(equals + 1);
    int column = token.column() == 0 ? 0 : token.column() + equals + 1;
    given.put(name, new Tokens.Token(value, column));
  }

  private static List<String> known(Set<String> valued, Set<String> bare) {
    return Stream.concat(names(valued), bare.stream()).toList();
  }

  private static Stream<String> names(Set<String> valued) {
    return valued.stream().map(name -> name + "=");
  }

  private static String expected(Set<String> valued, Set<String> bare) {
    Set<String> all = new TreeSet<>(known(valued, bare));
    return all.isEmpty() ? "nothing more" : "one of " + String.join(" ", all);
  }

  boolean has(String name) {
    return given.containsKey(name);
  }

  Tokens.@Nullable Token get(String name) {
    return given.get(name);
  }

  Tokens.Token require(String name) {
    Tokens.Token token = given.get(name);
    if (token == null) {
      throw tokens.missing("'" + name + "='");
    }
    return token;
  }

  Num number(String name) {
    return arguments.number(require(name));
  }

  Num number(String name, Num otherwise) {
    Tokens.Token token = given.get(name);
    return token == null ? otherwise : arguments.number(token);
  }

  Num flags(String name, Num otherwise) {
    Tokens.Token token = given.get(name);
    return token == null ? otherwise : arguments.flags(token);
  }

  /** Only one of these may be given. */
  void exclusive(List<String> names) {
    List<String> both = names.stream().filter(given::containsKey).toList();
    if (both.size() > 1) {
      throw tokens.problem(
          require(both.get(1)), "'" + both.get(0) + "' and '" + both.get(1) + "': expected one");
    }
  }
}
