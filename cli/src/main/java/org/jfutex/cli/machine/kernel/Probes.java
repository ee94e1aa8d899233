package org.jfutex.cli.machine.kernel;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jspecify.annotations.Nullable;

/** What the running kernel offers, found out by harmless calls of a worker. */
final class Probes {
  private static final int EINVAL = 22;
  private static final int ENOSYS = 38;

  private static final int UNLOCK_PI_PRIVATE = 7 | 128;
  private static final int SIZE_U32_PRIVATE = 2 | 128;
  private static final int NUMA = 4;
  private static final int MPOL = 8;
  private static final int PR_FUTEX_HASH = 78;
  private static final int PR_FUTEX_HASH_GET_SLOTS = 2;
  private static final int SCHED_OTHER = 0;
  private static final int SCHED_FIFO = 1;

  private final Map<Capability, Optional<String>> known = new EnumMap<>(Capability.class);

  /** Why there is no such thing; null if there is. */
  @Nullable String lacks(Capability capability, KernelProcess worker) {
    return known
        .computeIfAbsent(capability, wanted -> Optional.ofNullable(probe(wanted, worker)))
        .orElse(null);
  }

  private static @Nullable String probe(Capability capability, KernelProcess worker) {
    return switch (capability) {
      case SIGNALS, PROCESSES -> null;
      case PI -> missing(worker.tryControl(Nr.FUTEX, cell(worker), UNLOCK_PI_PRIVATE));
      case ROBUST -> missing(worker.tryControl(Nr.GET_ROBUST_LIST, 0, 0, 0));
      case WAITV -> missing(worker.tryControl(Nr.FUTEX_WAITV, 0, 0, 0, 0, 0));
      case FUTEX2 -> missing(wake(worker, SIZE_U32_PRIVATE));
      case NUMA -> refused("FUTEX2_NUMA", wake(worker, SIZE_U32_PRIVATE | NUMA));
      case MPOL -> refused("FUTEX2_MPOL", wake(worker, SIZE_U32_PRIVATE | MPOL));
      case SIZE8 -> refused("words of 8 bits", wake(worker, 128));
      case SIZE16 -> refused("words of 16 bits", wake(worker, 128 | 1));
      case SIZE64 -> refused("words of 64 bits", wake(worker, 128 | 3));
      case HASH ->
          refused(
              "PR_FUTEX_HASH", worker.tryControl(Nr.PRCTL, PR_FUTEX_HASH, PR_FUTEX_HASH_GET_SLOTS));
      case RT -> realTime(worker);
    };
  }

  /** A cell that no process owns as a PI futex, with the node that means any. */
  private static long cell(KernelProcess worker) {
    return worker.machine().mailboxes().note(0, -1);
  }

  /** A futex_wake of nobody. */
  private static long wake(KernelProcess worker, int flags) {
    return worker.tryControl(Nr.FUTEX_WAKE, cell(worker), 1, 0, flags);
  }

  private static @Nullable String missing(long result) {
    return result == -ENOSYS ? "this kernel was built without it" : null;
  }

  private static @Nullable String refused(String what, long result) {
    return result == -ENOSYS || result == -EINVAL ? "this kernel refuses " + what : null;
  }

  private static @Nullable String realTime(KernelProcess worker) {
    Mailboxes mailboxes = worker.machine().mailboxes();
    long result = worker.tryControl(Nr.SCHED_SETSCHEDULER, 0, SCHED_FIFO, mailboxes.note(1));
    if (result < 0) {
      return "real-time priorities are refused: " + ErrorText.of((int) -result);
    }
    worker.control("sched_setscheduler", Nr.SCHED_SETSCHEDULER, 0, SCHED_OTHER, mailboxes.note(0));
    return null;
  }
}
