package org.jfutex.cli.run.stack;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is mapped where in a process: /proc/PID/maps, proc_pid_maps(5). Immutable. */
final class ProcMaps {
  /** More mappings than this are not looked at; the usual vm.max_map_count is 65530. */
  private static final int MAX_MAPPINGS = 1 << 17;

  private static final int HEX = 16;

  private final List<Mapping> mappings;

  private ProcMaps(List<Mapping> mappings) {
    this.mappings = mappings;
  }

  /**
   * One mapping.
   *
   * @param start its first address
   * @param end the address after its last
   * @param offset where it starts in its file
   * @param executable whether code can run there
   * @param path its file, or a name in brackets, or empty
   */
  record Mapping(long start, long end, long offset, boolean executable, String path) {
    boolean contains(long address) {
      return Long.compareUnsigned(address, start) >= 0 && Long.compareUnsigned(address, end) < 0;
    }

    /** Whether the path names a file that is still there. */
    boolean hasFile() {
      return path.startsWith("/") && !path.endsWith(" (deleted)");
    }

    /** The last part of the path, harmless to a terminal; {@code [anon]} where there is none. */
    String shortName() {
      String name = path.substring(path.lastIndexOf('/') + 1);
      return name.isEmpty() ? "[anon]" : name.replaceAll("\\p{C}", "?");
    }
  }

  /**
   * The mappings of a running process.
   *
   * @param tgid the process
   * @return its mappings
   * @throws IOException if it has gone or may not be looked at
   */
  static ProcMaps of(int tgid) throws IOException {
    // bytes that are not UTF-8 may stand in a path, and must not end the reading
    Path maps = Path.of("/proc", Integer.toString(tgid), "maps");
    try (BufferedReader reader = Files.newBufferedReader(maps, StandardCharsets.ISO_8859_1)) {
      return parse(reader);
    }
  }

  /**
   * Reads mappings from text. Lines that are not of the known form are left out.
   *
   * @param reader the text, in ascending order of addresses as the kernel prints it
   * @return the mappings
   * @throws IOException from the reader
   */
  static ProcMaps parse(BufferedReader reader) throws IOException {
    List<Mapping> mappings = new ArrayList<>();
    for (String line = reader.readLine();
        line != null && mappings.size() < MAX_MAPPINGS;
        line = reader.readLine()) {
      Mapping mapping = parse(line);
      if (mapping != null && follows(mappings, mapping)) {
        mappings.add(mapping);
      }
    }
    return new ProcMaps(mappings);
  }

  /** The order that {@link #at} relies on. */
  private static boolean follows(List<Mapping> mappings, Mapping next) {
    return Long.compareUnsigned(next.start, next.end) < 0
        && (mappings.isEmpty() || Long.compareUnsigned(mappings.getLast().end, next.start) <= 0);
  }

  /** {@code 7f00-7f10 r-xp 00001000 fe:01 1234 /usr/lib/libc.so.6}. */
  private static @Nullable Mapping parse(String line) {
    String[] fields = line.split(" +", 6);
    int dash = fields[0].indexOf('-');
    if (fields.length < 5 || dash < 0 || fields[1].length() != 4) {
      return null;
    }
    try {
      String path = fields.length < 6 ? "" : utf8(fields[5]);
      return new Mapping(
          Long.parseUnsignedLong(fields[0].substring(0, dash), HEX),
          Long.parseUnsignedLong(fields[0].substring(dash + 1), HEX),
          Long.parseUnsignedLong(fields[2], HEX),
          fields[1].charAt(2) == 'x',
          path);
    } catch (NumberFormatException notAMapping) {
      return null;
    }
  }

  private static String utf8(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /**
   * The mapping that holds an address.
   *
   * @param address the address, unsigned
   * @return the mapping, null where nothing is mapped
   */
  @Nullable Mapping at(long address) {
    int low = 0;
    int high = mappings.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Mapping mapping = mappings.get(middle);
      if (mapping.contains(address)) {
        return mapping;
      }
      if (Long.compareUnsigned(address, mapping.start) < 0) {
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return null;
  }
}
