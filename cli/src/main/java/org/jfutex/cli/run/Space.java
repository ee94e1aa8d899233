package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * One address space (mm_struct): what a private futex is private to. Usually one process has it;
 * after vfork(2) or clone(2) with CLONE_VM several have. Its identity is the base of keys. Used
 * with the supervisor's lock held.
 */
final class Space {
  /** PROCMAP_QUERY of linux/fs.h, Linux 6.11. */
  private static final long PROCMAP_QUERY = 0xC0686611L;

  private static final int QUERY_BYTES = 104;
  private static final int ESRCH = 3;
  private static final int AMBIGUOUS = -1;

  private static final MemorySegment QUERY = Arena.ofAuto().allocate(QUERY_BYTES, Long.BYTES);

  /** Bound to the address space, not to the process: after execve it no longer answers. */
  private final int maps;

  private final Set<RemoteProcess> members = new LinkedHashSet<>();
  private final Set<Long> clearedOnExit = new HashSet<>();
  private final Map<Long, Integer> callSites = new HashMap<>();
  private boolean served;

  /** The address space a thread has now. */
  Space(int tid) {
    this.maps = RawFile.open("/proc/" + tid + "/maps");
    this.served = maps >= 0;
  }

  /**
   * A piece of mapped memory.
   *
   * @param start its first address
   * @param flags PROCMAP_QUERY_VMA_ bits
   * @param offset where in the file it starts
   * @param file what is mapped, null for anonymous memory
   */
  record Mapping(long start, long flags, long offset, @Nullable FileId file) {
    boolean isReadable() {
      return (flags & 1) != 0;
    }

    boolean isWritable() {
      return (flags & 2) != 0;
    }

    boolean isShared() {
      return (flags & 8) != 0;
    }
  }

  /** What is mapped at an address; null if nothing is. */
  @Nullable Mapping mappingAt(long address) {
    if (query(address) != 0) {
      return null;
    }
    long inode = QUERY.get(ValueLayout.JAVA_LONG, 64);
    FileId file =
        inode == 0
            ? null
            : new FileId(
                QUERY.get(ValueLayout.JAVA_INT, 72), QUERY.get(ValueLayout.JAVA_INT, 76), inode);
    return new Mapping(
        QUERY.get(ValueLayout.JAVA_LONG, 24),
        QUERY.get(ValueLayout.JAVA_LONG, 40),
        QUERY.get(ValueLayout.JAVA_LONG, 56),
        file);
  }

  private long query(long address) {
    QUERY.fill((byte) 0);
    QUERY.set(ValueLayout.JAVA_LONG, 0, QUERY_BYTES);
    QUERY.set(ValueLayout.JAVA_LONG, 16, address);
    return Syscalls.call(Nr.IOCTL, maps, PROCMAP_QUERY, QUERY.address());
  }

  /** Whether the last process that had this address space has left it. */
  boolean isDead() {
    return maps < 0 || query(0) == -ESRCH;
  }

  /** Whether this kernel can tell what is mapped at an address. */
  static boolean isSupported() {
    int own = RawFile.open("/proc/self/maps");
    try {
      QUERY.fill((byte) 0);
      QUERY.set(ValueLayout.JAVA_LONG, 0, QUERY_BYTES);
      QUERY.set(ValueLayout.JAVA_LONG, 16, QUERY.address());
      return own >= 0 && Syscalls.call(Nr.IOCTL, own, PROCMAP_QUERY, QUERY.address()) == 0;
    } finally {
      RawFile.close(own);
    }
  }

  /** Whether its calls can be served; if not they go to the kernel. */
  boolean isServed() {
    return served;
  }

  /** Gives up serving: its memory cannot be read. */
  void setUnserved() {
    served = false;
  }

  /** The processes that have this address space. */
  Set<RemoteProcess> members() {
    return members;
  }

  /**
   * Notes from where a system call was made: the address after the instruction. A place that makes
   * several, as syscall(3) does, is remembered for futex(2), whose arguments tell it from others.
   */
  void addCallSite(long ip, int nr) {
    Integer known = callSites.putIfAbsent(ip, nr);
    if (known != null && known != nr && known != Nr.FUTEX) {
      callSites.put(ip, nr == Nr.FUTEX ? Nr.FUTEX : AMBIGUOUS);
    }
  }

  /** The number of the calls made from there; null if none was seen. */
  @Nullable Integer callMadeFrom(long ip) {
    Integer nr = callSites.get(ip);
    return nr == null || nr == AMBIGUOUS ? null : nr;
  }

  /** Notes a word the kernel will clear when a thread exits (set_tid_address(2)). */
  void addClearedOnExit(long address) {
    clearedOnExit.add(address);
  }

  /** Whether the kernel will clear this word when a thread exits. */
  boolean isClearedOnExit(long address) {
    return clearedOnExit.contains(address);
  }

  /** Frees what is held for it. */
  void close() {
    RawFile.close(maps);
  }
}
