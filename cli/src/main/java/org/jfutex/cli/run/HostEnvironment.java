package org.jfutex.cli.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The environment jfutex was started with. The launcher's shell drops the variables whose names it
 * cannot spell and adds some of its own, so it hands over what it was given in a file that has no
 * name any more.
 */
final class HostEnvironment {
  private static final String DESCRIPTOR_PROPERTY = "jfutex.environmentFd";

  private HostEnvironment() {}

  /**
   * Reads it, and closes the file.
   *
   * @return each NAME=VALUE; null if the launcher handed nothing over
   */
  static @Nullable List<byte[]> inherited() {
    Integer descriptor = Integer.getInteger(DESCRIPTOR_PROPERTY);
    if (descriptor == null) {
      return null;
    }
    try {
      return split(Files.readAllBytes(Path.of("/proc/self/fd/" + descriptor)));
    } catch (IOException e) {
      return null; // a launcher that is not ours
    } finally {
      RawFile.close(descriptor);
    }
  }

  /** Splits what proc calls environ: each variable is ended by a zero. */
  static List<byte[]> split(byte[] environ) {
    List<byte[]> variables = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < environ.length; i++) {
      if (environ[i] == 0) {
        variables.add(Arrays.copyOfRange(environ, start, i));
        start = i + 1;
      }
    }
    return variables;
  }
}
