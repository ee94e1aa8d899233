package org.jfutex.shm;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which cells a region has: their names, kinds and sizes, in their order. Immutable, compared by
 * content. Whoever opens a region states what it expects there, and is refused where the region was
 * made otherwise.
 *
 * <pre>{@code
 * Layout layout = Layout.builder().mutex("lock").bytes("counter", 8).build();
 * }</pre>
 */
public final class Layout {
  /** The longest name, in bytes of UTF-8. */
  public static final int MOST_NAME_BYTES = 39;

  /** The most cells. */
  public static final int MOST_CELLS = 4096;

  /** The most bytes of one cell. */
  public static final long MOST_BYTES = 1L << 40;

  static final long ALIGNMENT = 64;

  private static final long FNV_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  /**
   * A cell.
   *
   * @param name its name
   * @param kind what it is
   * @param parameter of a semaphore how many permits it has, of a barrier how many parties, of a
   *     latch its count, of an event 1 if one waiter takes it back and 0 if not; otherwise 0
   * @param offset where it is in the region, in bytes
   * @param bytes how long it is
   */
  record Cell(String name, Kind kind, int parameter, long offset, long bytes) {}

  private final Map<String, Cell> cells;

  private Layout(Map<String, Cell> cells) {
    this.cells = cells;
  }

  /**
   * A builder of a layout without cells.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  Collection<Cell> cells() {
    return cells.values();
  }

  Cell cell(String name, Kind kind) {
    @Nullable Cell cell = cells.get(name);
    if (cell == null || cell.kind != kind) {
      throw new IllegalArgumentException(
          "%s \"%s\": expected one of %s".formatted(kind, name, this));
    }
    return cell;
  }

  /** Where the first cell begins in a region with so many. */
  static long firstCell(int count) {
    return Header.DIRECTORY + count * Header.ENTRY_BYTES;
  }

  /** How long a region with this layout is. */
  long regionBytes() {
    long end = firstCell(cells.size());
    for (Cell cell : cells.values()) {
      end = cell.offset + cell.bytes;
    }
    return Math.ceilDiv(end, Header.PAGE) * Header.PAGE;
  }

  /** FNV-1a of a line for each cell. */
  long hash() {
    long hash = FNV_BASIS;
    for (Cell cell : cells.values()) {
      String line = // by concatenation: %d takes the digits of the user's language
          cell.name + ' ' + cell.kind.number() + ' ' + cell.parameter + ' ' + cell.bytes + '\n';
      for (byte b : line.getBytes(StandardCharsets.UTF_8)) {
        hash = (hash ^ (b & 0xff)) * FNV_PRIME;
      }
    }
    return hash;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Layout layout && cells.equals(layout.cells);
  }

  @Override
  public int hashCode() {
    return cells.hashCode();
  }

  /** The cells, a word or two for each. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[");
    for (Cell cell : cells.values()) {
      text.append(text.length() > 1 ? ", " : "")
          .append(cell.kind)
          .append(" \"")
          .append(cell.name)
          .append('"')
          .append(cell.kind == Kind.BYTES ? " of " + cell.bytes : "")
          .append(cell.parameter != 0 ? " with " + cell.parameter : "");
    }
    return text.append(']').toString();
  }

  /** Collects the cells of a layout. Not for several threads. */
  public static final class Builder {
    private final Map<String, Cell> cells = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a {@link SharedMutex}.
     *
     * @param name its name
     * @return this
     */
    public Builder mutex(String name) {
      return add(name, Kind.MUTEX, 0, Kind.MUTEX.bytes());
    }

    /**
     * Adds a {@link SharedCondvar}.
     *
     * @param name its name
     * @return this
     */
    public Builder condvar(String name) {
      return add(name, Kind.CONDVAR, 0, Kind.CONDVAR.bytes());
    }

    /**
     * Adds a {@link SharedSemaphore}.
     *
     * @param name its name
     * @param permits how many permits there are, all free at first; 1 or more
     * @return this
     */
    public Builder semaphore(String name, int permits) {
      return add(name, Kind.SEMAPHORE, permits, Kind.SEMAPHORE.bytes());
    }

    /**
     * Adds a {@link SharedRwLock}.
     *
     * @param name its name
     * @return this
     */
    public Builder rwLock(String name) {
      return add(name, Kind.RW_LOCK, 0, Kind.RW_LOCK.bytes());
    }

    /**
     * Adds a {@link SharedEvent} that stays set until it is reset.
     *
     * @param name its name
     * @return this
     */
    public Builder event(String name) {
      return add(name, Kind.EVENT, 0, Kind.EVENT.bytes());
    }

    /**
     * Adds a {@link SharedEvent} that the one waiter which it lets go resets.
     *
     * @param name its name
     * @return this
     */
    public Builder autoResetEvent(String name) {
      return add(name, Kind.EVENT, 1, Kind.EVENT.bytes());
    }

    /**
     * Adds a {@link SharedBarrier}.
     *
     * @param name its name
     * @param parties how many threads meet there; from 1 to 65,535
     * @return this
     */
    public Builder barrier(String name, int parties) {
      if (parties > SharedBarrier.MOST_PARTIES) {
        throw new IllegalArgumentException(
            parties
                + " parties of \""
                + name
                + "\": expected "
                + SharedBarrier.MOST_PARTIES
                + " at most");
      }
      return add(name, Kind.BARRIER, parties, Kind.BARRIER.bytes());
    }

    /**
     * Adds a {@link SharedLatch}.
     *
     * @param name its name
     * @param count how often it is counted down; 1 or more
     * @return this
     */
    public Builder latch(String name, int count) {
      return add(name, Kind.LATCH, count, Kind.LATCH.bytes());
    }

    /**
     * Adds a {@link SharedOnce}.
     *
     * @param name its name
     * @return this
     */
    public Builder once(String name) {
      return add(name, Kind.ONCE, 0, Kind.ONCE.bytes());
    }

    /**
     * Adds a {@link Signal}.
     *
     * @param name its name
     * @return this
     */
    public Builder signal(String name) {
      return add(name, Kind.SIGNAL, 0, Kind.SIGNAL.bytes());
    }

    /**
     * Adds memory for the user, zero at first, at a multiple of 64.
     *
     * @param name its name
     * @param bytes how much; from 1 to {@link #MOST_BYTES}
     * @return this
     */
    public Builder bytes(String name, long bytes) {
      if (bytes < 1 || bytes > MOST_BYTES) {
        throw new IllegalArgumentException(
            "%d bytes of \"%s\": expected 1 to %d".formatted(bytes, name, MOST_BYTES));
      }
      return add(name, Kind.BYTES, 0, bytes);
    }

    Builder add(String name, Kind kind, int parameter, long bytes) {
      int length = name.getBytes(StandardCharsets.UTF_8).length;
      if (length == 0 || length > MOST_NAME_BYTES || name.chars().anyMatch(c -> c <= ' ')) {
        throw new IllegalArgumentException(
            "name \"%s\": expected 1 to %d bytes without spaces and control characters"
                .formatted(name, MOST_NAME_BYTES));
      }
      if (kind.takesNumber() ? parameter < 1 : parameter < 0 || parameter > 1) {
        throw new IllegalArgumentException(
            "%s \"%s\" with %d: expected 1 or more".formatted(kind, name, parameter));
      }
      if (cells.size() == MOST_CELLS) {
        throw new IllegalArgumentException("expected " + MOST_CELLS + " cells at most");
      }
      if (cells.putIfAbsent(name, new Cell(name, kind, parameter, 0, bytes)) != null) {
        throw new IllegalArgumentException("name \"" + name + "\": there is one already");
      }
      return this;
    }

    /**
     * The layout.
     *
     * @return it, with the cells in the order in which they were added
     */
    public Layout build() {
      Map<String, Cell> placed = new LinkedHashMap<>();
      long offset = firstCell(cells.size());
      for (Cell cell : cells.values()) {
        placed.put(cell.name, new Cell(cell.name, cell.kind, cell.parameter, offset, cell.bytes));
        offset += Math.ceilDiv(cell.bytes, ALIGNMENT) * ALIGNMENT;
      }
      return new Layout(placed);
    }
  }
}
