package org.jfutex.kernel;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.FutexException;

/**
 * Memory of this process alone that lies a fixed distance below the words of robust locks, wherever
 * those are mapped: the entries of a robust list, which the kernel finds a fixed distance from
 * their words. Not next to the words, as other processes can write there.
 */
final class Shadow {
  /*
   * State       pages: those that are mapped, with how many entries are in use in each.
   * Guards      all: lock.
   * Lock order  taken inside the lock of Sentinels; nothing is taken inside.
   * Ordering    none.
   * Progress    a page that no entry uses is unmapped when too many are mapped.
   * Callbacks   none.
   * Checked by  SentinelsTest.
   */

  /**
   * From an entry to its word. Far more than all mappings of a process take, so that the place is
   * free: the kernel maps files near the top of the 2^47 bytes, and what a JVM places itself lies
   * near the bottom.
   */
  static final long DISTANCE = 1L << 44;

  private static final int NR_MMAP = 9;
  private static final int NR_MUNMAP = 11;
  private static final long PROT_READ_WRITE = 3;
  private static final long MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final long MAP_FIXED_NOREPLACE = 0x10_0000;
  private static final long PAGE = 4096;

  /** How many pages are kept although no entry is in them. */
  static final int MOST_PAGES = 256;

  private static final MemorySegment EVERYWHERE =
      MemorySegment.ofAddress(0).reinterpret(Long.MAX_VALUE);

  /** Addresses are the process's: two that map on their own would get into each other's way. */
  static final Shadow OF_PROCESS = new Shadow();

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Long, Page> pages = new HashMap<>();

  private Shadow() {}

  /** Where the entry of a word is. */
  static long entryOf(long word) {
    return word - DISTANCE;
  }

  /** A page of entries. */
  static final class Page {
    private int used;
  }

  /** Makes sure that an entry can be written, until its page is released. */
  Page acquire(long entry) {
    long address = entry & -PAGE;
    lock.lock();
    try {
      Page page = pages.get(address);
      if (page == null) {
        if (pages.size() >= MOST_PAGES) {
          unmapUnused();
        }
        map(address);
        page = new Page();
        pages.put(address, page);
      }
      page.used++;
      return page;
    } finally {
      lock.unlock();
    }
  }

  /** One of the entries of a page is not used any more. */
  void release(Page page) {
    lock.lock();
    try {
      page.used--;
    } finally {
      lock.unlock();
    }
  }

  /** How many pages are mapped, for tests. */
  int pages() {
    lock.lock();
    try {
      return pages.size();
    } finally {
      lock.unlock();
    }
  }

  private static void map(long page) {
    long result =
        Syscalls.call(
            NR_MMAP,
            page,
            PAGE,
            PROT_READ_WRITE,
            MAP_PRIVATE_ANONYMOUS | MAP_FIXED_NOREPLACE,
            -1,
            0);
    if (result != page) {
      throw new FutexException(
          Errno.ENOMEM,
          "no page at 0x%x for the entries of robust locks (mmap: %d)".formatted(page, result));
    }
  }

  private void unmapUnused() {
    pages.entrySet().removeIf(page -> page.getValue().used == 0 && unmap(page.getKey()));
  }

  private static boolean unmap(long page) {
    return Syscalls.call(NR_MUNMAP, page, PAGE, 0) == 0;
  }

  /** The memory of an entry. */
  static MemorySegment at(long entry) {
    return EVERYWHERE.asSlice(entry, Long.BYTES);
  }
}
