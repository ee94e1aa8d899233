package org.jfutex.cli.machine.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jfutex.cli.machine.Machine;

/** A page of physical memory: cells of 32 bits, each read and written at once and as volatile. */
final class Frame {
  private final AtomicIntegerArray cells =
      new AtomicIntegerArray(Machine.PAGE_BYTES / Integer.BYTES);

  /** The cell at an aligned offset. */
  int load(int offset) {
    return cells.get(offset / Integer.BYTES);
  }

  void store(int offset, int value) {
    cells.set(offset / Integer.BYTES, value);
  }

  boolean compareAndSet(int offset, int expected, int value) {
    return cells.compareAndSet(offset / Integer.BYTES, expected, value);
  }

  /** Another frame with the same content; each cell is copied at once. */
  Frame copy() {
    Frame copy = new Frame();
    for (int i = 0; i < cells.length(); i++) {
      int value = cells.get(i);
      if (value != 0) {
        copy.cells.set(i, value);
      }
    }
    return copy;
  }

  /** Copies bytes from here on into an array. */
  void read(int offset, byte[] into, int at, int bytes) {
    ByteBuffer cell = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
    for (int done = 0; done < bytes; ) {
      int within = (offset + done) % Integer.BYTES;
      int step = Math.min(Integer.BYTES - within, bytes - done);
      cell.putInt(0, load(offset + done)).get(within, into, at + done, step);
      done += step;
    }
  }

  /** Copies bytes of an array here; a cell that all of its bytes are given for changes at once. */
  void write(int offset, byte[] from, int at, int bytes) {
    ByteBuffer cell = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
    for (int done = 0; done < bytes; ) {
      int within = (offset + done) % Integer.BYTES;
      int step = Math.min(Integer.BYTES - within, bytes - done);
      int old;
      do {
        old = load(offset + done);
        cell.putInt(0, old).put(within, from, at + done, step);
      } while (!compareAndSet(offset + done, old, cell.getInt(0)));
      done += step;
    }
  }
}
