package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jfutex.Futex;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.AddressSpace;
import org.jfutex.linux.Operation;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.WordFault;

/**
 * The words that are left to the kernel. FUTEX_WAKE_OP changes a word of the program atomically,
 * which only the kernel can, so everybody who sleeps on its two words must sleep there before it is
 * let through, and whoever comes later must go there too.
 *
 * <p>A wait that is let go is made anew, so it sleeps only if its word still holds what it
 * expected; otherwise it ends with EAGAIN and is not counted, as if it had come just then. A wait
 * that a requeue has moved cannot be made anew on the other word and ends so too. The sum of all
 * counts is still that of all waits that end with 0. Used with the supervisor's lock held.
 */
final class NativeWords {
  /** A thread that has run this long since it was let go has long reached its kernel queue. */
  private static final long SETTLED_RUN_NANOS = 1_000_000;

  /** What wchan and stat say of a thread that runs or could, and of one that waits for a page. */
  private static final String RUNNING = "0";

  private static final char RUNNABLE = 'R';
  private static final char UNINTERRUPTIBLE = 'D';

  /** A thread that a debugger holds, or a slow disk, must not hold up everybody else for ever. */
  private static final long SETTLING_LIMIT_NANOS = 1_000_000_000;

  private static final int WAITV_BYTES = 24;
  private static final int WAITV_ADDRESS = 8;
  private static final int WAITV_FLAGS = 16;

  private final Supervisor supervisor;
  private final Set<Key> keys = new HashSet<>();

  /** The threads whose wait was let go since the last look, and how long they had run by then. */
  private final Map<Integer, Long> letGo = new HashMap<>();

  NativeWords(Supervisor supervisor) {
    this.supervisor = supervisor;
  }

  /**
   * Whether a call must go to the kernel; whoever it must meet there is there when this returns.
   */
  boolean claims(RemoteCall call) {
    boolean isWakeOp = call.operation() == Operation.WAKE_OP;
    if (!isWakeOp && keys.isEmpty()) {
      return false;
    }
    Set<Key> named = keysOf(call);
    if (!isWakeOp && named.stream().noneMatch(keys::contains)) {
      return false;
    }
    if (!keys.containsAll(named)) {
      demote(named);
    }
    if (CallText.isWait(call.operation())) {
      letGo.put(call.thread().tid(), ProcFs.runNanos(call.thread().tid()));
    } else {
      awaitAllSettled();
    }
    return true;
  }

  /** Moves everybody who sleeps on these words, or shares a sleep with one who does. */
  private void demote(Set<Key> named) {
    keys.addAll(named);
    boolean grown = true;
    while (grown) {
      grown = false;
      for (RemoteCall call : supervisor.parkedCalls()) {
        List<Key> slept = call.sleepsOn();
        if (slept.stream().anyMatch(keys::contains)) {
          grown |= keys.addAll(slept); // a vector wait goes as a whole
          if (isMoved(call, slept)) {
            // the kernel would queue it on the word it named, where nobody will look for it
            var _ = supervisor.sendBack(call);
          } else {
            int tid = call.thread().tid();
            letGo.put(tid, ProcFs.runNanos(tid));
            var _ = supervisor.letGo(call, Disposition.PASSED);
          }
        }
      }
    }
  }

  /** Nobody may look into the kernel's queues before those are there who were let go before. */
  private void awaitAllSettled() {
    letGo.forEach(NativeWords::awaitSettled);
    letGo.clear();
  }

  /** Whether a requeue has moved it away from a word it named. */
  private static boolean isMoved(RemoteCall call, List<Key> slept) {
    return !slept.equals(call.words().stream().map(RemoteWord::key).toList());
  }

  /**
   * Waits until a thread that was let go sleeps in the kernel's queue, or has certainly passed it:
   * it sleeps elsewhere, has ended, or has run far longer than the way there takes. A thread that
   * waits for a processor is waited for.
   */
  @SuppressWarnings("ThreadPriorityCheck") // it is only polite: the loop ends without it too
  private static void awaitSettled(int tid, long runBefore) {
    long deadline = now() + SETTLING_LIMIT_NANOS;
    while (!isSettled(tid, runBefore) && now() < deadline) {
      Thread.yield(); // it may need this processor
    }
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  private static boolean isSettled(int tid, long runBefore) {
    long run = ProcFs.runNanos(tid);
    if (run < 0 || runBefore < 0 || run - runBefore > SETTLED_RUN_NANOS) {
      return true;
    }
    String place = ProcFs.sleepsIn(tid);
    if (place == null) {
      return true;
    }
    if (place.equals(RUNNING)) {
      // also what a process that may not be read says of all its threads: then stat has to do
      char state = ProcFs.state(tid);
      return state != RUNNABLE && state != UNINTERRUPTIBLE;
    }
    // letting it go made it runnable, so a sleep in seccomp is that of its next call; a page of the
    // word may have to be read in before the kernel can compare it
    return place.startsWith("futex")
        || place.contains("seccomp")
        || ProcFs.state(tid) != UNINTERRUPTIBLE;
  }

  private Set<Key> keysOf(RemoteCall call) {
    AddressSpace space = call.space();
    Set<Key> named = new HashSet<>();
    long[] args = call.notification().args();
    switch (call.notification().nr()) {
      case Nr.FUTEX -> {
        Operation operation = call.operation();
        boolean isPrivate = (args[1] & Operation.PRIVATE_FLAG) != 0;
        add(named, space, args[0], isPrivate);
        if (operation == Operation.REQUEUE
            || operation == Operation.CMP_REQUEUE
            || operation == Operation.WAKE_OP) {
          add(named, space, args[4], isPrivate);
        }
      }
      case Nr.FUTEX_WAKE, Nr.FUTEX_WAIT ->
          add(named, space, args[0], (args[3] & Operation.PRIVATE_FLAG) != 0);
      case Nr.FUTEX_WAITV -> addVector(named, space, args[0], (int) args[1]);
      case Nr.FUTEX_REQUEUE -> addVector(named, space, args[0], 2);
      default -> {
        // no words
      }
    }
    return named;
  }

  private static void addVector(Set<Key> named, AddressSpace space, long address, int count) {
    if (count < 1 || count > Futex.MAX_ENTRIES) {
      return; // the kernel will refuse it
    }
    ByteBuffer vector;
    try {
      vector = space.read(address, count * WAITV_BYTES);
    } catch (WordFault e) {
      return; // the kernel will refuse it
    }
    for (int i = 0; i < count; i++) {
      long word = vector.getLong(i * WAITV_BYTES + WAITV_ADDRESS);
      int flags = vector.getInt(i * WAITV_BYTES + WAITV_FLAGS);
      add(named, space, word, (flags & Operation.PRIVATE_FLAG) != 0);
    }
  }

  private static void add(Set<Key> named, AddressSpace space, long address, boolean isPrivate) {
    AddressSpace.Scope scope = isPrivate ? AddressSpace.Scope.PRIVATE : AddressSpace.Scope.SHARED;
    try {
      named.add(space.key(address, scope, AddressSpace.Access.READ));
    } catch (WordFault e) {
      return; // the kernel will refuse it
    }
  }
}
