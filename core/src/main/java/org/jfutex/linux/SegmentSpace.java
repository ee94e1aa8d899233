package org.jfutex.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The flat memory of a guest, in a {@link MemorySegment}: what an emulator or an interpreter runs
 * its program in. Numbers in it are in the byte order of this machine.
 *
 * <p>All of it starts as readable and writable private memory; pages can be protected, and made
 * pages of a shared file, which meet the pages of other spaces that share the same file. Addresses
 * outside the segment are unmapped. An emulator serves SYS_futex with it like this:
 *
 * {@snippet :
 * SegmentSpace space = new SegmentSpace(Arena.ofShared().allocate(1 << 20, 8), 0x10000, 32);
 * RawFutex futex = new RawFutex(new JvmFutex());
 * Caller thread = () -> space; // best one per guest thread
 *
 * void onSystemCall(Registers r) { // on the thread that runs the guest thread
 *   r.setResult(futex.call(thread, Operation.NR_FUTEX, r.arg(0), r.arg(1), r.arg(2), r.arg(3),
 *       r.arg(4), r.arg(5)));
 * }
 * }
 *
 * <p>Safe for use by many threads, if the segment is: one of a confined arena is not.
 */
public final class SegmentSpace implements AddressSpace {
  /*
   * State       pages: which protection and which file each address has; a list that is replaced,
   *             never changed.
   * Guards      pages: atomic replacement. The segment: its user.
   * Lock order  takes none.
   * Ordering    a change of protection holds for accesses that begin after it; one that goes on
   *             meanwhile may see either, as with mprotect(2) on another processor.
   * Progress    replacement retries while others replace.
   * Callbacks   none.
   * Checked by  SegmentSpaceTest.
   */

  /** What the guest may do with a page; see mprotect(2). */
  public enum Protection {
    /** PROT_NONE: nothing. */
    NONE,
    /** PROT_READ. */
    READ,
    /** PROT_READ and PROT_WRITE. */
    READ_WRITE
  }

  /** The size of a page, the unit of protection and of sharing. */
  public static final int PAGE_BYTES = 4096;

  private static final VarHandle CELL = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment memory;
  private final long base;
  private final int pointerBits;
  private final AtomicReference<List<Region>> pages;

  /**
   * A guest's memory, private, readable and writable.
   *
   * @param memory the memory; writable; native, mapped, or an {@code int[]} or {@code long[]},
   *     aligned to 8
   * @param base the guest's address of its first byte, a multiple of {@link #PAGE_BYTES}
   * @param pointerBits 32 or 64
   * @throws IllegalArgumentException if the memory cannot be accessed as words, if an argument is
   *     another, or if guest addresses do not reach the end of the memory
   */
  public SegmentSpace(MemorySegment memory, long base, int pointerBits) {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException(memory + ": expected writable memory; see protect");
    }
    if (memory.maxByteAlignment() < Integer.BYTES || memory.address() % Long.BYTES != 0) {
      throw new IllegalArgumentException(memory + ": expected memory aligned to 8, made of words");
    }
    if (pointerBits != Integer.SIZE && pointerBits != Long.SIZE) {
      throw new IllegalArgumentException("pointers of " + pointerBits + " bits: expected 32 or 64");
    }
    long limit = pointerBits == Integer.SIZE ? 1L << Integer.SIZE : LAST_USER_ADDRESS;
    if (base < 0 || base % PAGE_BYTES != 0 || base > limit - memory.byteSize()) {
      throw new IllegalArgumentException(
          "base 0x%x: expected a multiple of %d at most 0x%x"
              .formatted(base, PAGE_BYTES, limit - memory.byteSize()));
    }
    this.memory = memory;
    this.base = base;
    this.pointerBits = pointerBits;
    this.pages =
        new AtomicReference<>(
            List.of(new Region(base, base + memory.byteSize(), Protection.READ_WRITE, null, 0)));
  }

  /**
   * Says what the guest may do with pages from now on, as mprotect(2).
   *
   * @param address the first page
   * @param bytes how much, rounded up to pages
   * @param protection what it may do
   * @throws IllegalArgumentException if the address is not that of a page, or the range is not all
   *     inside the memory
   */
  public void protect(long address, long bytes, Protection protection) {
    change(
        address,
        bytes,
        part -> new Region(part.start, part.end, protection, part.file, part.position));
  }

  /**
   * Makes pages those of a shared file, as mmap(2) with MAP_SHARED. The memory is not touched: that
   * it is the same for everybody who shares the file is up to the caller.
   *
   * @param address the first page
   * @param bytes how much, rounded up to pages
   * @param file identifies the file; compared by {@code equals}, as in {@link Key#file}
   * @param position the byte offset in the file of the first page, a multiple of {@link
   *     #PAGE_BYTES}
   * @throws IllegalArgumentException if the address or the position is not that of a page, or the
   *     range is not all inside the memory
   */
  public void share(long address, long bytes, Object file, long position) {
    if (position < 0 || position % PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "position " + position + ": expected a multiple of " + PAGE_BYTES);
    }
    change(
        address,
        bytes,
        part ->
            new Region(
                part.start, part.end, part.protection, file, position + (part.start - address)));
  }

  private void change(long address, long bytes, UnaryOperator<Region> how) {
    long end = base + memory.byteSize();
    if (address < base || address % PAGE_BYTES != 0 || bytes < 0 || bytes > end - address) {
      throw new IllegalArgumentException(
          "0x%x and %d bytes: expected pages from 0x%x to 0x%x"
              .formatted(address, bytes, base, end));
    }
    long until = Math.min(end, Math.ceilDiv(address + bytes, PAGE_BYTES) * PAGE_BYTES);
    pages.updateAndGet(
        regions -> {
          List<Region> changed = new ArrayList<>();
          for (Region region : regions) {
            region.cut(
                region.start, Math.min(region.end, address), changed, UnaryOperator.identity());
            region.cut(Math.max(region.start, address), Math.min(region.end, until), changed, how);
            region.cut(
                Math.max(region.start, until), region.end, changed, UnaryOperator.identity());
          }
          return List.copyOf(changed);
        });
  }

  @Override
  public int pointerBits() {
    return pointerBits;
  }

  @Override
  public Key key(long address, Scope scope, Access access) {
    if (scope == Scope.PRIVATE) {
      return Key.space(this, address, false);
    }
    Region region = accessible(address, Integer.BYTES, access);
    if (region.file != null) {
      return Key.file(region.file, region.position + (address - region.start));
    }
    if (region.protection != Protection.READ_WRITE) {
      throw new WordFault("address 0x%x: expected writable memory or a file".formatted(address));
    }
    return Key.space(this, address, true);
  }

  @Override
  public Word word(long address, Key key) {
    return new GuestWord(address, key);
  }

  @Override
  public ByteBuffer read(long address, int bytes) {
    byte[] copy = new byte[bytes];
    int done = 0;
    while (done < bytes) {
      Region region = accessible(address + done, 1, Access.READ);
      int step = (int) Math.min(bytes - done, region.end - address - done);
      try {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, address + done - base, copy, done, step);
      } catch (IllegalStateException e) {
        throw closed(address, e);
      }
      done += step;
    }
    return ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder());
  }

  @Override
  public void writeInt(long address, int value) {
    accessible(address, Integer.BYTES, Access.WRITE);
    try {
      CELL.setVolatile(memory, address - base, value);
    } catch (IllegalStateException e) {
      throw closed(address, e);
    }
  }

  /** The region around an access, which must be one page's. */
  private Region accessible(long address, int bytes, Access access) {
    for (Region region : pages.get()) {
      if (address >= region.start && address <= region.end - bytes) {
        if (region.allows(access)) {
          return region;
        }
        throw new WordFault(
            "address 0x%x: expected memory to %s, found %s"
                .formatted(address, access, region.protection));
      }
    }
    throw new WordFault("address 0x%x: expected mapped memory".formatted(address));
  }

  private static WordFault closed(long address, IllegalStateException cause) {
    return new WordFault("address 0x%x: memory has gone".formatted(address), cause);
  }

  /** Addresses that have the same protection and backing, and where in the file they begin. */
  private record Region(
      long start, long end, Protection protection, @Nullable Object file, long position) {
    boolean allows(Access access) {
      return protection == Protection.READ_WRITE
          || (protection == Protection.READ && access == Access.READ);
    }

    /** Adds the part between two of this region's addresses, changed, unless it is empty. */
    void cut(long from, long to, List<Region> list, UnaryOperator<Region> how) {
      if (from < to) {
        list.add(how.apply(new Region(from, to, protection, file, position + (from - start))));
      }
    }
  }

  /** A word of this space, at an aligned address, mapped or not. */
  private final class GuestWord implements Word {
    private final long address;
    private final Key key;

    GuestWord(long address, Key key) {
      this.address = address;
      this.key = key;
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public long load() {
      accessible(address, Integer.BYTES, Access.READ);
      try {
        return (int) CELL.getVolatile(memory, address - base);
      } catch (IllegalStateException e) {
        throw closed(address, e);
      }
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      accessible(address, Integer.BYTES, Access.WRITE);
      try {
        return CELL.compareAndSet(memory, address - base, (int) expected, (int) value);
      } catch (IllegalStateException e) {
        throw closed(address, e);
      }
    }

    @Override
    public Key key() {
      return key;
    }

    @Override
    public String toString() {
      return "guest word " + key;
    }
  }
}
