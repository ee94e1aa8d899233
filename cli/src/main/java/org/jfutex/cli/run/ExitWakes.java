package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jfutex.word.Key;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The wakes the kernel makes when threads exit. It clears the word set by set_tid_address(2) and
 * marks the robust mutexes a thread still held, and wakes a waiter of its own on each, but it does
 * not know the waiters of the engine: those are woken here when their word is seen changed.
 *
 * <p>Nearly every such wait expects the id of the thread whose exit it waits for, so that thread is
 * watched. The rest is found by looking at the words from time to time. Used with the supervisor's
 * lock held, but for {@link #findChanged}.
 */
final class ExitWakes {
  /** FUTEX_TID_MASK and FUTEX_OWNER_DIED of linux/futex.h. */
  private static final int TID_MASK = 0x3fffffff;

  private static final int OWNER_DIED = 0x40000000;

  /** PID_MAX_LIMIT of linux/threads.h. */
  private static final int MAX_TID = 4 * 1024 * 1024;

  private static final int CLONE_VM = 0x100;
  private static final int CLONE_CHILD_CLEARTID = 0x00200000;

  private final Supervisor supervisor;

  /** Words cleared in the memory of a forked process, whose address space is not known yet. */
  private final Set<Long> clearedInChildren = new HashSet<>();

  ExitWakes(Supervisor supervisor) {
    this.supervisor = supervisor;
  }

  /**
   * A word that is no longer what a wait expected.
   *
   * @param call the wait
   * @param index which of its words
   */
  record Candidate(RemoteCall call, int index) {
    RemoteWord word() {
      return call.words().get(index);
    }
  }

  /** Learns which word the kernel will clear, from a call that is about to be made. */
  void learn(Notification call, Space space) {
    long[] args = call.args();
    switch (call.nr()) {
      case Nr.SET_TID_ADDRESS -> space.addClearedOnExit(args[0]);
      case Nr.CLONE -> learn(args[0], args[3], space);
      case Nr.CLONE3 -> {
        try {
          ByteBuffer cloneArgs = ProcessMemory.read(call.tid(), args[0], 3 * Long.BYTES);
          learn(cloneArgs.getLong(0), cloneArgs.getLong(2 * Long.BYTES), space);
        } catch (WordFault | ProcessMemory.OffLimits e) {
          return; // the kernel will refuse it, or the process is not served anyway
        }
      }
      default -> throw new IllegalArgumentException("system call " + call.nr());
    }
  }

  private void learn(long flags, long childTid, Space space) {
    if ((flags & CLONE_CHILD_CLEARTID) == 0) {
      return;
    }
    if ((flags & CLONE_VM) != 0) {
      space.addClearedOnExit(childTid);
    } else {
      clearedInChildren.add(childTid);
    }
  }

  /**
   * Watches the threads a parked call's values name. A thread may end before it is watched, so the
   * word is read once more afterwards.
   *
   * @return whether a word has changed meanwhile
   */
  boolean hasChangedWhileWatching(RemoteCall call, ExitWatch exits) {
    boolean changed = false;
    for (Candidate each : candidates(List.of(call), word -> true)) {
      int tid = tidIn(each.word().lastLoaded());
      if (tid > 0 && tid <= MAX_TID && !exits.isThreadWatched(tid)) {
        var _ = exits.watchThread(tid); // no such thread: the value may mean anything
        changed |= isChanged(each);
      }
    }
    return changed;
  }

  private static int tidIn(int value) {
    return value & TID_MASK;
  }

  private static boolean isChanged(Candidate candidate) {
    Integer value = read(candidate);
    return value != null && value != candidate.word().lastLoaded();
  }

  /**
   * Wakes who waited for threads that have ended and whose word has changed, whatever it is now:
   * another thread may have taken over what the exit released.
   */
  void wakeForThreads(Set<Integer> tids) {
    if (!tids.isEmpty()) {
      wake(
          candidates(supervisor.parkedCalls(), word -> tids.contains(tidIn(word.lastLoaded()))),
          (each, value) -> true);
    }
  }

  private interface Choice {
    boolean takes(RemoteWord word);
  }

  private static List<Candidate> candidates(List<RemoteCall> calls, Choice choice) {
    List<Candidate> chosen = new ArrayList<>();
    for (RemoteCall call : calls) {
      for (int i = 0; i < call.words().size(); i++) {
        if (choice.takes(call.words().get(i))) {
          chosen.add(new Candidate(call, i));
        }
      }
    }
    return chosen;
  }

  /** Looks at the words of parked calls, without the lock: what it finds is a hint. */
  List<Candidate> findChanged(List<RemoteCall> calls) {
    IdentityHashMap<Space, List<Candidate>> bySpace = new IdentityHashMap<>();
    for (Candidate each : candidates(calls, word -> true)) {
      Space space = each.call.thread().process().space();
      bySpace.computeIfAbsent(space, _ -> new ArrayList<>()).add(each);
    }
    List<Candidate> changed = new ArrayList<>();
    bySpace.values().forEach(group -> addChanged(group, changed));
    return changed;
  }

  private static void addChanged(List<Candidate> group, List<Candidate> changed) {
    long[] addresses = group.stream().mapToLong(each -> each.word().address()).toArray();
    int[] values = new int[addresses.length];
    boolean[] readable = new boolean[addresses.length];
    ProcessMemory.readInts(group.getFirst().call.thread().tid(), addresses, values, readable);
    for (int i = 0; i < values.length; i++) {
      if (readable[i] && values[i] != group.get(i).word().lastLoaded()) {
        changed.add(group.get(i));
      }
    }
  }

  /** Wakes those of the candidates whose word an exit has changed, and only an exit. */
  void wake(List<Candidate> candidates) {
    wake(candidates, (each, value) -> value == 0 && isClearedOnExit(each));
  }

  private interface Cause {
    boolean isExit(Candidate candidate, int value);
  }

  private void wake(List<Candidate> candidates, Cause cause) {
    Set<Key> ownerDied = new HashSet<>();
    for (Candidate each : candidates) {
      Integer value = read(each);
      if (value == null || value == each.word().lastLoaded()) {
        continue;
      }
      if ((value & OWNER_DIED) != 0 && tidIn(value) == 0) {
        // handle_futex_death wakes one; the others are the business of that one
        Key key = each.word().key();
        if (!ownerDied.contains(key) && supervisor.wakeUncounted(each.call, each.index)) {
          ownerDied.add(key);
        }
      } else if (cause.isExit(each, value)) {
        var _ = supervisor.wakeUncounted(each.call, each.index);
      }
    }
  }

  private static @Nullable Integer read(Candidate candidate) {
    try {
      return ProcessMemory.readInt(candidate.call.thread().tid(), candidate.word().address());
    } catch (WordFault | ProcessMemory.OffLimits e) {
      return null; // nothing can be seen there any more
    }
  }

  private boolean isClearedOnExit(Candidate candidate) {
    long address = candidate.word().address();
    return candidate.call.thread().process().space().isClearedOnExit(address)
        || clearedInChildren.contains(address);
  }
}
