package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words of one line, read from left to right. */
final class Tokens {
  private static final int MAX_SHOWN = 40;

  /**
   * One word.
   *
   * @param text its characters, at least one
   * @param column where it begins, from 1; 0 if it stands in no line
   */
  record Token(String text, int column) {}

  private final String file;
  private final int line;
  private final List<Token> tokens;
  private int next;

  private Tokens(String file, int line, List<Token> tokens) {
    this.file = file;
    this.line = line;
    this.tokens = tokens;
  }

  /** The words of a line, without its comment. */
  static Tokens ofLine(String file, int line, String text) {
    List<Token> tokens = new ArrayList<>();
    int end = commentStart(text);
    int at = 0;
    while (at < end) {
      if (isBlank(text.charAt(at))) {
        at++;
        continue;
      }
      int begin = at;
      while (at < end && !isBlank(text.charAt(at))) {
        at++;
      }
      tokens.add(new Token(text.substring(begin, at), begin + 1));
    }
    return new Tokens(file, line, tokens);
  }

  /** An operation that stands in no line. */
  static Tokens of(Scenario.Op op) {
    List<Token> tokens = new ArrayList<>();
    tokens.add(new Token(op.name(), 0));
    op.words().forEach(word -> tokens.add(new Token(word, 0)));
    return new Tokens("", 0, tokens);
  }

  /** Where a comment begins, or the end of the line. */
  static int commentStart(String text) {
    int hash = text.indexOf('#');
    return hash < 0 ? text.length() : hash;
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
  }

  int line() {
    return line;
  }

  boolean isEmpty() {
    return tokens.isEmpty();
  }

  boolean hasNext() {
    return next < tokens.size();
  }

  /** The next word, which stays the next one; null at the end. */
  @Nullable String peek() {
    return hasNext() ? tokens.get(next).text() : null;
  }

  /** The word behind the next one; null if there is none. */
  @Nullable String peekSecond() {
    return next + 1 < tokens.size() ? tokens.get(next + 1).text() : null;
  }

  Token next(String expected) {
    if (!hasNext()) {
      throw missing(expected);
    }
    return tokens.get(next++);
  }

  /** Reads a word if it is the next one. */
  boolean accept(String word) {
    if (word.equals(peek())) {
      next++;
      return true;
    }
    return false;
  }

  void expect(String word) {
    Token token = next("'" + word + "'");
    if (!token.text().equals(word)) {
      throw unexpected(token, "'" + word + "'", List.of(word));
    }
  }

  void expectEnd() {
    if (hasNext()) {
      throw unexpected(tokens.get(next), "the end of the line");
    }
  }

  /** The words from here to the first that is one of these, as tokens of their own. */
  Tokens until(Collection<String> ends) {
    int end = next;
    while (end < tokens.size() && !ends.contains(tokens.get(end).text())) {
      end++;
    }
    Tokens head = new Tokens(file, line, tokens.subList(next, end));
    next = end;
    return head;
  }

  /** All words, whether read or not. */
  List<String> texts() {
    return tokens.stream().map(Token::text).toList();
  }

  ScenarioSyntaxException missing(String expected) {
    int column = tokens.isEmpty() ? 0 : end(tokens.getLast());
    return failure(column, "expected " + expected + ", found the end of the line");
  }

  private static int end(Token token) {
    return token.column() == 0 ? 0 : token.column() + token.text().length();
  }

  ScenarioSyntaxException unexpected(Token token, String expected) {
    return unexpected(token, expected, List.of());
  }

  ScenarioSyntaxException unexpected(Token token, String expected, Collection<String> known) {
    return failure(
        token.column(),
        "expected "
            + expected
            + ", found '"
            + shown(token.text())
            + "'"
            + Suggestion.of(token.text(), known));
  }

  /** A problem that is not about one word being another. */
  ScenarioSyntaxException problem(Token token, String problem) {
    return failure(token.column(), problem);
  }

  ScenarioSyntaxException failure(int column, String problem) {
    return new ScenarioSyntaxException(file, line, column, problem);
  }

  /** Text of a stranger, short and without control characters. */
  static String shown(String text) {
    String cut = text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    return printable(cut);
  }

  /** Text of a stranger without control characters. */
  static String printable(String text) {
    return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
  }
}
