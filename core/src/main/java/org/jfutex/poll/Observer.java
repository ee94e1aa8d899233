package org.jfutex.poll;

/** Who is told of the events of a {@link Pollee}. */
@FunctionalInterface
public interface Observer {
  /**
   * Tells of events. Called by who has brought them about, with no lock of the pollee held, maybe
   * by several threads at once, and maybe once more after the registration was closed. What it is
   * told of may be over already: only a poll says what holds. Short, and throws nothing.
   *
   * @param events the events, more than were asked for, perhaps; with {@link Events#NVAL} the
   *     object is closed
   * @return whether they are taken care of; if an exclusive one says no, the next is told
   */
  boolean onEvents(int events);
}
