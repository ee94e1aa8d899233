package org.jfutex.cli.machine.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.linux.AddressSpace;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The address space of a simulated process: a page table, and the mappings it was made of. The
 * player changes it; the threads use it.
 *
 * <p>Keys are made as by get_futex_key of kernel/futex/core.c: a private one is the address; for a
 * shared one the page is pinned, for writing if the process may, which gives it a page of its own
 * where memory is copied on write.
 */
final class Memory implements AddressSpace {
  private static final int PAGE = Machine.PAGE_BYTES;
  private static final long FIRST_ADDRESS = 0x1000_0000L;

  private final ConcurrentHashMap<Long, Page> pages;

  /** Where each mapping begins, and what it is. Used by the player only. */
  private final Map<Long, Mapping> mappings;

  private long next;

  private record Mapping(Backing backing, @Nullable Store store, int pages) {}

  /** An empty address space. */
  Memory() {
    this(new ConcurrentHashMap<>(), new LinkedHashMap<>(), FIRST_ADDRESS);
  }

  private Memory(ConcurrentHashMap<Long, Page> pages, Map<Long, Mapping> mappings, long next) {
    this.pages = pages;
    this.mappings = mappings;
    this.next = next;
  }

  /** That of a forked process. */
  Memory fork() {
    ConcurrentHashMap<Long, Page> copies = new ConcurrentHashMap<>();
    pages.forEach((number, page) -> copies.put(number, page.fork()));
    return new Memory(copies, new LinkedHashMap<>(mappings), next);
  }

  long map(Backing backing, long bytes) {
    int count = pagesOf(bytes);
    return install(
        new Mapping(backing, backing == Backing.PRIVATE ? null : new Store(count), count));
  }

  long alias(long address) {
    Mapping mapping = mappingAt(address);
    return mapping.backing == Backing.PRIVATE ? address : install(mapping);
  }

  private long install(Mapping mapping) {
    long start = reserve(mapping);
    for (int i = 0; i < mapping.pages; i++) {
      pages.put(start / PAGE + i, Page.of(mapping.backing, mapping.store, i));
    }
    return start;
  }

  /** Addresses that nothing was ever mapped at, and none behind them either. */
  private long reserve(Mapping mapping) {
    long start = next;
    next += (mapping.pages + 1L) * PAGE;
    mappings.put(start, mapping);
    return start;
  }

  long remap(long address) {
    Mapping mapping = mappingAt(address);
    for (int i = 0; i < mapping.pages; i++) {
      pageAt(address + (long) i * PAGE);
    }
    mappings.remove(address);
    long start = reserve(mapping);
    for (int i = 0; i < mapping.pages; i++) {
      Page page = pages.remove(address / PAGE + i);
      if (page != null) {
        pages.put(start / PAGE + i, page);
      }
    }
    return start;
  }

  void protect(long address, long bytes, Protection protection) {
    checkPage(address);
    for (int i = 0; i < pagesOf(bytes); i++) {
      pageAt(address + (long) i * PAGE).protect(protection);
    }
  }

  void unmap(long address, long bytes) {
    checkPage(address);
    for (int i = 0; i < pagesOf(bytes); i++) {
      pages.remove(address / PAGE + i);
    }
    mappings.entrySet().removeIf(entry -> !isMapped(entry.getKey(), entry.getValue()));
  }

  private boolean isMapped(long start, Mapping mapping) {
    for (int i = 0; i < mapping.pages; i++) {
      if (pages.containsKey(start / PAGE + i)) {
        return true;
      }
    }
    return false;
  }

  /** The file under a mapping. */
  Store fileAt(long address) {
    Mapping mapping = mappingAt(address);
    Store store = mapping.store;
    if (store == null || mapping.backing == Backing.SHARED) {
      throw new IllegalArgumentException(
          "0x%x: expected a mapping of a file, found %s".formatted(address, mapping.backing));
    }
    return store;
  }

  /** A file was truncated: private copies of pages beyond its end are lost. */
  void forgetBeyondEnd(Store file) {
    for (Page page : pages.values()) {
      if (page.store == file && file.frame(page.index) == null) {
        page.dropOwn();
      }
    }
  }

  /** Reads for the player, whatever the protection. */
  byte[] peek(long address, int bytes) {
    byte[] copy = new byte[bytes];
    for (int done = 0; done < copy.length; ) {
      int step = step(address + done, copy.length - done);
      frame(address + done, pageAt(address + done).readable())
          .read(offset(address + done), copy, done, step);
      done += step;
    }
    return copy;
  }

  /** Writes for the player, whatever the protection. */
  void poke(long address, byte[] bytes) {
    for (int done = 0; done < bytes.length; ) {
      int step = step(address + done, bytes.length - done);
      frame(address + done, pageAt(address + done).writable())
          .write(offset(address + done), bytes, done, step);
      done += step;
    }
  }

  private Page pageAt(long address) {
    Page page = pages.get(address / PAGE);
    if (page == null) {
      throw new IllegalArgumentException("0x%x: expected a mapped page".formatted(address));
    }
    return page;
  }

  private static Frame frame(long address, @Nullable Frame frame) {
    if (frame == null) {
      throw new IllegalArgumentException(
          "0x%x: expected a page before the end of its file".formatted(address));
    }
    return frame;
  }

  private Mapping mappingAt(long address) {
    Mapping mapping = mappings.get(address);
    if (mapping == null) {
      throw new IllegalArgumentException(
          "0x%x: expected where a mapping begins, one of %s"
              .formatted(address, mappings.keySet().stream().map(Long::toHexString).toList()));
    }
    return mapping;
  }

  private static void checkPage(long address) {
    if (address % PAGE != 0) {
      throw new IllegalArgumentException(
          "0x%x: expected a multiple of %d".formatted(address, PAGE));
    }
  }

  private static int pagesOf(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException(bytes + " bytes: expected at least one");
    }
    return Math.toIntExact(Math.ceilDiv(bytes, PAGE));
  }

  private static int offset(long address) {
    return (int) (address % PAGE);
  }

  private static int step(long address, int left) {
    return Math.min(left, PAGE - offset(address));
  }

  @Override
  public Key key(long address, Scope scope, Access access) {
    if (scope == Scope.PRIVATE) {
      return Key.space(this, address, false);
    }
    Page page = page(address, access);
    Frame _ = page.isWritable() ? writable(address) : readable(address);
    if (page.store != null && !page.isAnonymous()) {
      return Key.file(page.store, (long) page.index * PAGE + offset(address));
    }
    if (!page.isWritable()) {
      throw new WordFault("address 0x%x: expected writable memory or a file".formatted(address));
    }
    return Key.space(this, address, true);
  }

  @Override
  public Word word(long address, Key key) {
    return new MappedWord(address, key);
  }

  @Override
  public ByteBuffer read(long address, int bytes) {
    byte[] copy = new byte[bytes];
    for (int done = 0; done < bytes; ) {
      int step = step(address + done, bytes - done);
      readable(address + done).read(offset(address + done), copy, done, step);
      done += step;
    }
    return ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder());
  }

  @Override
  public void writeInt(long address, int value) {
    writable(address).store(offset(address), value);
  }

  /** Compares and sets an aligned cell, as a thread does. */
  boolean compareAndSet(long address, int expected, int value) {
    return writable(address).compareAndSet(offset(address), expected, value);
  }

  /** What a thread reads at an address. */
  private Frame readable(long address) {
    return present(address, page(address, Access.READ).readable());
  }

  /** What a thread writes at an address. */
  private Frame writable(long address) {
    return present(address, page(address, Access.WRITE).writable());
  }

  private Page page(long address, Access access) {
    Page page = address < 0 ? null : pages.get(address / PAGE);
    if (page == null || !page.allows(access)) {
      throw new WordFault(
          "address 0x%x: expected memory to %s, found %s"
              .formatted(address, access, page == null ? "none" : "protected memory"));
    }
    return page;
  }

  private static Frame present(long address, @Nullable Frame frame) {
    if (frame == null) {
      throw new WordFault(
          "address 0x%x: expected a page before the end of its file".formatted(address));
    }
    return frame;
  }

  /** A word at an aligned address, mapped or not. */
  private final class MappedWord implements Word {
    private final long address;
    private final Key key;

    MappedWord(long address, Key key) {
      this.address = address;
      this.key = key;
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public long load() {
      return readable(address).load(offset(address));
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return Memory.this.compareAndSet(address, (int) expected, (int) value);
    }

    @Override
    public Key key() {
      return key;
    }

    @Override
    public String toString() {
      return "word " + key;
    }
  }
}
