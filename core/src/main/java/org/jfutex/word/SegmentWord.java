package org.jfutex.word;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Words in memory segments: native, mapped or over an array, private or shared through a file. */
abstract sealed class SegmentWord implements Word {
  final MemorySegment segment;
  final long offset;
  private final Key key;
  private final @Nullable NativePlace place;

  private SegmentWord(MemorySegment segment, long offset, Key key, @Nullable NativePlace place) {
    this.segment = segment;
    this.offset = offset;
    this.key = key;
    this.place = place;
  }

  static Word of(MemorySegment segment, long offset, int bits) {
    check(segment, offset, bits);
    @Nullable Object base = segment.heapBase().orElse(null);
    if (base == null && !segment.isNative()) {
      throw new IllegalArgumentException(
          segment
              + ": expected a writable segment; a read-only array segment does not tell its array");
    }
    long address = segment.address() + offset;
    return base == null
        ? over(segment, offset, bits, Key.address(address), new NativePlace(segment, offset, null))
        : over(segment, offset, bits, Key.heap(base, address), null);
  }

  static Word of(MappedFile file, long offset, int bits) {
    check(file.segment(), offset, bits);
    return over(
        file.segment(),
        offset,
        bits,
        Key.file(file.identity(), file.position() + offset),
        new NativePlace(file.segment(), offset, file));
  }

  private static void check(MemorySegment segment, long offset, int bits) {
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
      throw new IllegalArgumentException("width " + bits + ": expected 8, 16, 32 or 64 bits");
    }
    int bytes = bits / 8;
    Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
    if ((segment.address() + offset) % bytes != 0) {
      throw new IllegalArgumentException(
          "offset " + offset + ": expected a place aligned to " + bytes + " bytes");
    }
    // that of the place: a slice that begins elsewhere is aligned worse than the word in it
    if (segment.asSlice(offset).maxByteAlignment() < bytes) {
      throw new IllegalArgumentException(
          segment + ": expected an array whose elements have at least " + bits + " bits");
    }
  }

  private static SegmentWord over(
      MemorySegment segment, long offset, int bits, Key key, @Nullable NativePlace place) {
    return switch (bits) {
      case 64 -> new OfLong(segment, offset, key, place);
      case 32 -> new OfInt(segment, offset, key, place);
      case 16 -> new OfShort(segment, offset, key, place);
      default -> new OfByte(segment, offset, key, place);
    };
  }

  @Override
  public final Key key() {
    return key;
  }

  @Override
  public final @Nullable NativePlace nativePlace() {
    return place;
  }

  @Override
  public final String toString() {
    return "segment word " + key;
  }

  /** What an access to memory that is closed, read-only or another thread's threw, as a fault. */
  final WordFault fault(String access, RuntimeException cause) {
    return new WordFault(access + " of " + this + " failed: " + cause.getMessage(), cause);
  }

  /** A 64-bit cell. */
  private static final class OfLong extends SegmentWord {
    private static final VarHandle CELL = ValueLayout.JAVA_LONG.varHandle();

    OfLong(MemorySegment segment, long offset, Key key, @Nullable NativePlace place) {
      super(segment, offset, key, place);
    }

    @Override
    public int bits() {
      return Long.SIZE;
    }

    @Override
    public long load() {
      try {
        return (long) CELL.getVolatile(segment, offset);
      } catch (IllegalStateException | WrongThreadException e) {
        throw fault("load", e);
      }
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      try {
        return CELL.compareAndSet(segment, offset, expected, value);
      } catch (IllegalStateException
          | IllegalArgumentException
          | UnsupportedOperationException
          | WrongThreadException e) {
        throw fault("write", e);
      }
    }
  }

  /** A 32-bit cell. */
  private static final class OfInt extends SegmentWord {
    private static final VarHandle CELL = ValueLayout.JAVA_INT.varHandle();

    OfInt(MemorySegment segment, long offset, Key key, @Nullable NativePlace place) {
      super(segment, offset, key, place);
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public long load() {
      try {
        return (int) CELL.getVolatile(segment, offset);
      } catch (IllegalStateException | WrongThreadException e) {
        throw fault("load", e);
      }
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      try {
        return CELL.compareAndSet(segment, offset, (int) expected, (int) value);
      } catch (IllegalStateException
          | IllegalArgumentException
          | UnsupportedOperationException
          | WrongThreadException e) {
        throw fault("write", e);
      }
    }
  }

  /** A 16-bit cell. */
  private static final class OfShort extends SegmentWord {
    private static final VarHandle CELL = ValueLayout.JAVA_SHORT.varHandle();

    OfShort(MemorySegment segment, long offset, Key key, @Nullable NativePlace place) {
      super(segment, offset, key, place);
    }

    @Override
    public int bits() {
      return Short.SIZE;
    }

    @Override
    public long load() {
      try {
        return (short) CELL.getVolatile(segment, offset);
      } catch (IllegalStateException | WrongThreadException e) {
        throw fault("load", e);
      }
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return compareAndSetPart(expected, value);
    }
  }

  /** An 8-bit cell. */
  private static final class OfByte extends SegmentWord {
    private static final VarHandle CELL = ValueLayout.JAVA_BYTE.varHandle();

    OfByte(MemorySegment segment, long offset, Key key, @Nullable NativePlace place) {
      super(segment, offset, key, place);
    }

    @Override
    public int bits() {
      return Byte.SIZE;
    }

    @Override
    public long load() {
      try {
        return (byte) CELL.getVolatile(segment, offset);
      } catch (IllegalStateException | WrongThreadException e) {
        throw fault("load", e);
      }
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return compareAndSetPart(expected, value);
    }
  }

  /**
   * Compare-and-set of a cell narrower than an int, done on the aligned int around it: segments
   * offer no atomic update of bytes and shorts.
   */
  final boolean compareAndSetPart(long expected, long value) {
    if (segment.heapBase().orElse(null) instanceof byte[] bytes) {
      if (bits() == Byte.SIZE) {
        return Word.of(bytes, (int) (segment.address() + offset)).compareAndSet(expected, value);
      }
    } else if (segment.heapBase().orElse(null) instanceof short[] shorts && bits() == Short.SIZE) {
      return Word.of(shorts, (int) ((segment.address() + offset) / 2))
          .compareAndSet(expected, value);
    }
    long within = (segment.address() + offset) & 3;
    int shift = (int) within * 8; // little endian; a big-endian host counts from the other end
    if (java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.BIG_ENDIAN) {
      shift = Integer.SIZE - bits() - shift;
    }
    int mask = (int) ((1L << bits()) - 1) << shift;
    int was = (int) expected << shift & mask;
    int becomes = (int) value << shift & mask;
    try {
      while (true) {
        int around = (int) OfInt.CELL.getVolatile(segment, offset - within);
        if ((around & mask) != was) {
          return false;
        }
        if (OfInt.CELL.compareAndSet(
            segment, offset - within, around, (around & ~mask) | becomes)) {
          return true;
        }
      }
    } catch (IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | IndexOutOfBoundsException
        | WrongThreadException e) {
      throw fault("write", e);
    }
  }
}
