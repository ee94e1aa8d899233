package org.jfutex.io;

import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;

/**
 * Things whose readiness never changes, as that of regular files. They can be polled; an Epoll
 * refuses them with EPERM, as there is nothing to wait for.
 */
public enum FixedSource implements Pollable {
  /** Ready to be read and written at any time, as a regular file. */
  ALWAYS(Events.IN | Events.OUT),
  /** Never ready for anything. */
  NEVER(0);

  @SuppressWarnings("ImmutableEnumChecker") // what can change of it is who is told, and of nothing
  private final Pollee pollee;

  FixedSource(int events) {
    pollee = Pollee.constant(events);
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }
}
