package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.RegionDecl;
import org.jfutex.cli.play.Scenario.WordDecl;

/**
 * What a program is made of and how odd it is: drawn once for each, so that some programs are all
 * sense and others all nonsense.
 *
 * @param regions its regions, besides {@code mem}
 * @param words its words
 * @param threads its threads that may sleep; {@code main} never does
 * @param shared the share of calls without the private flag, in percent
 * @param odd the share of operands that are bad, in percent
 * @param steps about how many steps it has before its queues are emptied
 */
record Shape(
    List<RegionDecl> regions,
    List<WordDecl> words,
    List<String> threads,
    int shared,
    int odd,
    int steps) {
  /** The thread that only makes calls which return at once. */
  static final String MAIN = "main";

  /** Distance of words: room for a node cell behind each, and 8-byte alignment. */
  private static final int SLOT = 2 * Integer.BYTES;

  private static final List<String> WORD_NAMES = List.of("a", "b", "c", "d");
  private static final int[] SHARED_SHARES = {0, 0, 0, 30, 50, 100};
  private static final int[] ODD_SHARES = {0, 0, 2, 2, 5, 15};
  private static final int MIN_STEPS = 4;
  private static final int MOST_STEPS = 28;

  static Shape draw(SplittableRandom random, int mostThreads) {
    List<RegionDecl> regions = new ArrayList<>();
    int shared = SHARED_SHARES[random.nextInt(SHARED_SHARES.length)];
    if (shared > 0 || random.nextInt(4) == 0) {
      sharedRegions(random, regions);
    }
    if (random.nextInt(10) == 0) {
      regions.add(region("pr", Backing.PRIVATE, Protection.READ));
      regions.add(region("pn", Backing.PRIVATE, Protection.NONE));
    }
    List<String> homes = new ArrayList<>(regions.stream().map(RegionDecl::name).toList());
    int count = 1 + random.nextInt(WORD_NAMES.size());
    List<WordDecl> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean plain = homes.isEmpty() || random.nextInt(3) == 0;
      String home = plain ? "mem" : homes.get(random.nextInt(homes.size()));
      // an alias has words at the places of other regions' words, and so they meet
      int slot = random.nextInt(4) == 0 ? random.nextInt(count) : i;
      int value = random.nextInt(3) == 0 ? random.nextInt(-2, 3) : 0;
      words.add(word(WORD_NAMES.get(i), value, home, slot));
    }
    List<String> threads = new ArrayList<>();
    int many = 1 + random.nextInt(Math.max(1, mostThreads - 1));
    for (int i = 1; i <= many; i++) {
      threads.add("t" + i);
    }
    int odd = ODD_SHARES[random.nextInt(ODD_SHARES.length)];
    int steps = random.nextInt(MIN_STEPS, MOST_STEPS);
    return new Shape(distinct(regions), words, threads, shared, odd, steps);
  }

  /** A shape for a race: plain memory, and every operand good. */
  static Shape drawForRace(SplittableRandom random, int mostThreads) {
    int count = random.nextBoolean() ? 1 : 1 + random.nextInt(3);
    List<WordDecl> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(word(WORD_NAMES.get(i), 0, "mem", i));
    }
    List<String> threads = new ArrayList<>();
    for (int i = 1; i <= Math.max(2, Math.min(mostThreads, 2 + random.nextInt(3))); i++) {
      threads.add("t" + i);
    }
    int shared = random.nextInt(3) == 0 ? 100 : 0;
    return new Shape(List.of(), words, threads, shared, 0, 0);
  }

  private static void sharedRegions(SplittableRandom random, List<RegionDecl> regions) {
    if (random.nextInt(2) == 0) {
      regions.add(region("sh", Backing.SHARED, Protection.READ_WRITE));
      if (random.nextInt(2) == 0) {
        regions.add(alias("sa", "sh", Protection.READ_WRITE));
      }
    }
    if (random.nextInt(2) == 0) {
      regions.add(region("fi", Backing.FILE, Protection.READ_WRITE));
      if (random.nextInt(2) == 0) {
        boolean readOnly = random.nextInt(4) == 0;
        regions.add(
            readOnly
                ? alias("fr", "fi", Protection.READ)
                : alias("fa", "fi", Protection.READ_WRITE));
      }
    }
    if (random.nextInt(20) == 0) {
      regions.add(region("fp", Backing.FILE_PRIVATE, Protection.READ_WRITE));
    }
  }

  private static RegionDecl region(String name, Backing backing, Protection protection) {
    return new RegionDecl(0, name, backing, null, protection, Machine.PAGE_BYTES);
  }

  private static RegionDecl alias(String name, String of, Protection protection) {
    return new RegionDecl(0, name, null, of, protection, 0);
  }

  private static WordDecl word(String name, int value, String region, int slot) {
    return new WordDecl(0, name, Integer.SIZE, Num.of(value), region, (long) slot * SLOT, false);
  }

  private static List<RegionDecl> distinct(List<RegionDecl> regions) {
    return regions.stream().distinct().toList();
  }

  /** The value of a number in which nothing is named. */
  static long plain(Num number) {
    return number.plain();
  }

  Scenario declarations(String title) {
    return new Scenario(title, Set.of(), Set.of(), regions, words, List.of(), List.of());
  }
}
