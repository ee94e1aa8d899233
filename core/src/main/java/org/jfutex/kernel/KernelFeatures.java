package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * What the running kernel offers, and what may be used of it here: each feature is found out by a
 * call that changes nothing but words made for the purpose, none by the kernel's version. A filter
 * (seccomp) that hides a feature makes it absent.
 */
public final class KernelFeatures {
  private static final int NR_PRCTL = 157;
  private static final int PR_FUTEX_HASH = 78;
  private static final int FUTEX_HASH_GET_SLOTS = 2;

  private static final int SIZE_U8 = 0;
  private static final int SIZE_U16 = 1;
  private static final int SIZE_U64 = 3;
  private static final int NUMA = 4;
  private static final int MPOL = 8;
  private static final int ROBUST_UNLOCK = 0x200;

  private static final long BYTES = 64;
  private static final long OTHER = 16;
  private static final long RESULTS = 32;
  private static final long ENTRY_BYTES = 24;

  private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, Long.BYTES);
  private final MemorySegment entries = Arena.ofAuto().allocate(2 * ENTRY_BYTES, Long.BYTES);
  private final long word = memory.address();
  private final List<Feature> found = new ArrayList<>();

  private KernelFeatures() {}

  /**
   * One thing a kernel may have.
   *
   * @param name a short name, as {@code futex_waitv}
   * @param present whether it is there
   * @param meaning what it is, and what jfutex does with it or without it
   */
  public record Feature(String name, boolean present, String meaning) {}

  /**
   * Finds out about every feature.
   *
   * @return the features, in a fixed order
   * @throws UnsupportedOperationException if this system cannot make the calls at all
   */
  public static List<Feature> probe() {
    Support.checkCalls();
    KernelFeatures features = new KernelFeatures();
    features.calls();
    features.flags();
    features.operations();
    features.oddities();
    features.rings();
    return List.copyOf(features.found);
  }

  private void calls() {
    result(
        "futex_waitv",
        "wait on several words (5.16): Futex.kernel() needs it",
        Syscalls.call(FutexCalls.NR_FUTEX_WAITV, 0, 0, 0),
        r -> r == FutexCalls.EINVAL);
    result(
        "futex2",
        "futex_wake, futex_wait, futex_requeue (6.7): the raw face only",
        wake2(FutexCalls.SIZE_U32 | FutexCalls.PRIVATE, 0),
        r -> r == 0);
  }

  private void flags() {
    result(
        "size_u8",
        "8-bit futexes: Futex.kernel() refuses such words",
        wake2(SIZE_U8 | FutexCalls.PRIVATE, 1),
        r -> r == 0);
    result(
        "size_u16",
        "16-bit futexes: likewise",
        wake2(SIZE_U16 | FutexCalls.PRIVATE, 1),
        r -> r == 0);
    result(
        "size_u64",
        "64-bit futexes: likewise",
        wake2(SIZE_U64 | FutexCalls.PRIVATE, 1),
        r -> r == 0);
    memory.set(ValueLayout.JAVA_INT, Integer.BYTES, -1); // the node: any
    result(
        "numa",
        "FUTEX2_NUMA, a node beside the word (6.16): the raw face only",
        wake2(FutexCalls.SIZE_U32 | FutexCalls.PRIVATE | NUMA, 1),
        r -> r == 0);
    result(
        "mpol",
        "FUTEX2_MPOL, the node of the memory policy (6.16): the raw face only",
        wake2(FutexCalls.SIZE_U32 | FutexCalls.PRIVATE | MPOL, 1),
        r -> r == 0);
    result(
        "private_hash",
        "a hash table of each process's own (6.16): fewer neighbours for private words",
        Syscalls.call(NR_PRCTL, PR_FUTEX_HASH, FUTEX_HASH_GET_SLOTS, 0, 0, 0, 0),
        r -> r >= 0);
  }

  private void operations() {
    long misaligned = word + 1; // refused before anything is looked at
    result(
        "pi",
        "FUTEX_LOCK_PI and the like: the raw face only",
        futex(misaligned, FutexCalls.TRYLOCK_PI, 0, 0, 0, 0),
        r -> r == FutexCalls.EINVAL);
    result(
        "lock_pi2",
        "FUTEX_LOCK_PI2, on either clock (5.14): the raw face only",
        futex(misaligned, FutexCalls.LOCK_PI2, 0, 0, 0, 0),
        r -> r == FutexCalls.EINVAL);
    result(
        "robust_list",
        "the kernel marks the locks of a thread that dies: the raw face only",
        Syscalls.call(FutexCalls.NR_GET_ROBUST_LIST, 0, word + RESULTS, word + RESULTS + 8),
        r -> r == 0);
    result(
        "robust_unlock",
        "FUTEX_ROBUST_UNLOCK, unlock and clear the pending entry in one step: not used",
        futex(word, FutexCalls.WAKE | FutexCalls.PRIVATE | ROBUST_UNLOCK, 1, 0, word + RESULTS, 0),
        r -> r >= 0);
  }

  private void oddities() {
    for (int i = 0; i < 2; i++) {
      entries.set(ValueLayout.JAVA_LONG, i * ENTRY_BYTES + 8, word + i * OTHER);
      int flags = FutexCalls.SIZE_U32 | (i == 0 ? FutexCalls.PRIVATE : 0);
      entries.set(ValueLayout.JAVA_INT, i * ENTRY_BYTES + 16, flags);
    }
    memory.set(ValueLayout.JAVA_INT, 0, 0); // the value the first entry expects
    result(
        "requeue_same_flags",
        "futex_requeue refuses two words of different kind (6.7 to 6.18 did not: a bug)",
        Syscalls.call(FutexCalls.NR_FUTEX_REQUEUE, entries.address(), 0, 0, 0, 0, 0),
        r -> r == FutexCalls.EINVAL);
    result(
        "negative_wake",
        "FUTEX_WAKE takes a negative count for 1: Futex.kernel() never passes one",
        futex(word, FutexCalls.WAKE | FutexCalls.PRIVATE, -1, 0, 0, 0),
        r -> r == 0);
    found.add(
        new Feature(
            "wake_op_order",
            WakeOps.changesFirst(),
            "FUTEX_WAKE_OP changes its word before it refuses a comparison:"
                + " a wake-op that wakes 0 on its target needs it"));
  }

  private void rings() {
    found.add(
        new Feature(
            "io_uring",
            Uring.isAllowed(),
            "io_uring with the waits of one thread (6.1): see io_uring_futex"));
    found.add(
        new Feature(
            "io_uring_futex",
            Uring.hasFutexes(),
            "futex waits of io_uring (6.7): virtual threads and futures of Futex.kernel();"
                + " without it a thread for each"));
  }

  private long wake2(int flags, int count) {
    return Syscalls.call(FutexCalls.NR_FUTEX_WAKE, word, 0x1, count, flags, 0, 0);
  }

  private static long futex(long address, int op, int val, long val2, long address2, int val3) {
    return Syscalls.call(FutexCalls.NR_FUTEX, address, op, val, val2, address2, val3);
  }

  private void result(String name, String meaning, long result, LongPredicate present) {
    found.add(new Feature(name, present.test(result), meaning));
  }
}
