package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Backing;
import org.jspecify.annotations.Nullable;

/**
 * One mapping of a worker, or what is left of it.
 *
 * @param address where it begins
 * @param bytes how long it is, whole pages
 * @param backing what it is of
 * @param store the file; null for private memory
 * @param offset where in the file it begins
 */
record Region(long address, long bytes, Backing backing, @Nullable Store store, long offset) {
  Region movedTo(long elsewhere) {
    return new Region(elsewhere, bytes, backing, store, offset);
  }

  /** What is left below an address; null if nothing is. */
  @Nullable Region below(long limit) {
    long left = Math.min(limit - address, bytes);
    return left <= 0 ? null : new Region(address, left, backing, store, offset);
  }

  /** What is left from an address on; null if nothing is. */
  @Nullable Region from(long start) {
    long cut = Math.max(start - address, 0);
    return cut >= bytes
        ? null
        : new Region(address + cut, bytes - cut, backing, store, offset + cut);
  }

  boolean meets(long start, long end) {
    return address < end && start < address + bytes;
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
