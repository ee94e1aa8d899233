package org.jfutex.shm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * The first bytes of a region: what it is, and its directory, which never changes. Whoever maps a
 * region may write there, so everything is copied once, checked, and never read again.
 */
final class Header {
  /** "JFUTEXSM" in the order of the bytes. */
  private static final long MAGIC = 0x4d5358455455464aL;

  static final int VERSION = 1;
  static final long PAGE = 4096;

  private static final long AT_MAGIC = 0;
  private static final long AT_VERSION = 8;
  private static final long AT_COUNT = 12;
  private static final long AT_BYTES = 16;
  private static final long AT_HASH = 24;
  private static final long AT_BOOT = 32;
  private static final long AT_PID_NAMESPACE = 48;

  /** The robust mutex of who attaches. */
  static final long REGISTRY = 64;

  /** Counts who has attached. */
  static final long JOINS = 128;

  /** Always 0; who waits is found here by the kernel when another one has ended in a wait. */
  static final long DEPARTURES = 136;

  static final long MEMBERS = 256;
  static final long DIRECTORY = MEMBERS + Members.MOST * Members.BYTES;
  static final long ENTRY_BYTES = 64;

  private static final int NAME_BYTES = Layout.MOST_NAME_BYTES + 1;
  private static final long ENTRY_KIND = 40;
  private static final long ENTRY_PARAMETER = 44;
  private static final long ENTRY_OFFSET = 48;
  private static final long ENTRY_LENGTH = 56;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfLong BIG_ENDIAN = LONG.withOrder(ByteOrder.BIG_ENDIAN);

  private Header() {}

  /** Writes a header into memory that is 0. */
  static void write(MemorySegment region, Layout layout) throws IOException {
    region.set(LONG, AT_MAGIC, MAGIC);
    region.set(INT, AT_VERSION, VERSION);
    region.set(INT, AT_COUNT, layout.cells().size());
    region.set(LONG, AT_BYTES, layout.regionBytes());
    region.set(LONG, AT_HASH, layout.hash());
    UUID boot = Procfs.boot();
    region.set(BIG_ENDIAN, AT_BOOT, boot.getMostSignificantBits());
    region.set(BIG_ENDIAN, AT_BOOT + Long.BYTES, boot.getLeastSignificantBits());
    region.set(LONG, AT_PID_NAMESPACE, Procfs.pidNamespace());
    long entry = DIRECTORY;
    for (Layout.Cell cell : layout.cells()) {
      byte[] name = cell.name().getBytes(StandardCharsets.UTF_8);
      MemorySegment.copy(name, 0, region, ValueLayout.JAVA_BYTE, entry, name.length);
      region.set(INT, entry + ENTRY_KIND, cell.kind().number());
      region.set(INT, entry + ENTRY_PARAMETER, cell.parameter());
      region.set(LONG, entry + ENTRY_OFFSET, cell.offset());
      region.set(LONG, entry + ENTRY_LENGTH, cell.bytes());
      entry += ENTRY_BYTES;
    }
  }

  /**
   * Reads a header.
   *
   * @param region the memory, at least {@link #DIRECTORY} bytes
   * @throws RegionException if it is not one, contradicts itself or the length of the memory, or is
   *     of another boot of the machine or another pid namespace
   * @throws IOException if procfs cannot be read
   */
  static Layout read(MemorySegment region) throws IOException {
    long magic = region.get(LONG, AT_MAGIC);
    if (magic != MAGIC) {
      throw new RegionException("magic 0x%x: expected 0x%x".formatted(magic, MAGIC));
    }
    int version = region.get(INT, AT_VERSION);
    if (version != VERSION) {
      throw new RegionException("version %d: expected %d".formatted(version, VERSION));
    }
    checkIds(region);
    int count = region.get(INT, AT_COUNT);
    if (count < 0 || count > Layout.MOST_CELLS || Layout.firstCell(count) > region.byteSize()) {
      throw new RegionException(
          "%d cells in %d bytes: expected at most %d, and room for their names"
              .formatted(count, region.byteSize(), Layout.MOST_CELLS));
    }
    long bytes = region.get(LONG, AT_BYTES);
    long hash = region.get(LONG, AT_HASH);
    byte[] directory = new byte[(int) (count * ENTRY_BYTES)];
    MemorySegment.copy(region, ValueLayout.JAVA_BYTE, DIRECTORY, directory, 0, directory.length);
    Layout layout = read(MemorySegment.ofArray(directory), count);
    if (bytes != region.byteSize() || layout.regionBytes() != bytes) {
      throw new RegionException(
          "region of %d bytes by its header, %d by its cells: the file has %d"
              .formatted(bytes, layout.regionBytes(), region.byteSize()));
    }
    if (layout.hash() != hash) {
      throw new RegionException(
          "layout hash 0x%x: expected 0x%x for %s".formatted(hash, layout.hash(), layout));
    }
    return layout;
  }

  /** The words name threads and processes by numbers, which mean others elsewhere. */
  private static void checkIds(MemorySegment region) throws IOException {
    UUID boot =
        new UUID(region.get(BIG_ENDIAN, AT_BOOT), region.get(BIG_ENDIAN, AT_BOOT + Long.BYTES));
    if (!boot.equals(Procfs.boot())) {
      throw new RegionException(
          "made in boot %s of the machine: expected %s; remove it".formatted(boot, Procfs.boot()));
    }
    long namespace = region.get(LONG, AT_PID_NAMESPACE);
    if (namespace != Procfs.pidNamespace()) {
      throw new RegionException(
          "made in pid namespace %d: expected %d".formatted(namespace, Procfs.pidNamespace()));
    }
  }

  private static Layout read(MemorySegment directory, int count) throws RegionException {
    Layout.Builder builder = Layout.builder();
    long[] offsets = new long[count];
    for (int i = 0; i < count; i++) {
      long entry = i * ENTRY_BYTES;
      byte[] name = directory.asSlice(entry, NAME_BYTES).toArray(ValueLayout.JAVA_BYTE);
      int length = 0;
      while (length < NAME_BYTES && name[length] != 0) {
        length++;
      }
      String text = new String(name, 0, length, StandardCharsets.UTF_8);
      Kind kind = Kind.of(directory.get(ValueLayout.JAVA_INT_UNALIGNED, entry + ENTRY_KIND));
      long bytes = directory.get(ValueLayout.JAVA_LONG_UNALIGNED, entry + ENTRY_LENGTH);
      if (kind == Kind.BYTES ? bytes < 1 || bytes > Layout.MOST_BYTES : bytes != kind.bytes()) {
        throw new RegionException(
            "%s \"%s\" of %d bytes: expected another length".formatted(kind, text, bytes));
      }
      offsets[i] = directory.get(ValueLayout.JAVA_LONG_UNALIGNED, entry + ENTRY_OFFSET);
      try {
        builder.add(
            text,
            kind,
            directory.get(ValueLayout.JAVA_INT_UNALIGNED, entry + ENTRY_PARAMETER),
            bytes);
      } catch (IllegalArgumentException e) {
        throw new RegionException("directory entry %d: %s".formatted(i, e.getMessage()));
      }
    }
    Layout layout = builder.build();
    long[] expected = layout.cells().stream().mapToLong(Layout.Cell::offset).toArray();
    int differs = Arrays.mismatch(offsets, expected);
    if (differs >= 0) {
      throw new RegionException(
          "cell %d at offset %d: expected %d"
              .formatted(differs, offsets[differs], expected[differs]));
    }
    return layout;
  }
}
