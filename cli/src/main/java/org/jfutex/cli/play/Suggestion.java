package org.jfutex.cli.play;

import java.util.Collection;

/** Finds the name that was probably meant. */
final class Suggestion {
  private static final int MAX_LENGTH = 32;

  private Suggestion() {}

  /**
   * The text to put behind an error.
   *
   * @param written what was written
   * @param known the names that would do
   * @return {@code "; did you mean 'NAME'?"}, empty if nothing is near
   */
  static String of(String written, Collection<String> known) {
    if (written.length() > MAX_LENGTH) {
      return "";
    }
    String best = "";
    int least = Math.max(1, written.length() / 3) + 1;
    for (String name : known) {
      int distance = name.equalsIgnoreCase(written) ? 0 : distance(written, name);
      if (distance < least) {
        least = distance;
        best = name;
      }
    }
    return best.isEmpty() ? "" : "; did you mean '" + best + "'?";
  }

  /** How many letters to add, drop, replace or swap with their neighbour. */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      cost[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      cost[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int least = cost[i - 1][j - 1] + (same ? 0 : 1);
        least = Math.min(least, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (isSwap(a, i, b, j)) {
          least = Math.min(least, cost[i - 2][j - 2] + 1);
        }
        cost[i][j] = least;
      }
    }
    return cost[a.length()][b.length()];
  }

  private static boolean isSwap(String a, int i, String b, int j) {
    return i > 1
        && j > 1
        && a.charAt(i - 1) == b.charAt(j - 2)
        && a.charAt(i - 2) == b.charAt(j - 1);
  }
}
