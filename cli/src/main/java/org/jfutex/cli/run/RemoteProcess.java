package org.jfutex.cli.run;

import java.util.HashSet;
import java.util.Set;

/** A process of the program's tree. Used with the supervisor's lock held. */
final class RemoteProcess {
  private final int tgid;
  private final Set<Integer> executing = new HashSet<>();
  private Space space;
  private int lastCaller;

  RemoteProcess(int tgid, Space space) {
    this.tgid = tgid;
    this.space = space;
    this.lastCaller = tgid;
  }

  int tgid() {
    return tgid;
  }

  /** The address space it has, as far as its calls have told. */
  Space space() {
    return space;
  }

  void setSpace(Space space) {
    this.space = space;
  }

  /** The threads whose execve was let through and that have not been heard of since. */
  Set<Integer> executing() {
    return executing;
  }

  /** A thread of it that was alive lately; its leader need not be. */
  int lastCaller() {
    return lastCaller;
  }

  void setLastCaller(int tid) {
    lastCaller = tid;
  }
}
