package org.jfutex.cli.play;

import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jspecify.annotations.Nullable;

/** A thread of a scenario while it is played. */
final class Actor {
  private final String name;
  private final MachineProcess process;
  private final MachineThread thread;
  private String call = "";
  private boolean timed;
  private boolean inCall;
  private boolean gone;
  private boolean stopped;
  private @Nullable Long result;
  private boolean stated;
  private boolean fresh;

  /** The last entry of its robust list; 0 before it has one. */
  private long lastEntry;

  private boolean hasHead;

  Actor(String name, MachineProcess process, MachineThread thread) {
    this.name = name;
    this.process = process;
    this.thread = thread;
  }

  String name() {
    return name;
  }

  MachineProcess process() {
    return process;
  }

  MachineThread thread() {
    return thread;
  }

  /** Notes that it is about to start a call. */
  void begins(String statement, boolean mayTimeOut) {
    call = statement;
    timed = mayTimeOut;
    inCall = true;
    result = null;
    stated = false;
  }

  /** Waits until its call has returned or sleeps, and looks. */
  ThreadState settle(long nanos) {
    return look(inCall ? thread.settle(nanos) : ThreadState.IDLE);
  }

  /** Waits until its call has returned, and looks. */
  ThreadState join(long nanos) {
    return look(inCall ? thread.join(nanos) : ThreadState.IDLE);
  }

  private ThreadState look(ThreadState state) {
    if (inCall && state == ThreadState.RETURNED) {
      returned(thread.takeResult());
    } else if (inCall && state == ThreadState.GONE) {
      leaves();
    }
    return state;
  }

  /** Notes the result of its call. */
  void returned(long value) {
    result = value;
    inCall = false;
    fresh = true;
  }

  /** Notes that it has exited or was killed. */
  void leaves() {
    gone = true;
    fresh |= inCall;
    inCall = false;
  }

  void stops(boolean isStopped) {
    stopped = isStopped;
  }

  boolean isInCall() {
    return inCall;
  }

  boolean isGone() {
    return gone;
  }

  boolean isStopped() {
    return stopped;
  }

  boolean isTimed() {
    return timed;
  }

  /** The call it is or was in. */
  String call() {
    return call;
  }

  /** The result of its last call; null while it has none. */
  @Nullable Long result() {
    return result;
  }

  /** Whether its call has ended since this was asked last. */
  boolean takeFresh() {
    boolean was = fresh;
    fresh = false;
    return was;
  }

  /** Whether a step has said what its last call returned. */
  boolean isStated() {
    return stated;
  }

  void state() {
    stated = true;
  }

  /** How its call stands, for comparison. */
  Played.Ended ended() {
    Long value = result;
    String got = gone ? "gone" : value == null ? (inCall ? "sleeps" : "idle") : Errnos.text(value);
    return new Played.Ended(got, timed);
  }

  long lastEntry() {
    return lastEntry;
  }

  void linked(long entry) {
    lastEntry = entry;
  }

  boolean hasHead() {
    return hasHead;
  }

  void gotHead() {
    hasHead = true;
  }
}
