package org.jfutex.cli.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.play.Lowering;

/** The robust lists of the threads of a {@link Bench}, as the player of scenarios makes them. */
final class RobustLists {
  /** From an entry to its word. */
  static final int WORD = Long.BYTES;

  /** An entry: its next pointer and its word. */
  static final int ENTRY_BYTES = 2 * Long.BYTES;

  static final long NR_SET_ROBUST_LIST = 273;
  private static final int HEAD_BYTES = 3 * Long.BYTES;
  private static final int HEAD_OFFSET = Long.BYTES;
  private static final int HEAD_PENDING = 2 * Long.BYTES;

  /** Makes a call of a thread and waits for it. */
  interface Caller {
    long call(MachineThread thread, long nr, long... args);
  }

  private final MachineProcess process;
  private final Caller caller;

  /** Of each thread that has a head of its own: where its next entry is to be linked. */
  private final Map<MachineThread, Long> ends = new HashMap<>();

  /** Those that have registered a head, their own or another. */
  private final Set<MachineThread> registered = new HashSet<>();

  RobustLists(MachineProcess process, Caller caller) {
    this.process = process;
    this.caller = caller;
  }

  /** Where a thread has its head. */
  static long head(MachineThread thread) {
    return thread.scratch() + Lowering.HEAD_OFFSET;
  }

  /** Links an entry to the end of a thread's list. */
  void link(MachineThread thread, long word, boolean pi) {
    register(thread);
    long entry = word - WORD;
    ByteBuffer id = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
    process.write(word, id.putInt(thread.tid()).array());
    writePointer(entry, head(thread));
    writePointer(ends.getOrDefault(thread, head(thread)), entry | (pi ? 1 : 0));
    ends.put(thread, entry);
  }

  /** Points the pending slot of a thread's list at an entry. */
  void pend(MachineThread thread, long word, boolean pi) {
    register(thread);
    writePointer(head(thread) + HEAD_PENDING, (word - WORD) | (pi ? 1 : 0));
  }

  private void register(MachineThread thread) {
    if (!ends.containsKey(thread)) {
      prepareHead(thread);
      long _ = caller.call(thread, NR_SET_ROBUST_LIST, head(thread), HEAD_BYTES);
    }
  }

  /** An empty list for a thread that is about to register it, unless it has one. */
  void prepareHead(MachineThread thread) {
    if (!ends.containsKey(thread)) {
      writePointer(head(thread), head(thread));
      writePointer(head(thread) + HEAD_OFFSET, WORD);
      writePointer(head(thread) + HEAD_PENDING, 0);
      ends.put(thread, head(thread));
    }
    registered.add(thread);
  }

  /** A thread has registered a head. */
  void note(MachineThread thread) {
    registered.add(thread);
  }

  /** A thread has gone. */
  void forget(MachineThread thread) {
    ends.remove(thread);
    registered.remove(thread);
  }

  /** Takes their lists from all threads. */
  void clear() {
    for (MachineThread thread : List.copyOf(registered)) {
      long _ = caller.call(thread, NR_SET_ROBUST_LIST, 0, HEAD_BYTES);
    }
    registered.clear();
    ends.clear();
  }

  private void writePointer(long address, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    process.write(address, bytes.putLong(value).array());
  }
}
