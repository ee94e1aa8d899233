package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.RegionDecl;
import org.jfutex.cli.play.Scenario.ThreadDecl;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jspecify.annotations.Nullable;

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
 * @param ownsLocks whether its words hold the ids of owners, and its threads end
 * @param declared its threads that are not ordinary ones; all of them if some are real-time ones
 */
record Shape(
    List<RegionDecl> regions,
    List<WordDecl> words,
    List<String> threads,
    int shared,
    int odd,
    int steps,
    boolean ownsLocks,
    List<ThreadDecl> declared) {
  /** The thread that only makes calls which return at once. */
  static final String MAIN = "main";

  /** A thread of another process, which makes no call. */
  static final String FOREIGN = "x";

  /** Where a program has the address and the size of a robust list written. */
  static final String HEAD = "head";

  static final String SIZE = "size";

  /** Distance of words: room for a node cell behind each, and 8-byte alignment. */
  private static final int SLOT = 2 * Integer.BYTES;

  private static final List<String> WORD_NAMES = List.of("a", "b", "c", "d");
  private static final int[] SHARED_SHARES = {0, 0, 0, 30, 50, 100};
  private static final int[] ODD_SHARES = {0, 0, 2, 2, 5, 15};

  /** OWNER_DIED, WAITERS, and both. */
  private static final int[] FLAGS = {0x4000_0000, 0x8000_0000, 0xc000_0000};

  /**
   * The kernel gives ids up to 2^22 only: these are nobody's, nor are they with all bits turned.
   */
  private static final int[] NOBODY = {0x2aaa_aaaa, 0x7fff_ffff, -1, 0x9555_5555};

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
    return new Shape(distinct(regions), words, threads, shared, odd, steps, false, List.of());
  }

  /**
   * A shape for locks: fewer words, whose first values name owners, in entries of robust lists.
   *
   * @param realTime whether some threads may have a real-time priority
   */
  static Shape drawForLocks(SplittableRandom random, int mostThreads, boolean realTime) {
    List<RegionDecl> regions = new ArrayList<>();
    int shared = SHARED_SHARES[random.nextInt(SHARED_SHARES.length)];
    if (shared > 0 && random.nextInt(3) > 0) {
      sharedRegions(random, regions);
    }
    List<String> threads = new ArrayList<>();
    int many = 2 + random.nextInt(Math.max(1, mostThreads - 1));
    for (int i = 1; i <= many; i++) {
      threads.add("t" + i);
    }
    List<ThreadDecl> declared = new ArrayList<>();
    if (realTime && random.nextInt(8) == 0) {
      threads.forEach(name -> declared.add(thread(name, 10 * random.nextInt(3), null)));
    }
    if (random.nextInt(5) == 0) {
      declared.add(thread(FOREIGN, 0, "p"));
    }
    int odd = ODD_SHARES[random.nextInt(ODD_SHARES.length)];
    int steps = random.nextInt(MIN_STEPS, MOST_STEPS);
    Shape empty =
        new Shape(distinct(regions), List.of(), threads, shared, odd, steps, true, declared);
    return empty.withWords(lockWords(random, empty));
  }

  private static List<WordDecl> lockWords(SplittableRandom random, Shape shape) {
    List<WordDecl> words = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      boolean plain = shape.regions.isEmpty() || random.nextBoolean();
      String home = plain ? "mem" : shape.regions.get(random.nextInt(shape.regions.size())).name();
      long entry = (long) RobustLists.ENTRY_BYTES * (random.nextInt(5) == 0 ? 0 : i);
      boolean robust = random.nextBoolean();
      Num value = robust || random.nextBoolean() ? Num.of(0) : owner(random, shape);
      long offset = robust ? entry : entry + RobustLists.WORD;
      words.add(new WordDecl(0, WORD_NAMES.get(i), Integer.SIZE, value, home, offset, robust));
    }
    return words;
  }

  /** A value of a word that an owner stands in, or did, or never could. */
  static Num owner(SplittableRandom random, Shape shape) {
    return switch (random.nextInt(10)) {
      case 0, 1 -> Num.of(0);
      case 2 -> hex(FLAGS[random.nextInt(FLAGS.length)]);
      case 3 -> hex(NOBODY[random.nextInt(NOBODY.length)]);
      default -> {
        List<Num.Term> terms = new ArrayList<>();
        boolean foreign = shape.hasForeign() && random.nextInt(4) == 0;
        int which = random.nextInt(shape.threads.size());
        terms.add(new Num.TidOf(foreign ? FOREIGN : shape.threads.get(which)));
        if (random.nextInt(3) == 0) {
          terms.addAll(hex(FLAGS[random.nextInt(FLAGS.length)]).terms());
        }
        yield new Num(terms);
      }
    };
  }

  private boolean hasForeign() {
    return declared.stream().anyMatch(thread -> thread.process() != null);
  }

  private static Num hex(int value) {
    long bits = Integer.toUnsignedLong(value);
    return new Num(List.of(new Num.Literal(bits, "0x" + Long.toHexString(bits))));
  }

  private static ThreadDecl thread(String name, int fifo, @Nullable String process) {
    return new ThreadDecl(0, name, fifo, process);
  }

  private Shape withWords(List<WordDecl> now) {
    return new Shape(regions, now, threads, shared, odd, steps, ownsLocks, declared);
  }

  /** Where a word is in its region. */
  static long offset(WordDecl word) {
    return word.offset() + (word.robust() ? RobustLists.WORD : 0);
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
    return new Shape(List.of(), words, threads, shared, 0, 0, false, List.of());
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

  private static WordDecl wide(String name, long offset) {
    return new WordDecl(0, name, Long.SIZE, Num.of(0), "mem", offset, false);
  }

  Scenario declarations(String title) {
    Set<Capability> needs =
        ownsLocks ? Set.of(Capability.PI, Capability.ROBUST, Capability.HASH) : Set.of();
    List<WordDecl> all = new ArrayList<>(words);
    if (ownsLocks) {
      all.add(wide(HEAD, Bench.WORDS_BYTES - 2 * Long.BYTES));
      all.add(wide(SIZE, Bench.WORDS_BYTES - Long.BYTES));
    }
    return new Scenario(title, needs, Set.of(), regions, all, declared, List.of());
  }
}
