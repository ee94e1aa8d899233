package org.jfutex.cli.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * The threads, processes and address spaces of the program, as far as their calls have told. Used
 * with the supervisor's lock held.
 */
final class Tree {
  /** KCMP_VM of linux/kcmp.h. */
  private static final int KCMP_VM = 1;

  private static final int ESRCH = 3;

  /** With more processes than this, asking proc is faster than asking each of them. */
  private static final int FEW_PROCESSES = 8;

  private final Map<Integer, RemoteThread> threads = new HashMap<>();
  private final Map<Integer, RemoteProcess> processes = new LinkedHashMap<>();
  private final Set<Space> spaces = new LinkedHashSet<>();
  private final CallSink sink;

  Tree(CallSink sink) {
    this.sink = sink;
  }

  /**
   * The thread with an id that is making a call now; null if it is found to be gone. One that was
   * there a moment ago may be gone unnoticed, unless its process may be executing another program.
   */
  @Nullable RemoteThread thread(int tid) {
    long now = System.nanoTime();
    RemoteThread known = threads.get(tid);
    if (known != null && hasItsIdStill(known, now)) {
      return known;
    }
    // new, or the id of one that ended was given to another
    RemoteProcess process = processOf(tid);
    if (process == null) {
      return null;
    }
    RemoteThread thread = new RemoteThread(tid, process, now);
    threads.put(tid, thread);
    sink.threadSeen(process.tgid(), tid);
    return thread;
  }

  /** As asked a moment ago, or now: an execve ends all threads of a process but one. */
  private static boolean hasItsIdStill(RemoteThread thread, long now) {
    RemoteProcess process = thread.process();
    if (thread.wasSeenLately(now) && process.executing().isEmpty()) {
      return true;
    }
    boolean has = isThreadOf(process, thread.tid());
    if (has) {
      thread.setSeen(now);
    }
    return has;
  }

  /** Exact at the time of asking: signal 0 is delivered to nobody. */
  private static boolean isThreadOf(RemoteProcess process, int tid) {
    return Syscalls.call(Nr.TGKILL, process.tgid(), tid, 0) == 0;
  }

  private @Nullable RemoteProcess processOf(int tid) {
    if (processes.size() <= FEW_PROCESSES) {
      for (RemoteProcess each : processes.values()) {
        if (isThreadOf(each, tid)) {
          return each;
        }
      }
    }
    ProcFs.Status status = ProcFs.status(tid);
    if (status == null) {
      return null;
    }
    RemoteProcess known = processes.get(status.tgid());
    if (known != null) {
      return known;
    }
    RemoteProcess process = new RemoteProcess(status.tgid(), spaceOf(tid));
    process.space().members().add(process);
    process.setLastCaller(tid);
    processes.put(process.tgid(), process);
    sink.processSeen(process.tgid(), ProcFs.name(process.tgid()), false);
    return process;
  }

  /** The address space a thread has, a known one if another process has the same. */
  private Space spaceOf(int tid) {
    for (Space each : spaces) {
      for (RemoteProcess member : each.members()) {
        if (sharesMemory(member, tid)) {
          return each;
        }
      }
    }
    Space space = new Space(tid);
    spaces.add(space);
    return space;
  }

  /** By a thread of the process that still has its memory: a dead leader has none any more. */
  private static boolean sharesMemory(RemoteProcess process, int tid) {
    long order = compare(process.lastCaller(), tid);
    if (order != -ESRCH) {
      return order == 0;
    }
    return ProcFs.threads(process.tgid()).stream().anyMatch(thread -> compare(thread, tid) == 0);
  }

  private static long compare(int a, int b) {
    return Syscalls.call(Nr.KCMP, a, b, KCMP_VM, 0, 0, 0);
  }

  /**
   * Finds out, at a call of a process whose execve was let through, whether it has become another
   * program. If so, it has a new address space, and its other threads are gone.
   *
   * @param thread the calling thread
   * @return true if it has
   */
  boolean hasExecuted(RemoteThread thread) {
    RemoteProcess process = thread.process();
    Space old = process.space();
    if (!old.isDead() && !hasLeft(process, thread.tid())) {
      process.executing().remove(thread.tid()); // its own execve has failed; another's may not yet
      return false;
    }
    process.executing().clear();
    old.members().remove(process);
    retireIfEmpty(old);
    process.setSpace(spaceOf(thread.tid()));
    process.space().members().add(process);
    process.setLastCaller(thread.tid());
    sink.processSeen(process.tgid(), ProcFs.name(process.tgid()), false);
    return true;
  }

  /** Whether a process no longer shares memory with the others that had its address space. */
  private static boolean hasLeft(RemoteProcess process, int tid) {
    Set<RemoteProcess> members = process.space().members();
    return members.size() > 1
        && members.stream().noneMatch(other -> other != process && sharesMemory(other, tid));
  }

  private void retireIfEmpty(Space space) {
    if (space.members().isEmpty() && spaces.remove(space)) {
      space.close();
    }
  }

  /** A process that is known; null otherwise. */
  @Nullable RemoteProcess process(int tgid) {
    return processes.get(tgid);
  }

  /** All known processes, oldest first. */
  List<RemoteProcess> processes() {
    return List.copyOf(processes.values());
  }

  /** Forgets a process that has ended, with its threads. */
  void remove(RemoteProcess process) {
    processes.remove(process.tgid(), process);
    threads.values().removeIf(thread -> thread.process() == process);
    process.space().members().remove(process);
    retireIfEmpty(process.space());
  }

  /** Forgets the threads that have ended while their processes live on. */
  void forgetDeadThreads() {
    List<RemoteThread> dead = new ArrayList<>();
    for (RemoteThread each : threads.values()) {
      long result = Syscalls.call(Nr.TGKILL, each.process().tgid(), each.tid(), 0);
      if (result == -ESRCH && each.parked() == null) {
        dead.add(each);
      }
    }
    dead.forEach(thread -> threads.remove(thread.tid(), thread));
  }
}
