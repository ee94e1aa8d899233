package org.jfutex.word;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/** Words in array elements: one class a type, so that each access is one constant VarHandle. */
@SuppressWarnings("ArrayRecordComponent") // an array is the place itself, compared by identity
final class ArrayWord {
  private ArrayWord() {}

  /** A byte[] element. */
  record OfByte(byte[] cells, int index, Key key) implements Word {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(byte[].class);

    OfByte(byte[] cells, int index) {
      this(cells, Objects.checkIndex(index, cells.length), Key.heap(cells, index));
    }

    @Override
    public int bits() {
      return Byte.SIZE;
    }

    @Override
    public long load() {
      return (byte) CELL.getVolatile(cells, index);
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return CELL.compareAndSet(cells, index, (byte) expected, (byte) value);
    }
  }

  /** A short[] element. */
  record OfShort(short[] cells, int index, Key key) implements Word {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(short[].class);

    OfShort(short[] cells, int index) {
      this(cells, Objects.checkIndex(index, cells.length), Key.heap(cells, 2L * index));
    }

    @Override
    public int bits() {
      return Short.SIZE;
    }

    @Override
    public long load() {
      return (short) CELL.getVolatile(cells, index);
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return CELL.compareAndSet(cells, index, (short) expected, (short) value);
    }
  }

  /** An int[] element. */
  record OfInt(int[] cells, int index, Key key) implements Word {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(int[].class);

    OfInt(int[] cells, int index) {
      this(cells, Objects.checkIndex(index, cells.length), Key.heap(cells, 4L * index));
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public long load() {
      return (int) CELL.getVolatile(cells, index);
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return CELL.compareAndSet(cells, index, (int) expected, (int) value);
    }
  }

  /** A long[] element. */
  record OfLong(long[] cells, int index, Key key) implements Word {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    OfLong(long[] cells, int index) {
      this(cells, Objects.checkIndex(index, cells.length), Key.heap(cells, 8L * index));
    }

    @Override
    public int bits() {
      return Long.SIZE;
    }

    @Override
    public long load() {
      return (long) CELL.getVolatile(cells, index);
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return CELL.compareAndSet(cells, index, expected, value);
    }
  }
}
