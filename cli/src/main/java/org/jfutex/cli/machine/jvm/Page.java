package org.jfutex.cli.machine.jvm;

import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Protection;
import org.jfutex.linux.AddressSpace.Access;
import org.jspecify.annotations.Nullable;

/** An entry of a process's page table. */
final class Page {
  /*
   * State       own: the process's own frame. Always there in a page of PRIVATE memory, never in
   *             one of SHARED memory or of a FILE; in one of FILE_PRIVATE memory it is absent until
   *             the first write (copy on write), and again after the file was truncated before it.
   *             protection: what the threads may do.
   * Guards      own: atomic; the first of several writers installs the copy. protection: volatile,
   *             written by the player.
   * Lock order  takes none.
   * Ordering    a change of protection holds for accesses that begin after it, as with mprotect(2)
   *             on another processor. A write by way of the file while a page is copied may be
   *             missed by the copy, as on any machine.
   * Progress    never waits.
   * Callbacks   none.
   * Checked by  JvmContractTest (MemoryContract).
   */
  final Backing backing;

  /** Null for PRIVATE memory. */
  final @Nullable Store store;

  /** Which page of the store. */
  final int index;

  private final AtomicReference<@Nullable Frame> own;
  private volatile Protection protection;

  private Page(
      Backing backing, @Nullable Store store, int index, @Nullable Frame own, Protection now) {
    this.backing = backing;
    this.store = store;
    this.index = index;
    this.own = new AtomicReference<>(own);
    this.protection = now;
  }

  /** A fresh page, readable and writable. */
  static Page of(Backing backing, @Nullable Store store, int index) {
    return new Page(
        backing, store, index, store == null ? new Frame() : null, Protection.READ_WRITE);
  }

  /** The page of a forked process at the same address. */
  Page fork() {
    Frame mine = own.get();
    return new Page(backing, store, index, mine == null ? null : mine.copy(), protection);
  }

  void protect(Protection now) {
    protection = now;
  }

  boolean allows(Access access) {
    return protection == Protection.READ_WRITE
        || (protection == Protection.READ && access == Access.READ);
  }

  boolean isWritable() {
    return protection == Protection.READ_WRITE;
  }

  /** What is read here; null beyond the end of the file. */
  @Nullable Frame readable() {
    Frame mine = own.get();
    return mine != null || store == null ? mine : store.frame(index);
  }

  /** What is written here, which may make the page the process's own; null beyond the end. */
  @Nullable Frame writable() {
    Frame now = readable();
    if (now == null || backing != Backing.FILE_PRIVATE || own.get() == now) {
      return now;
    }
    own.compareAndSet(null, now.copy());
    return own.get();
  }

  /** Whether what is read here is the process's own, and not the store's. */
  boolean isAnonymous() {
    return own.get() != null;
  }

  /** The file has ended before this page: a private copy of it is lost too (truncate(2)). */
  void dropOwn() {
    own.set(null);
  }
}
