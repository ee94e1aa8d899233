package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.linux.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Where the words of a scenario lie in its regions. Words with an offset stand there; the others
 * take the first free aligned places, in order of declaration. A robust entry is a next pointer and
 * a word; a word used with NUMA is followed by its node.
 */
final class Layout {
  static final int DEFAULT_PAGES = 4;

  /** The region that is there without a declaration. */
  static final Scenario.RegionDecl DEFAULT_REGION =
      new Scenario.RegionDecl(
          0,
          "mem",
          Backing.PRIVATE,
          null,
          Protection.READ_WRITE,
          (long) DEFAULT_PAGES * Machine.PAGE_BYTES);

  /** Bytes from a robust entry to its word: futex_offset of every robust list head. */
  static final int ROBUST_WORD = Long.BYTES;

  /** A robust entry: the pointer, the word, and what keeps the next one aligned. */
  static final int ROBUST_BYTES = 2 * Long.BYTES;

  static final String NODE = ".node";

  /** What the longest word takes, a robust entry. */
  private static final int MAX_BYTES = ROBUST_BYTES;

  private static final int NUMA_FLAG = 4;

  /**
   * Where a word lies.
   *
   * @param region the region it was declared in
   * @param offset in bytes
   * @param bits its width
   */
  record Slot(String region, long offset, int bits) {}

  private final Map<String, Scenario.RegionDecl> regions;
  private final Map<String, Slot> slots;

  private Layout(Map<String, Scenario.RegionDecl> regions, Map<String, Slot> slots) {
    this.regions = regions;
    this.slots = slots;
  }

  /** All regions, the default one included if no other has its name. */
  Map<String, Scenario.RegionDecl> regions() {
    return regions;
  }

  /** Words, their nodes included, by name. */
  Map<String, Slot> slots() {
    return slots;
  }

  @Nullable Slot slot(String name) {
    return slots.get(name);
  }

  /**
   * Lays out a scenario.
   *
   * @param file its name, for errors
   * @throws ScenarioSyntaxException if a word has no room
   */
  static Layout of(String file, Scenario scenario, Map<Scenario.Op, Action> actions) {
    Map<String, Scenario.RegionDecl> regions = new LinkedHashMap<>();
    if (scenario.regions().stream().noneMatch(r -> r.name().equals(DEFAULT_REGION.name()))) {
      regions.put(DEFAULT_REGION.name(), DEFAULT_REGION);
    }
    scenario.regions().forEach(region -> regions.put(region.name(), region));
    return new Placing(file, regions, numaWords(scenario, actions)).place(scenario.words());
  }

  /** The size of the memory under a region or an alias. */
  static long bytes(Map<String, Scenario.RegionDecl> regions, String name) {
    return known(regions, root(regions, name)).bytes();
  }

  /** The region that an alias, or an alias of an alias, stands for. */
  static String root(Map<String, Scenario.RegionDecl> regions, String name) {
    String at = name;
    for (int i = 0; i <= regions.size(); i++) {
      String of = known(regions, at).aliasOf();
      if (of == null) {
        return at;
      }
      at = of;
    }
    throw new IllegalArgumentException(name + " is an alias of itself");
  }

  private static Scenario.RegionDecl known(Map<String, Scenario.RegionDecl> regions, String name) {
    Scenario.RegionDecl region = regions.get(name);
    if (region == null) {
      throw new IllegalArgumentException("'" + name + "' is no region");
    }
    return region;
  }

  private static Set<String> numaWords(Scenario scenario, Map<Scenario.Op, Action> actions) {
    Set<String> names = new HashSet<>();
    for (Action action : actions.values()) {
      if (action instanceof Action.SystemCall call) {
        addNumaWords(call, names);
      }
    }
    addNodes(scenario.steps(), names);
    return names;
  }

  /** A word is used with NUMA if flags of a futex2 call or of an element say so. */
  private static void addNumaWords(Action.SystemCall call, Set<String> names) {
    int flagsAt =
        switch ((int) call.nr()) {
          case Operation.NR_FUTEX_WAKE, Operation.NR_FUTEX_WAIT -> 3;
          default -> -1;
        };
    if (flagsAt > 0
        && call.args().get(flagsAt) instanceof Action.Arg.Value flags
        && call.args().getFirst() instanceof Action.Arg.Address address) {
      addIfNuma(address.place(), flags.number(), names);
    }
    for (Action.Arg arg : call.args()) {
      if (arg instanceof Action.Arg.Address(Place place)) {
        addIfNode(place, names);
      }
      if (arg instanceof Action.Arg.Elements elements) {
        for (Action.Element element : elements.elements()) {
          addIfNuma(element.place(), element.flags(), names);
        }
      }
    }
  }

  private static void addIfNuma(Place place, Num flags, Set<String> names) {
    String base = place.base();
    if (base != null && !flags.hasNames() && (flags.plain() & NUMA_FLAG) != 0) {
      names.add(base);
    }
    addIfNode(place, names);
  }

  private static void addNodes(List<Scenario.Step> steps, Set<String> names) {
    for (Scenario.Step step : steps) {
      switch (step) {
        case Scenario.SetWord set -> addIfNode(set.word(), names);
        case Scenario.CheckWord check -> addIfNode(check.word(), names);
        case Scenario.Repeat repeat -> addNodes(repeat.steps(), names);
        case Scenario.Race race -> addNodes(race.steps(), names);
        default -> {
          // names no word
        }
      }
    }
  }

  private static void addIfNode(Place place, Set<String> names) {
    String base = place.base();
    if (base != null && base.endsWith(NODE)) {
      names.add(base.substring(0, base.length() - NODE.length()));
    }
  }

  /** Finds places for words. */
  private static final class Placing {
    private final String file;
    private final Map<String, Scenario.RegionDecl> regions;
    private final Set<String> numa;
    private final Map<String, Slot> slots = new LinkedHashMap<>();

    /** What is taken of each region: first byte, and the byte behind the last. */
    private final Map<String, NavigableMap<Long, Long>> taken = new HashMap<>();

    /** Below here nothing of this size is free. */
    private final Map<String, Long> frontier = new HashMap<>();

    Placing(String file, Map<String, Scenario.RegionDecl> regions, Set<String> numa) {
      this.file = file;
      this.regions = regions;
      this.numa = numa;
    }

    Layout place(List<Scenario.WordDecl> words) {
      Map<Scenario.WordDecl, Long> offsets = new HashMap<>();
      List<Scenario.WordDecl> free = new ArrayList<>();
      for (Scenario.WordDecl word : words) {
        if (word.offset() < 0) {
          free.add(word);
        } else {
          offsets.put(word, word.offset());
          take(word, word.offset());
        }
      }
      for (Scenario.WordDecl word : free) {
        long offset = firstFree(word);
        offsets.put(word, offset);
        take(word, offset);
      }
      for (Scenario.WordDecl word : words) {
        add(word, offsets.getOrDefault(word, 0L));
      }
      return new Layout(regions, slots);
    }

    private long size(Scenario.WordDecl word) {
      if (word.robust()) {
        return MAX_BYTES;
      }
      return numa.contains(word.name()) ? Long.BYTES : word.bits() / Byte.SIZE;
    }

    private void take(Scenario.WordDecl word, long offset) {
      long end = offset + size(word);
      long bytes = bytes(regions, word.region());
      if (offset > bytes || end > bytes) {
        throw new ScenarioSyntaxException(
            file,
            word.line(),
            0,
            "no room for '" + word.name() + "': '" + word.region() + "' has " + bytes + " bytes");
      }
      taken
          .computeIfAbsent(root(regions, word.region()), _ -> new TreeMap<>())
          .merge(offset, end, Math::max);
    }

    private long firstFree(Scenario.WordDecl word) {
      String root = root(regions, word.region());
      NavigableMap<Long, Long> there = taken.computeIfAbsent(root, _ -> new TreeMap<>());
      long size = size(word);
      long align = Math.min(size, Long.BYTES);
      String key = root + ' ' + size;
      long at = frontier.getOrDefault(key, 0L);
      while (true) {
        at = (at + align - 1) / align * align;
        long from = at;
        long end =
            there.subMap(from - MAX_BYTES, false, from + size, false).values().stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
        if (end <= from) {
          frontier.put(key, from);
          return from;
        }
        at = end;
      }
    }

    private void add(Scenario.WordDecl word, long offset) {
      if (word.robust()) {
        slots.put(word.name(), new Slot(word.region(), offset + ROBUST_WORD, Integer.SIZE));
        return;
      }
      slots.put(word.name(), new Slot(word.region(), offset, word.bits()));
      if (numa.contains(word.name())) {
        slots.put(
            word.name() + NODE, new Slot(word.region(), offset + Integer.BYTES, Integer.SIZE));
      }
    }
  }
}
