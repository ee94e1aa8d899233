package org.jfutex.bench.area;

import org.jfutex.bench.area.Crowd.Section;
import org.jfutex.bench.frame.Loop;

/** The language's own lock, as a peer. */
final class Monitor {
  private Monitor() {}

  static Section section() {
    Object monitor = new Object();
    return guarded -> {
      synchronized (monitor) {
        guarded.inside();
      }
    };
  }

  static Loop pairs() {
    Object monitor = new Object();
    return Lock.pairs(
        "synchronized",
        () -> {
          synchronized (monitor) {
            // as of the other locks: there is nothing in between
          }
        });
  }
}
