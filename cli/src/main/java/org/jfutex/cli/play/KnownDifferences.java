package org.jfutex.cli.play;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The differences between the backends that are right, from the file {@code known-differences.txt}
 * of the folder that is played or one above it. A line is {@code SCENARIO [LINE] REASON}: a path
 * below that folder, the line of the step unless all of the scenario is meant, and why.
 */
final class KnownDifferences {
  static final String FILE = "known-differences.txt";

  /**
   * One listed difference.
   *
   * @param listed where it is listed, for people
   * @param scenario the scenario's file
   * @param line the step's line; 0 for all of the scenario
   * @param reason why it is right
   */
  record Entry(String listed, Path scenario, int line, String reason) {
    boolean covers(Path file, int differing) {
      return scenario.equals(file.toAbsolutePath().normalize()) && (line == 0 || line == differing);
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final Set<Path> read = new HashSet<>();
  private final Set<Entry> seen = new HashSet<>();

  /**
   * Reads the list that is nearest to a path, if there is one and it has not been read.
   *
   * @param played a folder or a scenario
   * @throws IOException if it cannot be read
   * @throws ScenarioSyntaxException if a line of it is wrong
   */
  void readFor(Path played) throws IOException {
    Path folder = played.toAbsolutePath().normalize();
    if (!Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    while (folder != null && !Files.isRegularFile(folder.resolve(FILE))) {
      folder = folder.getParent();
    }
    if (folder != null && read.add(folder)) {
      read(folder, folder.resolve(FILE));
    }
  }

  private void read(Path folder, Path list) throws IOException {
    int number = 0;
    for (String line : lines(list)) {
      number++;
      String text = line.substring(0, Tokens.commentStart(line)).strip();
      if (!text.isEmpty()) {
        entries.add(entry(folder, list, number, text));
      }
    }
  }

  private static List<String> lines(Path list) throws IOException {
    try {
      return Files.readAllLines(list);
    } catch (CharacterCodingException e) { // which does not say where
      throw new FileSystemException(list.toString(), null, "expected text in UTF-8");
    }
  }

  private static Entry entry(Path folder, Path list, int number, String text) {
    String[] parts = text.split("\\s+", 2);
    Path scenario = folder.resolve(parts[0]).normalize();
    if (!Files.isRegularFile(scenario)) {
      throw problem(list, number, "a scenario below this folder, found '" + parts[0] + "'");
    }
    String rest = parts.length < 2 ? "" : parts[1];
    String[] more = rest.split("\\s+", 2);
    int line = more[0].matches("\\d{1,6}") ? Integer.parseInt(more[0]) : 0;
    String reason = line == 0 ? rest : more.length < 2 ? "" : more[1];
    if (reason.isEmpty()) {
      throw problem(list, number, "SCENARIO [LINE] REASON, found no reason");
    }
    return new Entry(list + ":" + number, scenario, line, reason);
  }

  private static ScenarioSyntaxException problem(Path list, int line, String expected) {
    return new ScenarioSyntaxException(list.toString(), line, 0, "expected " + expected);
  }

  /**
   * Why a difference is right, if it is listed; it counts as seen then.
   *
   * @param file the scenario
   * @param line the step's line
   * @return the reason; null if it is not listed
   */
  @Nullable String reason(Path file, int line) {
    Optional<Entry> entry = entries.stream().filter(e -> e.covers(file, line)).findFirst();
    entry.ifPresent(seen::add);
    return entry.map(Entry::reason).orElse(null);
  }

  /** What is listed for a scenario and was not seen. */
  List<Entry> unseen(Path file) {
    Path normal = file.toAbsolutePath().normalize();
    return entries.stream()
        .filter(entry -> entry.scenario().equals(normal) && !seen.contains(entry))
        .toList();
  }
}
