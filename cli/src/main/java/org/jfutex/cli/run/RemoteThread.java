package org.jfutex.cli.run;

import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** A thread of the program's tree. Used with the supervisor's lock held. */
final class RemoteThread {
  /**
   * So long an id belongs to whom it did, without asking the kernel: ids are given out in a circle,
   * so one comes again only when about pid_max (usually 2^22) tasks have been made since, each of
   * which takes microseconds. (Who may choose ids, by CLONE3's set_tid or ns_last_pid, could give
   * away one of his own sooner.)
   */
  private static final long LATELY_NANOS = 1_000_000;

  private final int tid;
  private final RemoteProcess process;
  private long seenNanos;
  private @Nullable RemoteCall parked;
  private @Nullable Interrupted interrupted;

  /** A wait that will be made again, and the deadline it had. */
  private record Interrupted(Notification call, Deadline deadline) {}

  RemoteThread(int tid, RemoteProcess process, long nowNanos) {
    this.tid = tid;
    this.process = process;
    this.seenNanos = nowNanos;
  }

  int tid() {
    return tid;
  }

  RemoteProcess process() {
    return process;
  }

  /** Whether it was found to have its id so short a time ago that nobody else can have it yet. */
  boolean wasSeenLately(long nowNanos) {
    return nowNanos - seenNanos < LATELY_NANOS;
  }

  /** It was found to have its id. */
  void setSeen(long nowNanos) {
    seenNanos = nowNanos;
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
