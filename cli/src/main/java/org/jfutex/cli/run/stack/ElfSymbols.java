package org.jfutex.cli.run.stack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions of an ELF64 file, from .symtab and .dynsym: elf(5). The file is whatever the
 * supervised program mapped, so every offset and size is checked against the file and against a
 * bound; a file that is broken anywhere has the names that could be read before that, or none.
 *
 * <p>Holds addresses only and reads a name when it is asked for, because large programs have
 * hundreds of thousands of symbols of which a stack shows ten. Immutable.
 */
final class ElfSymbols {
  /** What a file that cannot be read has. */
  static final ElfSymbols NONE = new ElfSymbols(null, List.of(), List.of());

  /** Functions kept of one file: 32 bytes each. */
  static final int MAX_FUNCTIONS = 1 << 19;

  /** Symbols looked at in one file, in all its tables: a file may claim 65535 large ones. */
  private static final long MAX_SYMBOLS = 1 << 22;

  private static final int MAX_NAME = 512;
  private static final int CHUNK_SYMBOLS = 1 << 12;

  private static final int HEADER_BYTES = 64;
  private static final int PROGRAM_HEADER_BYTES = 56;
  private static final int SECTION_HEADER_BYTES = 64;
  private static final int SYMBOL_BYTES = 24;
  private static final int MAGIC = 0x464c457f;
  private static final int CLASS_64_LITTLE_ENDIAN = 0x0102;
  private static final int PT_LOAD = 1;
  private static final int SHT_SYMTAB = 2;
  private static final int SHT_DYNSYM = 11;
  private static final int STT_FUNC = 2;
  private static final int STT_GNU_IFUNC = 10;

  private final @Nullable Path file;
  private final List<Segment> segments;
  private final long[] starts;
  private final long[] sizes;
  private final long[] names;

  private ElfSymbols(@Nullable Path file, List<Segment> segments, List<Function> functions) {
    this.file = file;
    this.segments = segments;
    starts = functions.stream().mapToLong(Function::start).toArray();
    sizes = functions.stream().mapToLong(Function::size).toArray();
    names = functions.stream().mapToLong(Function::name).toArray();
  }

  /** Which bytes of the file are loaded at which address. */
  private record Segment(long offset, long address, long bytes) {}

  /** A function: its address, its size or 0, where its name stands in the file, how well known. */
  private record Function(long start, long size, long name, int rank) {
    /** Sized before unsized, global before weak before local: the name people know. */
    static final Comparator<Function> BEST_FIRST =
        Comparator.comparingLong(Function::start)
            .thenComparing(f -> f.size == 0)
            .thenComparingInt(Function::rank);
  }

  /**
   * A place in a function.
   *
   * @param name the function
   * @param offset how far into it
   */
  record Place(String name, long offset) {}

  /**
   * Reads the symbols of a file.
   *
   * @param file a regular file; not checked to be one
   * @return its symbols, {@link #NONE} where it has none or cannot be read
   */
  static ElfSymbols of(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new Reader(file, channel).read();
    } catch (IOException unreadable) {
      return NONE;
    }
  }

  /** How many functions are known. */
  int size() {
    return starts.length;
  }

  /**
   * The address that a byte of the file is linked for.
   *
   * @param fileOffset the offset of the byte
   * @return the address, or the offset itself where it belongs to no segment
   */
  long address(long fileOffset) {
    for (Segment segment : segments) {
      long into = fileOffset - segment.offset;
      if (into >= 0 && into < segment.bytes) {
        return segment.address + into;
      }
    }
    return fileOffset;
  }

  /**
   * The function at an address.
   *
   * @param address the address, as linked
   * @return where that is, null outside of every known function
   */
  @Nullable Place at(long address) {
    int index = Arrays.binarySearch(starts, address);
    if (index < 0) {
      index = -index - 2;
    }
    if (file == null || index < 0) {
      return null;
    }
    long offset = address - starts[index];
    if (sizes[index] != 0 && offset >= sizes[index]) {
      return null;
    }
    String name = name(file, names[index]);
    return name.isEmpty() ? null : new Place(name, offset);
  }

  /** Anything but printable ASCII is replaced: a name may hold escape sequences of a terminal. */
  private static String name(Path file, long position) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(MAX_NAME);
      readFully(channel, buffer, position);
      StringBuilder name = new StringBuilder();
      buffer.flip();
      while (buffer.hasRemaining()) {
        byte c = buffer.get();
        if (c == 0) {
          return name.toString();
        }
        name.append(c > ' ' && c < 0x7f ? (char) c : '?');
      }
      return name.append("...").toString();
    } catch (IOException gone) {
      return "";
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int read = channel.read(into, at);
      if (read <= 0) {
        return;
      }
      at += read;
    }
  }

  /** Reads one file, once. */
  private static final class Reader {
    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private final List<Function> functions = new ArrayList<>();
    private long symbolsLeft = MAX_SYMBOLS;

    Reader(Path file, FileChannel channel) throws IOException {
      this.file = file;
      this.channel = channel;
      this.fileBytes = channel.size();
    }

    ElfSymbols read() throws IOException {
      ByteBuffer header = bytes(0, HEADER_BYTES);
      if (header == null
          || header.getInt(0) != MAGIC
          || header.getShort(4) != CLASS_64_LITTLE_ENDIAN) {
        return NONE;
      }
      List<Segment> segments = segments(header);
      ByteBuffer sections = sections(header);
      if (sections != null) {
        int count = sections.capacity() / SECTION_HEADER_BYTES;
        for (int i = 0; i < count; i++) {
          symbols(sections, i, count);
        }
      }
      functions.sort(Function.BEST_FIRST);
      return new ElfSymbols(file, segments, distinct());
    }

    private List<Segment> segments(ByteBuffer header) throws IOException {
      int count = Short.toUnsignedInt(header.getShort(56));
      ByteBuffer table =
          header.getShort(54) == PROGRAM_HEADER_BYTES
              ? bytes(header.getLong(32), count * PROGRAM_HEADER_BYTES)
              : null;
      List<Segment> segments = new ArrayList<>();
      for (int i = 0; table != null && i < count; i++) {
        int at = i * PROGRAM_HEADER_BYTES;
        if (table.getInt(at) == PT_LOAD) {
          segments.add(
              new Segment(table.getLong(at + 8), table.getLong(at + 16), table.getLong(at + 32)));
        }
      }
      return segments;
    }

    private @Nullable ByteBuffer sections(ByteBuffer header) throws IOException {
      int count = Short.toUnsignedInt(header.getShort(60));
      return header.getShort(58) == SECTION_HEADER_BYTES
          ? bytes(header.getLong(40), count * SECTION_HEADER_BYTES)
          : null;
    }

    private void symbols(ByteBuffer sections, int index, int count) throws IOException {
      int at = index * SECTION_HEADER_BYTES;
      int type = sections.getInt(at + 4);
      int link = sections.getInt(at + 40);
      if ((type != SHT_SYMTAB && type != SHT_DYNSYM) || link < 0 || link >= count) {
        return;
      }
      int strings = link * SECTION_HEADER_BYTES;
      long namesAt = sections.getLong(strings + 24);
      long nameBytes = sections.getLong(strings + 32);
      long symbolsAt = sections.getLong(at + 24);
      long symbols = Math.min(symbolsLeft, sections.getLong(at + 32) / SYMBOL_BYTES);
      if (!inFile(namesAt, nameBytes) || symbols < 0) {
        return;
      }
      symbolsLeft -= symbols;
      for (long first = 0; first < symbols; first += CHUNK_SYMBOLS) {
        int chunk = (int) Math.min(CHUNK_SYMBOLS, symbols - first);
        ByteBuffer table = bytes(symbolsAt + first * SYMBOL_BYTES, chunk * SYMBOL_BYTES);
        if (table == null) {
          return;
        }
        for (int i = 0; i < chunk && functions.size() < MAX_FUNCTIONS; i++) {
          symbol(table, i * SYMBOL_BYTES, namesAt, nameBytes);
        }
      }
    }

    private void symbol(ByteBuffer table, int at, long namesAt, long nameBytes) {
      long name = Integer.toUnsignedLong(table.getInt(at));
      int info = table.get(at + 4);
      int type = info & 15;
      long start = table.getLong(at + 8);
      boolean defined = table.getShort(at + 6) != 0 && start > 0;
      if ((type == STT_FUNC || type == STT_GNU_IFUNC) && defined && name != 0 && name < nameBytes) {
        long size = Math.max(0, table.getLong(at + 16));
        functions.add(new Function(start, size, namesAt + name, binding(info)));
      }
    }

    /** STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2: ordered by how well the name is known. */
    private static int binding(int info) {
      return switch (info >>> 4 & 15) {
        case 1 -> 0;
        case 2 -> 1;
        default -> 2;
      };
    }

    /** The best name of each address; binarySearch wants every address once. */
    private List<Function> distinct() {
      List<Function> distinct = new ArrayList<>(functions.size());
      for (Function function : functions) {
        if (distinct.isEmpty() || distinct.getLast().start != function.start) {
          distinct.add(function);
        }
      }
      return distinct;
    }

    private boolean inFile(long offset, long bytes) {
      return offset >= 0 && bytes >= 0 && offset <= fileBytes && bytes <= fileBytes - offset;
    }

    private @Nullable ByteBuffer bytes(long offset, int bytes) throws IOException {
      if (!inFile(offset, bytes)) {
        return null;
      }
      ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, buffer, offset);
      // a file that shrinks while it is read ends the table
      return buffer.hasRemaining() ? null : buffer;
    }
  }
}
