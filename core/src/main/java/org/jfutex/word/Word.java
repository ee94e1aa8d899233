package org.jfutex.word;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A cell of 8, 16, 32 or 64 bits that can be waited on: where it lives and what identifies it. A
 * value object: two words of the same place behave the same, making one costs nothing lasting, and
 * the place is owned by the user.
 *
 * <p>Values are {@code long}s of which the low {@link #bits()} count; whether the caller
 * sign-extended them does not matter. All accesses have volatile memory effects.
 *
 * <p>The interface is open so that emulators, other address spaces and faulty test doubles can be
 * waited on by the same engine. An implementation may throw {@link org.jfutex.word.WordFault} from
 * its accesses but never from {@link #bits()} or {@link #key()}.
 */
public interface Word {
  /**
   * The width of the word.
   *
   * @return 8, 16, 32 or 64
   */
  int bits();

  /**
   * Reads the word with the memory effects of {@link VarHandle#getVolatile}.
   *
   * @return the value; bits above {@link #bits()} are unspecified
   * @throws WordFault if the memory cannot be read, for example because its arena is closed
   */
  long load();

  /**
   * Replaces the value if it is the expected one, with the memory effects of {@link
   * VarHandle#compareAndSet}.
   *
   * @param expected the value the word must have
   * @param value the value it gets
   * @return whether it was replaced
   * @throws WordFault if the memory cannot be written
   */
  boolean compareAndSet(long expected, long value);

  /**
   * What identifies the word. Never touches the memory, so it works after the memory has gone.
   *
   * @return the key, always an equal one
   */
  Key key();

  /**
   * Where the word is in native memory, for those who hand it to the operating system. Never
   * touches the memory.
   *
   * @return always the same place; null if the word has none: it is in the heap, or its
   *     implementation does not tell
   */
  default @Nullable NativePlace nativePlace() {
    return null;
  }

  /**
   * Whether the word holds a value.
   *
   * @param expected the value
   * @return whether the low {@link #bits()} of both are equal
   * @throws WordFault if the memory cannot be read
   */
  default boolean holds(long expected) {
    return (load() ^ expected) << (Long.SIZE - bits()) == 0;
  }

  /**
   * The 32-bit word in an array element.
   *
   * @param cells the array
   * @param index the element
   * @return the word
   * @throws IndexOutOfBoundsException if there is no such element
   */
  static Word of(int[] cells, int index) {
    return new ArrayWord.OfInt(cells, index);
  }

  /**
   * The 64-bit word in an array element.
   *
   * @param cells the array
   * @param index the element
   * @return the word
   * @throws IndexOutOfBoundsException if there is no such element
   */
  static Word of(long[] cells, int index) {
    return new ArrayWord.OfLong(cells, index);
  }

  /**
   * The 8-bit word in an array element.
   *
   * @param cells the array
   * @param index the element
   * @return the word
   * @throws IndexOutOfBoundsException if there is no such element
   */
  static Word of(byte[] cells, int index) {
    return new ArrayWord.OfByte(cells, index);
  }

  /**
   * The 16-bit word in an array element.
   *
   * @param cells the array
   * @param index the element
   * @return the word
   * @throws IndexOutOfBoundsException if there is no such element
   */
  static Word of(short[] cells, int index) {
    return new ArrayWord.OfShort(cells, index);
  }

  /**
   * The word in a field of an object.
   *
   * @param owner the object
   * @param field a handle on an instance field of type {@code byte}, {@code short}, {@code int} or
   *     {@code long}, made with the class that declares it; best a {@code static final} one. Two
   *     handles on one field give equal keys.
   * @return the word, as wide as the field
   * @throws IllegalArgumentException if the handle is not such a field's, or the field is final
   * @throws ClassCastException if the object does not have the field
   */
  static Word of(Object owner, VarHandle field) {
    return FieldWord.of(owner, field);
  }

  /**
   * The 32-bit word in a memory segment, private to this JVM.
   *
   * @param segment a native, mapped, {@code int[]} or {@code long[]} segment
   * @param offset the byte offset of the word, a multiple of 4
   * @return the word
   * @throws IndexOutOfBoundsException if the word is not inside the segment
   * @throws IllegalArgumentException if the place is not aligned, or the segment's array cannot be
   *     read atomically at that width
   */
  static Word of(MemorySegment segment, long offset) {
    return SegmentWord.of(segment, offset, Integer.SIZE);
  }

  /**
   * A word of any width in a memory segment, private to this JVM.
   *
   * <p>Segments have no atomic change of 8 and 16 bits, so such a word is changed within the
   * aligned four bytes around it; where these are not inside the segment, it can be waited on, but
   * changing it is a {@link WordFault}.
   *
   * @param segment a native, mapped or array segment
   * @param offset the byte offset of the word, a multiple of its width
   * @param bits 8, 16, 32 or 64
   * @return the word
   * @throws IndexOutOfBoundsException if the word is not inside the segment
   * @throws IllegalArgumentException if the width is another, the place is not aligned, or the
   *     segment's array cannot be read atomically at that width
   */
  static Word of(MemorySegment segment, long offset, int bits) {
    return SegmentWord.of(segment, offset, bits);
  }

  /**
   * The 32-bit word in a mapped file, shared with whoever maps the same file.
   *
   * @param file the mapping
   * @param offset the byte offset of the word in the mapping
   * @return the word
   * @throws IndexOutOfBoundsException if the word is not inside the mapping
   * @throws IllegalArgumentException if the place is not aligned
   */
  static Word of(MappedFile file, long offset) {
    return SegmentWord.of(file, offset, Integer.SIZE);
  }

  /**
   * A word of any width in a mapped file, shared with whoever maps the same file.
   *
   * @param file the mapping
   * @param offset the byte offset of the word in the mapping
   * @param bits 8, 16, 32 or 64
   * @return the word
   * @throws IndexOutOfBoundsException if the word is not inside the mapping
   * @throws IllegalArgumentException if the width is another, or the place is not aligned
   */
  static Word of(MappedFile file, long offset, int bits) {
    return SegmentWord.of(file, offset, bits);
  }
}
