package org.jfutex.bench.frame;

import java.util.List;

/** A group of cases that are asked for by one name. */
public interface Area {
  /**
   * The name on the command line.
   *
   * @return lower-case words joined by dashes
   */
  String name();

  /**
   * The cases, always the same ones in the same order. Making them costs nothing: what they need is
   * made when a contender is opened.
   *
   * @return the cases
   */
  List<Case> cases();
}
