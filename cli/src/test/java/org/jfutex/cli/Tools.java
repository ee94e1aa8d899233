package org.jfutex.cli;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Programs of the machine that tests use. */
public final class Tools {
  private Tools() {}

  /**
   * Skips the test, saying why, where a program is missing; with CI=true fails it.
   *
   * @param name the program, looked for in PATH
   */
  public static void require(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return;
      }
    }
    String message = name + " is not installed";
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(message);
    }
    Assumptions.abort(message);
  }
}
