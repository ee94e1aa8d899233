package org.jfutex.cli;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests need of the machine they run on. */
public final class Tools {
  private Tools() {}

  /** The root folder of the checkout. */
  public static Path root() {
    return Path.of(System.getProperty("jfutex.root")).toAbsolutePath().normalize();
  }

  /**
   * Skips the calling test where a program is missing; with CI=true in the environment a missing
   * program is a failure, so that nothing is skipped there unseen.
   *
   * @param programs their names, as looked up on PATH
   */
  public static void require(String... programs) {
    for (String program : programs) {
      if (!isOnPath(program)) {
        missing(program + " is not on PATH");
      }
    }
  }

  /**
   * Skips the calling test for a reason the machine gives; with CI=true a failure.
   *
   * @param reason what is missing
   */
  public static void missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      fail(reason + ", and CI=true allows no skipped test");
    }
    abort(reason);
  }

  /** Whether a program can be found on PATH. */
  public static boolean isOnPath(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path file = Path.of(folder, program);
      if (Files.isRegularFile(file) && Files.isExecutable(file)) {
        return true;
      }
    }
    return false;
  }
}
