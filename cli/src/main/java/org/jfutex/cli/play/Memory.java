package org.jfutex.cli.play;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.Protection;
import org.jspecify.annotations.Nullable;

/** The memory of a scenario while it is played: where regions and words are just now. */
final class Memory {
  /** A page that nothing is mapped at: the lowest that a program may map at all. */
  static final long UNMAPPED = 0x10000;

  private static final String OLD = ".old";

  private final Layout layout;
  private final MachineProcess process;
  private final Map<String, Long> bases = new LinkedHashMap<>();
  private final Map<String, Long> oldBases = new HashMap<>();

  Memory(Layout layout, MachineProcess process) {
    this.layout = layout;
    this.process = process;
  }

  /** Maps all regions and aliases, readable and writable. */
  void map() {
    for (Scenario.RegionDecl region : layout.regions().values()) {
      Backing backing = region.backing();
      long address =
          backing == null
              ? process.alias(base(root(region.name())))
              : process.map(backing, region.bytes());
      bases.put(region.name(), address);
    }
  }

  /** Gives all regions and aliases their protections. */
  void protect(Iterable<MachineProcess> processes) {
    for (Scenario.RegionDecl region : layout.regions().values()) {
      if (region.protection() != Protection.READ_WRITE) {
        for (MachineProcess each : processes) {
          each.protect(base(region.name()), bytes(region.name()), region.protection());
        }
      }
    }
  }

  /** The region that this one is a further mapping of, or itself. */
  String root(String region) {
    return Layout.root(layout.regions(), region);
  }

  /** Whether a fork copies what is in a region. */
  boolean isCopied(String region) {
    Backing backing = root(layout.regions(), region);
    return backing == Backing.PRIVATE || backing == Backing.FILE_PRIVATE;
  }

  private static @Nullable Backing root(Map<String, Scenario.RegionDecl> regions, String region) {
    Scenario.RegionDecl declared = regions.get(Layout.root(regions, region));
    return declared == null ? null : declared.backing();
  }

  long bytes(String region) {
    return Layout.bytes(layout.regions(), region);
  }

  long base(String region) {
    Long base = bases.get(region);
    if (base == null) {
      throw new IllegalArgumentException("'" + region + "' is no region");
    }
    return base;
  }

  /** Notes that a region was moved. */
  void moved(String region, long address) {
    oldBases.put(region, base(region));
    bases.put(region, address);
    if (isPlainMemory(region)) {
      // a private region's aliases are names for the same addresses
      String root = root(region);
      for (String name : layout.regions().keySet()) {
        if (root(name).equals(root) && !name.equals(region)) {
          oldBases.put(name, base(name));
          bases.put(name, address);
        }
      }
    }
  }

  private boolean isPlainMemory(String region) {
    return root(layout.regions(), region) == Backing.PRIVATE;
  }

  long address(Place place) {
    String base = place.base();
    if (base == null) {
      return place.offset();
    }
    if (base.equals(Place.UNMAPPED) && layout.slot(base) == null) {
      return UNMAPPED + place.offset();
    }
    boolean old = base.contains(OLD);
    String name = base.replace(OLD, "");
    Layout.Slot slot = layout.slot(name);
    String region = slot == null ? name : slot.region();
    long begin = old ? oldBases.getOrDefault(region, base(region)) : base(region);
    return begin + (slot == null ? 0 : slot.offset()) + place.offset();
  }

  /** The region an address lies in, and where; null outside of every region. */
  @Nullable String name(long address) {
    for (String region : layout.regions().keySet()) {
      long offset = address - base(region);
      if (offset >= 0 && offset < bytes(region)) {
        return new Place(region, offset).toString();
      }
    }
    return null;
  }

  /** How many bytes of its region follow a place; 0 outside of every region. */
  int room(Place place) {
    String base = place.base();
    if (base == null || base.equals(Place.UNMAPPED) || base.contains(OLD)) {
      return 0;
    }
    Layout.Slot slot = layout.slot(base);
    String region = slot == null ? base : slot.region();
    long end = base(region) + bytes(region);
    return (int) Math.max(0, Math.min(Integer.MAX_VALUE, end - address(place)));
  }

  /** The names of all words, their nodes included. */
  Set<String> names() {
    return layout.slots().keySet();
  }

  /** The width of the word at a place, in bits. */
  int bits(Place place) {
    String base = place.base();
    Layout.Slot slot = base == null ? null : layout.slot(base.replace(OLD, ""));
    return slot == null ? Integer.SIZE : slot.bits();
  }

  /** The bits of a word, those above its width clear. */
  long read(Place place) {
    int bytes = bits(place) / Byte.SIZE;
    byte[] all = new byte[Long.BYTES];
    System.arraycopy(process.read(address(place), bytes), 0, all, 0, bytes);
    return ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  void write(Place place, long value) {
    write(process, place, value);
  }

  void write(MachineProcess in, Place place, long value) {
    byte[] all = Lowering.bytes(value);
    byte[] bytes = new byte[bits(place) / Byte.SIZE];
    System.arraycopy(all, 0, bytes, 0, bytes.length);
    in.write(address(place), bytes);
  }

  /** A value cut to a number of bits. */
  static long cut(long value, int bits) {
    return bits == Long.SIZE ? value : value & (1L << bits) - 1;
  }
}
