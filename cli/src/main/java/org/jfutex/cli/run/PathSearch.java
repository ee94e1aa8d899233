package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * Finds a program as execvp(3) does: a name with a slash is a path, any other is looked for in the
 * folders of PATH. Names are bytes, as Linux has them.
 */
final class PathSearch {
  /** What execvp searches without a PATH, _CS_PATH of confstr(3). */
  private static final String DEFAULT_PATH = "/bin:/usr/bin";

  private static final int AT_FDCWD = -100;
  private static final int AT_EACCESS = 0x200;
  private static final int X_OK = 1;
  private static final int O_PATH_DIRECTORY = 0x200000 | 0x10000 | 0x80000;

  private PathSearch() {}

  /** What a search found. */
  sealed interface Result {
    /**
     * The program.
     *
     * @param path its path, absolute or not
     */
    @SuppressWarnings("ArrayRecordComponent") // a name in Linux is bytes; compared by nobody
    record Found(byte[] path) implements Result {}

    /** There is a file of that name, but none that may be executed. */
    record NotExecutable() implements Result {}

    /** There is no file of that name. */
    record NotFound() implements Result {}
  }

  /**
   * Looks for a program.
   *
   * @param name what the user typed
   * @param path the value of PATH, null if it is not set; an empty folder is the working directory
   * @return where it is
   */
  static Result find(byte[] name, @Nullable String path) {
    if (new String(name, StandardCharsets.ISO_8859_1).indexOf('/') >= 0) {
      return new Result.Found(name); // execve will say what is wrong with it
    }
    boolean exists = false;
    for (String folder : (path == null ? DEFAULT_PATH : path).split(":", -1)) {
      byte[] candidate = join(folder, name);
      if (name.length > 0 && exists(candidate) && !isFolder(candidate)) {
        if (isExecutable(candidate)) {
          return new Result.Found(candidate);
        }
        exists = true;
      }
    }
    return exists ? new Result.NotExecutable() : new Result.NotFound();
  }

  private static byte[] join(String folder, byte[] name) {
    byte[] prefix = (folder.isEmpty() ? "" : folder + "/").getBytes(Charset.defaultCharset());
    byte[] joined = Arrays.copyOf(prefix, prefix.length + name.length);
    System.arraycopy(name, 0, joined, prefix.length, name.length);
    return joined;
  }

  private static boolean exists(byte[] path) {
    return access(path, 0);
  }

  private static boolean isExecutable(byte[] path) {
    return access(path, X_OK);
  }

  private static boolean access(byte[] path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      long name = copy(arena, path).address();
      return Syscalls.call(Nr.FACCESSAT2, AT_FDCWD, name, mode, AT_EACCESS, 0, 0) == 0;
    }
  }

  private static boolean isFolder(byte[] path) {
    try (Arena arena = Arena.ofConfined()) {
      long name = copy(arena, path).address();
      int fd = (int) Syscalls.call(Nr.OPENAT, AT_FDCWD, name, O_PATH_DIRECTORY);
      RawFile.close(fd);
      return fd >= 0;
    }
  }

  private static MemorySegment copy(Arena arena, byte[] path) {
    MemorySegment name = arena.allocate(path.length + 1L);
    MemorySegment.copy(path, 0, name, ValueLayout.JAVA_BYTE, 0, path.length);
    return name;
  }
}
