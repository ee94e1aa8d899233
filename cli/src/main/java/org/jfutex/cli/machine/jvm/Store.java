package org.jfutex.cli.machine.jvm;

import java.util.Arrays;
import org.jfutex.cli.machine.Machine;
import org.jspecify.annotations.Nullable;

/**
 * What mappings of several processes can share: a file, or anonymous shared memory, which is a file
 * without a name. Its own identity in keys. Only the player changes its size.
 */
final class Store {
  /*
   * State       frames: the pages of the file, up to its end.
   * Guards      frames: replaced by the player, volatile for the threads. A frame's cells: atomic.
   * Lock order  takes none.
   * Ordering    an access that goes on while the file is truncated may still reach the old page.
   * Progress    never waits.
   * Callbacks   none.
   * Checked by  JvmContractTest (MemoryContract).
   */
  private volatile Frame[] frames;

  Store(int pages) {
    frames = grown(new Frame[0], pages);
  }

  /** A page of the file; null beyond its end. */
  @Nullable Frame frame(int index) {
    Frame[] now = frames;
    return index < now.length ? now[index] : null;
  }

  /** Sets the size: what lies beyond is lost, and reads as zero if the file grows again. */
  void truncate(long bytes) {
    Frame[] old = frames;
    int pages = Math.toIntExact(Math.ceilDiv(bytes, Machine.PAGE_BYTES));
    int tail = (int) (bytes % Machine.PAGE_BYTES);
    if (tail != 0 && pages <= old.length) {
      old[pages - 1].write(tail, new byte[Machine.PAGE_BYTES - tail], 0, Machine.PAGE_BYTES - tail);
    }
    frames = grown(old, pages);
  }

  private static Frame[] grown(Frame[] old, int pages) {
    Frame[] frames = Arrays.copyOf(old, pages);
    for (int i = old.length; i < pages; i++) {
      frames[i] = new Frame();
    }
    return frames;
  }
}
