package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Backing;
import org.jspecify.annotations.Nullable;

/**
 * One mapping of a worker.
 *
 * @param address where it begins
 * @param bytes how long it is, whole pages
 * @param backing what it is of
 * @param store the file; null for private memory
 */
record Region(long address, long bytes, Backing backing, @Nullable Store store) {
  Region movedTo(long elsewhere) {
    return new Region(elsewhere, bytes, backing, store);
  }

  boolean contains(long other, long length) {
    return other >= address && other - address <= bytes - length;
  }

  /** Whether what is written to it reaches the file. */
  boolean isShared() {
    return backing == Backing.SHARED || backing == Backing.FILE;
  }

  Region use() {
    if (store != null) {
      var _ = store.use();
    }
    return this;
  }

  void leave() {
    if (store != null) {
      store.leave();
    }
  }
}
