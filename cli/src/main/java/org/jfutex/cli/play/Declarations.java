package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.play.Scenario.RegionDecl;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.ThreadDecl;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jspecify.annotations.Nullable;

/** Reads the declarations of a scenario. */
final class Declarations {
  private static final Set<String> BACKENDS = Set.of("jvm", "kernel");
  private static final Set<String> BACKINGS = Set.of("private", "shared", "file", "file_private");
  private static final Set<String> PROTECTIONS = Set.of("rw", "ro", "none");
  private static final Set<String> WIDTHS = Set.of("u8", "u16", "u32", "u64");
  private static final Set<String> WORD_PARTS = Set.of("=", "in", "at", "u8", "u16", "u32", "u64");
  private static final Set<String> RESERVED = Set.of("null", Place.UNMAPPED);

  private final Scope scope;
  private @Nullable String title;
  private final Set<Capability> needs = EnumSet.noneOf(Capability.class);
  private final Set<String> only = new TreeSet<>();
  private final List<RegionDecl> regions = new ArrayList<>();
  private final List<WordDecl> words = new ArrayList<>();
  private final List<ThreadDecl> threads = new ArrayList<>();

  Declarations(Scope scope) {
    this.scope = scope;
  }

  Scenario scenario(List<Step> steps) {
    return new Scenario(title == null ? "" : title, needs, only, regions, words, threads, steps);
  }

  void read(String line, Tokens tokens) {
    Tokens.Token first = tokens.next("a declaration");
    switch (first.text()) {
      case "title" -> title(line, tokens, first);
      case "needs" -> needs(tokens);
      case "only" -> only(tokens);
      case "region" -> region(tokens);
      case "alias" -> alias(tokens);
      case "word" -> word(tokens);
      case "robust" -> robust(tokens);
      default -> thread(tokens);
    }
  }

  private void title(String line, Tokens tokens, Tokens.Token first) {
    if (title != null) {
      throw tokens.problem(first, "a second title: expected one");
    }
    int begin = first.column() - 1 + first.text().length();
    String text = line.substring(begin, Tokens.commentStart(line)).strip();
    if (text.isEmpty()) {
      throw tokens.missing("what the scenario shows");
    }
    title = text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", " ").strip();
  }

  private void needs(Tokens tokens) {
    Set<String> known = ScenarioParser.capabilities();
    String expected = "one of " + String.join(" ", known);
    do {
      Tokens.Token token = tokens.next(expected);
      if (!known.contains(token.text())) {
        throw tokens.unexpected(token, expected, known);
      }
      needs.add(Capability.valueOf(token.text().toUpperCase(Locale.ROOT)));
    } while (tokens.hasNext());
  }

  private void only(Tokens tokens) {
    do {
      Tokens.Token token = tokens.next("'jvm' or 'kernel'");
      if (!BACKENDS.contains(token.text())) {
        throw tokens.unexpected(token, "'jvm' or 'kernel'", BACKENDS);
      }
      only.add(token.text());
    } while (tokens.hasNext());
  }

  /** A name for a word or a region that nothing has yet. */
  private String newName(Tokens tokens, String what) {
    Tokens.Token token = tokens.next("the name of the " + what);
    String name = token.text();
    if (!Literals.isName(name)) {
      throw tokens.unexpected(token, "a name of letters, digits and _, not beginning with a digit");
    }
    if (RESERVED.contains(name)) {
      throw tokens.problem(
          token, "'" + name + "' is a word of the language: no " + what + "'s name");
    }
    Integer line = scope.lineOf(name);
    if (line != null) {
      throw tokens.problem(token, "'" + name + "' is already declared in line " + line);
    }
    return name;
  }

  private void region(Tokens tokens) {
    String name = newName(tokens, "region");
    if (regions.size() >= Grammar.MAX_REGIONS) {
      throw tokens.failure(0, "expected at most " + Grammar.MAX_REGIONS + " regions");
    }
    if (words.stream().anyMatch(word -> word.region().equals(name))) {
      throw tokens.failure(
          0, "'" + name + "' has words already: expected before the first of them");
    }
    String expected = "private, shared, file or file_private";
    Tokens.Token kind = tokens.next(expected);
    if (!BACKINGS.contains(kind.text())) {
      throw tokens.unexpected(kind, expected, BACKINGS);
    }
    Protection protection = protection(tokens);
    long bytes = Layout.DEFAULT_REGION.bytes();
    if (tokens.hasNext()) {
      bytes = size(tokens);
    }
    tokens.expectEnd();
    Backing backing = Backing.valueOf(kind.text().toUpperCase(Locale.ROOT));
    add(new RegionDecl(tokens.line(), name, backing, null, protection, bytes));
  }

  private long size(Tokens tokens) {
    Tokens.Token token = tokens.next("'size='");
    if (!token.text().startsWith("size=")) {
      throw tokens.unexpected(token, "rw, ro, none or size=BYTES", Set.of("size="));
    }
    List<String> parts = List.of("size", token.text().substring("size=".length()));
    return pages(
        new Arguments(tokens, scope)
            .plain(
                Arguments.part(token, parts, 1), "a number of bytes", 1, Grammar.MAX_REGION_BYTES));
  }

  private static long pages(long bytes) {
    return (bytes + Machine.PAGE_BYTES - 1) / Machine.PAGE_BYTES * Machine.PAGE_BYTES;
  }

  private static Protection protection(Tokens tokens) {
    String text = tokens.peek();
    if (text == null || !PROTECTIONS.contains(text)) {
      return Protection.READ_WRITE;
    }
    tokens.expect(text);
    return protection(text);
  }

  /** The protection of a name; for any other text that of {@code rw}. */
  static Protection protection(String name) {
    return switch (name) {
      case "ro" -> Protection.READ;
      case "none" -> Protection.NONE;
      default -> Protection.READ_WRITE;
    };
  }

  private void alias(Tokens tokens) {
    String name = newName(tokens, "alias");
    if (regions.size() >= Grammar.MAX_REGIONS) {
      throw tokens.failure(0, "expected at most " + Grammar.MAX_REGIONS + " regions");
    }
    tokens.expect("of");
    RegionDecl of = knownRegion(tokens);
    Protection protection = protection(tokens);
    if (tokens.hasNext()) {
      throw tokens.unexpected(tokens.next(""), "rw, ro, none or the end of the line", PROTECTIONS);
    }
    if (of.name().equals(name)) {
      throw tokens.failure(0, "'" + name + "' cannot be an alias of itself");
    }
    add(new RegionDecl(tokens.line(), name, null, of.name(), protection, 0));
  }

  private void add(RegionDecl region) {
    regions.add(region);
    scope.add(region);
  }

  private RegionDecl knownRegion(Tokens tokens) {
    Tokens.Token token = tokens.next("the name of a region");
    RegionDecl region = scope.region(token.text());
    if (region == null) {
      throw tokens.unexpected(token, "the name of a region", scope.regionNames());
    }
    return region;
  }

  private void word(Tokens tokens) {
    String name = newName(tokens, "word");
    int bits = Integer.SIZE;
    String width = tokens.peek();
    if (width != null && WIDTHS.contains(width)) {
      bits = Integer.parseInt(width.substring(1));
      tokens.expect(width);
    }
    Num value = Num.of(0);
    if (tokens.accept("=")) {
      value = new Arguments(tokens, scope).number();
    }
    place(tokens, name, bits, value, false);
  }

  private void robust(Tokens tokens) {
    place(tokens, newName(tokens, "robust entry"), Integer.SIZE, Num.of(0), true);
  }

  private void place(Tokens tokens, String name, int bits, Num value, boolean robust) {
    if (words.size() >= Grammar.MAX_WORDS) {
      throw tokens.failure(0, "expected at most " + Grammar.MAX_WORDS + " words");
    }
    String region = Layout.DEFAULT_REGION.name();
    if (tokens.accept("in")) {
      region = knownRegion(tokens).name();
    }
    long offset = -1;
    if (tokens.accept("at")) {
      offset =
          new Arguments(tokens, scope)
              .plain(
                  tokens.next("an offset in bytes"),
                  "an offset in bytes",
                  0,
                  Grammar.MAX_REGION_BYTES);
    }
    if (tokens.hasNext()) {
      throw tokens.unexpected(
          tokens.next(""),
          robust ? "'in REGION' or 'at OFFSET'" : "u8 u16 u32 u64, '= N', 'in REGION', 'at OFFSET'",
          WORD_PARTS);
    }
    WordDecl word = new WordDecl(tokens.line(), name, bits, value, region, offset, robust);
    words.add(word);
    scope.add(word);
  }

  private void thread(Tokens tokens) {
    Tokens.Token token = tokens.next("the name of the thread");
    String name = token.text();
    if (!Literals.isName(name)) {
      throw tokens.unexpected(token, "a name of letters, digits and _, not beginning with a digit");
    }
    if (scope.thread(name) != null) {
      throw tokens.problem(token, "thread '" + name + "' is already declared");
    }
    Arguments arguments = new Arguments(tokens, scope);
    arguments.useThread(token, name);
    Options options = new Options(arguments, new TreeSet<>(Set.of("fifo", "process")), Set.of());
    int fifo = 0;
    if (options.has("fifo")) {
      fifo = (int) arguments.plain(options.require("fifo"), "a priority", 1, Grammar.MAX_FIFO);
    }
    String process = null;
    if (options.has("process")) {
      Tokens.Token written = options.require("process");
      process = written.text();
      if (!Literals.isName(process)) {
        throw tokens.unexpected(written, "the name of a process");
      }
    }
    ThreadDecl thread = new ThreadDecl(tokens.line(), name, fifo, process);
    threads.add(thread);
    scope.add(thread);
    if (scope.processes().size() > Grammar.MAX_PROCESSES) {
      throw tokens.failure(0, "expected at most " + Grammar.MAX_PROCESSES + " processes");
    }
  }
}
