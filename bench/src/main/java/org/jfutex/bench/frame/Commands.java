package org.jfutex.bench.frame;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Programs of the system. */
public final class Commands {
  private static final String DEFAULT_PATH = "/usr/bin:/bin";

  private Commands() {}

  /**
   * Where this process looks for programs.
   *
   * @return its PATH
   */
  public static String path() {
    return System.getenv().getOrDefault("PATH", DEFAULT_PATH);
  }

  /**
   * Finds a program.
   *
   * @param program its name
   * @param path the folders where it is looked for, as in PATH
   * @return its file, if there is one that can be run
   */
  static Optional<Path> find(String program, String path) {
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path file = Path.of(folder, program);
      if (Files.isRegularFile(file) && Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /**
   * Finds a program on PATH.
   *
   * @param program its name
   * @return its file
   * @throws SkippedException if there is none
   */
  public static String require(String program) throws SkippedException {
    return find(program, path())
        .orElseThrow(() -> new SkippedException(program + " is not on PATH"))
        .toString();
  }
}
