package org.jfutex.cli.play;

/** A text that is no scenario: where, what was expected there, and what was found. */
public final class ScenarioSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;
  private final int column;

  /**
   * Says what is wrong.
   *
   * @param file where the text came from; may be empty
   * @param line the line, from 1; 0 for an operation that stands alone
   * @param column the column, from 1; 0 for a whole line
   * @param problem what was expected and what was found
   */
  ScenarioSyntaxException(String file, int line, int column, String problem) {
    super(place(file, line, column) + problem);
    this.line = line;
    this.column = column;
  }

  private static String place(String file, int line, int column) {
    StringBuilder place = new StringBuilder(file);
    if (line > 0) {
      place.append(place.isEmpty() ? "line " : ":").append(line);
      if (column > 0) {
        place.append(':').append(column);
      }
    }
    return place.isEmpty() ? "" : place.append(": ").toString();
  }

  /**
   * The line of the problem.
   *
   * @return from 1; 0 for an operation that stands alone
   */
  public int line() {
    return line;
  }

  /**
   * The column of the problem.
   *
   * @return from 1; 0 if the whole line or file is meant
   */
  public int column() {
    return column;
  }
}
