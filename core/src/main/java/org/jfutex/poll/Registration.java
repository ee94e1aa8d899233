package org.jfutex.poll;

/** An {@link Observer} in the table of a {@link Pollee}. */
public final class Registration extends Chain.Node<Registration> implements AutoCloseable {
  /** Who else is told of the same events. */
  public enum Mode {
    /** Everybody. */
    SHARED,
    /** Of those registered so, one: the first that takes care of them. */
    EXCLUSIVE
  }

  final Observer observer;
  final Mode mode;
  private final Pollee pollee;

  /** The events of interest; guarded by the lock of the pollee, as the links are. */
  int mask;

  /** Whether its observer asks the feed itself; constant. */
  final boolean isQuiet;

  Registration(Pollee pollee, Observer observer, int mask, Mode mode, boolean isQuiet) {
    this.pollee = pollee;
    this.observer = observer;
    this.mask = mask;
    this.mode = mode;
    this.isQuiet = isQuiet;
  }

  /**
   * Changes the events of interest. What has happened before is not told of: poll afterwards.
   *
   * @param events the events; {@link Events#ALWAYS} are of interest in any case
   */
  public void setMask(int events) {
    pollee.setMask(this, events);
  }

  /** Takes the observer out. Idempotent. It may be told once more by who has found it before. */
  @Override
  public void close() {
    pollee.unregister(this);
  }

  /** Tells the next exclusive observer if there are events left, after this one has been closed. */
  void passOn() {
    if (pollee.observers() != 0) {
      int events = pollee.poll(mask, null);
      if (events != 0) {
        pollee.tellNext(events);
      }
    }
  }
}
