package org.jfutex.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;

/** Every place a word can live in, at every width. */
public enum WordKind {
  BYTE_ARRAY(8, true, () -> Word.of(new byte[3], 1)),
  SHORT_ARRAY(16, true, () -> Word.of(new short[3], 1)),
  INT_ARRAY(32, true, () -> Word.of(new int[3], 1)),
  LONG_ARRAY(64, true, () -> Word.of(new long[3], 1)),
  BYTE_FIELD(8, true, () -> Word.of(new Fields(), Fields.BYTE)),
  SHORT_FIELD(16, true, () -> Word.of(new Fields(), Fields.SHORT)),
  INT_FIELD(32, true, () -> Word.of(new Fields(), Fields.INT)),
  LONG_FIELD(64, true, () -> Word.of(new Fields(), Fields.LONG)),
  BYTE_ARRAY_SEGMENT(8, true, () -> Word.of(MemorySegment.ofArray(new byte[3]), 1, 8)),
  SHORT_ARRAY_SEGMENT(16, true, () -> Word.of(MemorySegment.ofArray(new short[3]), 2, 16)),
  INT_ARRAY_SEGMENT(32, true, () -> Word.of(MemorySegment.ofArray(new int[3]), 4)),
  LONG_ARRAY_SEGMENT(64, true, () -> Word.of(MemorySegment.ofArray(new long[3]), 8, 64)),
  BYTE_OF_INT_ARRAY_SEGMENT(8, true, () -> Word.of(MemorySegment.ofArray(new int[1]), 3, 8)),
  SHORT_OF_LONG_ARRAY_SEGMENT(16, true, () -> Word.of(MemorySegment.ofArray(new long[1]), 6, 16)),
  NATIVE_8(8, false, () -> nativeWord(8)),
  NATIVE_16(16, false, () -> nativeWord(16)),
  NATIVE_32(32, false, () -> nativeWord(32)),
  NATIVE_64(64, false, () -> nativeWord(64)),
  MAPPED_8(8, false, () -> mappedWord(8)),
  MAPPED_16(16, false, () -> mappedWord(16)),
  MAPPED_32(32, false, () -> mappedWord(32)),
  MAPPED_64(64, false, () -> mappedWord(64));

  private final int bits;
  private final boolean heap;
  private final Supplier<Word> maker;

  WordKind(int bits, boolean heap, Supplier<Word> maker) {
    this.bits = bits;
    this.heap = heap;
    this.maker = maker;
  }

  /** The width. */
  public int bits() {
    return bits;
  }

  /** Whether the word is in a Java object. */
  public boolean isHeap() {
    return heap;
  }

  /** A word that is 0 and shares its place with no other. */
  public Word fresh() {
    return maker.get();
  }

  /** A word with a value that shares its place with no other. */
  public Word fresh(long value) {
    Word word = fresh();
    store(word, value);
    return word;
  }

  /** Stores through the only writing access a word has. */
  public static void store(Word word, long value) {
    long old;
    do {
      old = word.load();
    } while (!word.compareAndSet(old, value));
  }

  private static Word nativeWord(int bits) {
    return Word.of(Arena.ofAuto().allocate(16, 8), 8, bits);
  }

  private static Word mappedWord(int bits) {
    return Word.of(Mapping.FILE, Mapping.NEXT.getAndAdd(8), bits);
  }

  /** One field of every width. */
  private static final class Fields {
    static final VarHandle BYTE = field("aByte", byte.class);
    static final VarHandle SHORT = field("aShort", short.class);
    static final VarHandle INT = field("anInt", int.class);
    static final VarHandle LONG = field("aLong", long.class);

    byte aByte;
    short aShort;
    int anInt;
    long aLong;

    private static VarHandle field(String name, Class<?> type) {
      try {
        return MethodHandles.lookup().findVarHandle(Fields.class, name, type);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  /** A file that exists as long as this JVM maps it. */
  private static final class Mapping {
    static final AtomicLong NEXT = new AtomicLong();
    static final MappedFile FILE = map();

    private static MappedFile map() {
      try {
        Path path = Files.createTempFile("words", ".bin");
        try {
          return MappedFile.open(path, 0, 1 << 20);
        } finally {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
