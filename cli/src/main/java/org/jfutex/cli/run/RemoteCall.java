package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jfutex.engine.AsyncWait;
import org.jfutex.kernel.Syscalls;
import org.jfutex.linux.AddressSpace;
import org.jfutex.linux.Operation;
import org.jfutex.linux.RemoteCaller;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * One futex call of a thread of the program, from its notification to its answer. It, not the
 * thread, is the engine's caller: an answer meant for a call that was given up must not reach the
 * next one. Used with the supervisor's lock held, but for {@link #complete}.
 */
final class RemoteCall implements RemoteCaller {
  private static final int SCHED_FIFO = 1;
  private static final int SCHED_RR = 2;

  private final Notification notification;
  private final RemoteThread thread;
  private final RemoteMemory memory;
  private final Answers answers;
  private final @Nullable Deadline keptDeadline;
  private final long startedNanos;
  private @Nullable AsyncWait sleep;
  private @Nullable Deadline relativeDeadline;
  private boolean answered;

  /** Takes the results of calls that slept. */
  interface Answers {
    /** As {@link RemoteCaller#complete}, for one of many callers. */
    boolean complete(RemoteCall call, long result);
  }

  RemoteCall(Notification notification, RemoteThread thread, Answers answers) {
    this.notification = notification;
    this.thread = thread;
    this.memory = new RemoteMemory(thread.process().space(), thread.tid());
    this.answers = answers;
    this.keptDeadline = thread.takeDeadline(notification);
    this.startedNanos = now();
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  @Override
  public AddressSpace space() {
    return memory;
  }

  /**
   * The kernel queues real-time threads by priority, all others alike (kernel/futex/waitwake.c).
   */
  @Override
  public int rank() {
    long policy = Syscalls.call(Nr.SCHED_GETSCHEDULER, thread.tid(), 0, 0);
    if (policy != SCHED_FIFO && policy != SCHED_RR) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment priority = arena.allocate(ValueLayout.JAVA_INT);
      long result = Syscalls.call(Nr.SCHED_GETPARAM, thread.tid(), priority.address(), 0);
      return result == 0 ? priority.get(ValueLayout.JAVA_INT, 0) : 0;
    }
  }

  @Override
  public Deadline deadlineAfter(long nanos) {
    Deadline kept = keptDeadline;
    Deadline deadline = kept != null ? kept : Deadline.afterNanos(nanos, Ticker.system());
    relativeDeadline = deadline;
    return deadline;
  }

  @Override
  public boolean complete(long result) {
    return answers.complete(this, result);
  }

  Notification notification() {
    return notification;
  }

  RemoteThread thread() {
    return thread;
  }

  @Nullable Operation operation() {
    return Operation.of(notification.nr(), notification.args()[1]);
  }

  /** The words it named; of a vector wait that sleeps, its entries in order. */
  List<RemoteWord> words() {
    return memory.words();
  }

  private List<Key> keys() {
    return memory.words().stream().map(RemoteWord::key).toList();
  }

  /** The deadline its relative timeout meant; null if it has none. */
  @Nullable Deadline relativeDeadline() {
    return relativeDeadline;
  }

  void setSleep(AsyncWait wait) {
    sleep = wait;
  }

  /** Takes it out of the queue; false if it is not in it, or a waker was faster. */
  boolean cancelSleep() {
    AsyncWait wait = sleep;
    return wait != null && wait.cancel();
  }

  /** The futexes it is queued on now, after any requeue. */
  List<Key> sleepsOn() {
    AsyncWait wait = sleep;
    return wait == null ? List.of() : wait.keys();
  }

  boolean isAnswered() {
    return answered;
  }

  void setAnswered() {
    answered = true;
  }

  /** What the report is told about it. */
  ServedCall toServedCall(
      long result, ServedCall.Disposition disposition, int wakerTid, List<String> stack) {
    return new ServedCall(
        startedNanos,
        now() - startedNanos,
        thread.process().tgid(),
        thread.tid(),
        notification.nr(),
        notification.args(),
        operation(),
        keys(),
        result,
        disposition,
        wakerTid,
        stack);
  }

  /** What a waker is told it has woken, in a snapshot. */
  @Override
  public String toString() {
    return "thread " + thread.tid() + " of process " + thread.process().tgid();
  }
}
