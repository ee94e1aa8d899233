package org.jfutex.cli.play;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The names that are declared so far. */
final class Scope {
  /** Threads that a scenario may have: more than any test of a futex needs. */
  static final int MAX_THREADS = 1_000;

  private static final List<String> SUFFIXES = List.of(".node", ".old");

  private final boolean open;
  private final Map<String, Scenario.RegionDecl> regions = new LinkedHashMap<>();
  private final Map<String, Scenario.WordDecl> words = new LinkedHashMap<>();
  private final Map<String, Scenario.ThreadDecl> declared = new LinkedHashMap<>();
  private final Set<String> threads = new HashSet<>();
  private final Set<String> callers = new HashSet<>();
  private final Map<String, Integer> lines = new HashMap<>();

  private Scope(boolean open) {
    this.open = open;
  }

  /** A scope in which every name is known. */
  static Scope open() {
    return new Scope(true);
  }

  /** A scope that knows only the region that is always there. */
  static Scope ofScenario() {
    Scope scope = new Scope(false);
    scope.regions.put(Layout.DEFAULT_REGION.name(), Layout.DEFAULT_REGION);
    return scope;
  }

  boolean isOpen() {
    return open;
  }

  void add(Scenario.RegionDecl region) {
    regions.put(region.name(), region);
    lines.put(region.name(), region.line());
  }

  void add(Scenario.WordDecl word) {
    words.put(word.name(), word);
    lines.put(word.name(), word.line());
  }

  void add(Scenario.ThreadDecl thread) {
    declared.put(thread.name(), thread);
    threads.add(thread.name());
  }

  /** The line where a word or a region of this name was declared; null if it was not. */
  @Nullable Integer lineOf(String name) {
    return lines.get(name);
  }

  Scenario.@Nullable RegionDecl region(String name) {
    return regions.get(name);
  }

  Set<String> regionNames() {
    return regions.keySet();
  }

  Scenario.@Nullable WordDecl word(String name) {
    return words.get(name);
  }

  Scenario.@Nullable ThreadDecl thread(String name) {
    return declared.get(name);
  }

  Set<String> processes() {
    Set<String> names = new HashSet<>();
    declared.values().stream().flatMap(t -> Stream.ofNullable(t.process())).forEach(names::add);
    return names;
  }

  List<String> robustNames() {
    return words.values().stream()
        .filter(Scenario.WordDecl::robust)
        .map(Scenario.WordDecl::name)
        .toList();
  }

  /** Whether an address may begin with this name. */
  boolean hasPlace(String name) {
    String base = name;
    for (String suffix : SUFFIXES) {
      base = base.endsWith(suffix) ? base.substring(0, base.length() - suffix.length()) : base;
    }
    boolean plain = base.equals(name);
    return open
        || words.containsKey(base)
        || (regions.containsKey(base) && !name.contains(".node"))
        || (plain && name.equals(Place.UNMAPPED));
  }

  List<String> placeNames() {
    return Stream.of(words.keySet(), regions.keySet(), Set.of("null", Place.UNMAPPED))
        .flatMap(Set::stream)
        .toList();
  }

  /** Notes that a thread exists; false if there are too many. */
  boolean useThread(String name) {
    threads.add(name);
    return open || threads.size() <= MAX_THREADS;
  }

  /** Notes that a thread makes a call. */
  void calls(String thread) {
    callers.add(thread);
  }

  Set<String> callers() {
    return callers;
  }
}
