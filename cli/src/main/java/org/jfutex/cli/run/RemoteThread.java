package org.jfutex.cli.run;

import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** A thread of the program's tree. Used with the supervisor's lock held. */
final class RemoteThread {
  private final int tid;
  private final RemoteProcess process;
  private @Nullable RemoteCall parked;
  private @Nullable Interrupted interrupted;

  /** A wait that will be made again, and the deadline it had. */
  private record Interrupted(Notification call, Deadline deadline) {}

  RemoteThread(int tid, RemoteProcess process) {
    this.tid = tid;
    this.process = process;
  }

  int tid() {
    return tid;
  }

  RemoteProcess process() {
    return process;
  }

  /** The call it sleeps in, null if it runs. */
  @Nullable RemoteCall parked() {
    return parked;
  }

  void setParked(@Nullable RemoteCall call) {
    parked = call;
  }

  /** Remembers the deadline of a wait that a signal ended and that the kernel will make again. */
  void keepDeadline(Notification call, Deadline deadline) {
    interrupted = new Interrupted(call, deadline);
  }

  /** The deadline kept for this call, null if it is a new one; what was kept is forgotten. */
  @Nullable Deadline takeDeadline(Notification call) {
    Interrupted kept = interrupted;
    interrupted = null;
    return kept != null && kept.call.isSameCallAs(call) ? kept.deadline : null;
  }
}
