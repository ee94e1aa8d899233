package org.jfutex.cli.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      return ProcFs.split(Files.readAllBytes(Path.of("/proc/self/fd/" + descriptor)));
    } catch (IOException e) {
      return null; // a launcher that is not ours
    } finally {
      RawFile.close(descriptor);
    }
  }
}
