package org.jfutex.poll;

/** What a {@link Pollee} keeps of its object's events. What it answers is the same. */
public enum Discipline {
  /** The events are computed whenever something has changed, by who has changed it. */
  STATEFUL,
  /** Nothing is kept: every poll computes the events. */
  STATELESS,
  /**
   * The first poll after a change computes the events, and those after it find them. An object that
   * changes before each poll keeps nothing for a while, as it would be in vain.
   */
  HYBRID
}
