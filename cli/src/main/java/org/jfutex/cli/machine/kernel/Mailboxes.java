package org.jfutex.cli.machine.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/** The memory that a machine shares with its workers: a page for notes, and the mailboxes. */
final class Mailboxes {
  /** Where every worker has it mapped. */
  static final int BASE = 0x20000000;

  /** Room for what a control call reads, such as a path. */
  static final int NOTE_BYTES = 4096;

  private static final int COUNT = 8192;

  static final int BYTES = NOTE_BYTES + COUNT * Mailbox.BYTES;

  private final int fd;
  private final MemorySegment memory;
  private final MemorySegment timespec;
  private final BitSet used = new BitSet();

  Mailboxes(Arena arena) {
    this.fd = Descriptors.memory("jfutex-mailboxes", BYTES);
    this.timespec = arena.allocate(2 * Long.BYTES, Long.BYTES);
    try (FileChannel channel =
        FileChannel.open(
            Path.of("/proc/self/fd/" + fd), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      this.memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
    } catch (IOException e) {
      Descriptors.close(fd);
      throw new UncheckedIOException(e);
    }
  }

  /** What a worker opens. */
  String path() {
    return Descriptors.path(fd);
  }

  /** A mailbox nobody uses. */
  Mailbox take() {
    int slot = used.nextClearBit(0);
    if (slot >= COUNT) {
      throw new IllegalStateException(
          "a worker may have " + COUNT + " threads and processes at once, and no more");
    }
    used.set(slot);
    long offset = NOTE_BYTES + (long) slot * Mailbox.BYTES;
    return new Mailbox(memory.asSlice(offset, Mailbox.BYTES), timespec, slot);
  }

  /** Takes a mailbox back whose thread has gone. */
  void giveBack(Mailbox mailbox) {
    used.clear(mailbox.slot());
  }

  /** How many are in use. */
  int inUse() {
    return used.cardinality();
  }

  /**
   * Leaves something where every worker can read it, until the next note.
   *
   * @return its address in the workers
   */
  long note(String text) {
    memory.setString(0, text);
    return BASE;
  }

  /** As {@link #note(String)}. */
  long note(int... numbers) {
    MemorySegment.copy(numbers, 0, memory, ValueLayout.JAVA_INT, 0, numbers.length);
    return BASE;
  }

  void close() {
    Descriptors.close(fd);
  }
}
