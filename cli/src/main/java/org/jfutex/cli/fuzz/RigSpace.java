package org.jfutex.cli.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jfutex.cli.machine.Machine;
import org.jfutex.linux.AddressSpace;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a {@link RaceRig}: a private page, a page of a shared file, and a page of scratch
 * for each thread. Nothing here orders memory accesses that a program's own stores would not, or a
 * race could not be lost.
 */
final class RigSpace implements AddressSpace {
  static final long PRIVATE_PAGE = 0x10000;
  static final long SHARED_PAGE = PRIVATE_PAGE + Machine.PAGE_BYTES;
  private static final long SCRATCH = SHARED_PAGE + Machine.PAGE_BYTES;
  private static final long LAST_USER_ADDRESS = 0x7fff_ffff_f000L;

  private static final VarHandle CELL = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment memory;
  private final long bytes;

  /** Called before every load of a word; null while nobody wants to get in between. */
  @Nullable Runnable beforeLoad;

  /** Called behind every load of a word, likewise. */
  @Nullable Runnable afterLoad;

  RigSpace(int threads) {
    bytes = (2L + threads) * Machine.PAGE_BYTES;
    memory = Arena.ofAuto().allocate(bytes, Machine.PAGE_BYTES);
  }

  static long scratch(int thread) {
    return SCRATCH + (long) thread * Machine.PAGE_BYTES;
  }

  /** Where a mapped address is in the memory. */
  private long offset(long address, int size) {
    long offset = address - PRIVATE_PAGE;
    if (offset < 0 || offset > bytes - size) {
      throw new WordFault("address 0x%x: expected mapped memory".formatted(address));
    }
    return offset;
  }

  /** Stores as a program does: no fence. */
  void store(long address, int value) {
    CELL.setOpaque(memory, offset(address, Integer.BYTES), value); // pairs with GuestWord.load
  }

  int load(long address) {
    return (int) CELL.getVolatile(memory, offset(address, Integer.BYTES));
  }

  boolean compareAndSet(long address, int expected, int value) {
    return CELL.compareAndSet(memory, offset(address, Integer.BYTES), expected, value);
  }

  void write(long address, byte[] content) {
    long offset = offset(address, content.length);
    MemorySegment.copy(content, 0, memory, ValueLayout.JAVA_BYTE, offset, content.length);
  }

  @Override
  public boolean inRange(long address, int size) {
    return Long.compareUnsigned(address, LAST_USER_ADDRESS) <= 0;
  }

  @Override
  public Key key(long address, Scope scope, Access access) {
    if (scope == Scope.PRIVATE) {
      return Key.space(this, address, false);
    }
    long offset = offset(address, Integer.BYTES);
    return address >= SHARED_PAGE && address < SCRATCH
        ? Key.file(this, offset)
        : Key.space(this, address, true);
  }

  @Override
  public Word word(long address, Key key) {
    return new GuestWord(address, key);
  }

  @Override
  public ByteBuffer read(long address, int size) {
    long offset = offset(address, size);
    byte[] copy = new byte[size];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, copy, 0, size);
    return ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder());
  }

  @Override
  public void writeInt(long address, int value) {
    CELL.setVolatile(memory, offset(address, Integer.BYTES), value);
  }

  @Override
  public String toString() {
    return "rig";
  }

  /** A word of this memory. */
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
      Runnable action = beforeLoad;
      if (action != null) {
        action.run();
      }
      long value = RigSpace.this.load(address);
      Runnable next = afterLoad;
      if (next != null) {
        next.run();
      }
      return value;
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return RigSpace.this.compareAndSet(address, (int) expected, (int) value);
    }

    @Override
    public Key key() {
      return key;
    }
  }
}
