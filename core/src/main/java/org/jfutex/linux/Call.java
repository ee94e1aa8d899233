package org.jfutex.linux;

import java.util.List;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.Task;
import org.jfutex.linux.AddressSpace.Access;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.time.Deadline;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * One system call while it is executed, by one thread: whose it is, what its addresses mean, and
 * how it sleeps.
 */
abstract class Call {
  /** The flags of include/uapi/linux/futex.h that say what kind of futex an address is. */
  static final int FUTEX2_SIZE_U32 = 2;

  static final int FUTEX2_NUMA = 4;
  static final int FUTEX2_MPOL = 8;
  static final int FUTEX2_PRIVATE = Operation.PRIVATE_FLAG;

  /** FUTEX_NO_NODE: the futex names no NUMA node. */
  private static final int NO_NODE = -1;

  private static final long LOW_HALF = 0xffff_ffffL;

  final JvmFutex engine;
  final Caller caller;
  final AddressSpace space;

  Call(JvmFutex engine, Caller caller) {
    this.engine = engine;
    this.caller = caller;
    this.space = caller.space();
  }

  /** Who makes the call, as an owner of locks; null if it cannot be one. */
  abstract @Nullable Task task();

  /** Sleeps while the word holds a value: 0 when woken, else a negative errno. */
  abstract long sleep(Word word, long expected, Deadline deadline, WaitOptions options);

  /** Sleeps while all words hold their values: the entry that was woken, else a negative errno. */
  abstract long sleepAny(List<WaitEntry> entries, Deadline deadline, WaitOptions options);

  static long error(Errno errno) {
    return -errno.number();
  }

  /** EINVAL, for what a message tells. */
  static FutexException invalid(String message) {
    return new FutexException(Errno.EINVAL, message);
  }

  boolean is32Bit() {
    return space.pointerBits() == Integer.SIZE;
  }

  /** A register as an unsigned long or a pointer of this address space. */
  long unsigned(long register) {
    return is32Bit() ? register & LOW_HALF : register;
  }

  WaitOptions options(int bitset) {
    int rank = caller.rank();
    return bitset == WaitOptions.MATCH_ANY && rank == 0
        ? WaitOptions.DEFAULT
        : new WaitOptions(bitset, rank);
  }

  /**
   * The word at an address, with the checks of get_futex_key (kernel/futex/core.c) in their order:
   * alignment, range, node, key. FUTEX2_MPOL asks for the node of the mapping's memory policy; no
   * address space has one, so it adds nothing.
   */
  Word word(long address, int flags, Access access) {
    boolean numa = (flags & FUTEX2_NUMA) != 0;
    int bytes = numa ? 2 * Integer.BYTES : Integer.BYTES;
    if (address % bytes != 0) {
      throw invalid("address 0x%x: expected a multiple of %d".formatted(address, bytes));
    }
    if (!space.inRange(address, bytes)) {
      throw new FutexException(
          Errno.EFAULT, "address 0x%x: expected one of user memory".formatted(address));
    }
    int node = numa ? node(address + Integer.BYTES) : NO_NODE;
    Scope scope = (flags & FUTEX2_PRIVATE) != 0 ? Scope.PRIVATE : Scope.SHARED;
    Key key = space.key(address, scope, access);
    return space.word(address, apartByNode(scope, node) ? key.onNode(node) : key);
  }

  /** The node a futex names, or the caller's, which is then written into it. */
  private int node(long address) {
    int node = space.read(address, Integer.BYTES).getInt();
    if (node == NO_NODE) {
      int current = caller.node();
      space.writeInt(address, current);
      return current;
    }
    if (node < 0 || node >= space.nodes()) {
      throw invalid("node %d: expected 0 to %d, or -1".formatted(node, space.nodes() - 1));
    }
    return node;
  }

  /**
   * Whether a futex with a node is in another hash table than one without. Private ones are: those
   * without a node live in the process's own table. Shared ones without a node are spread over the
   * tables of all nodes, which are the same only where there is one.
   */
  private boolean apartByNode(Scope scope, int node) {
    return node != NO_NODE && (scope == Scope.PRIVATE || space.nodes() > 1);
  }
}
