package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jfutex.kernel.Syscalls;

/** File descriptors, for the few files that are read too often or too specially for java.nio. */
final class RawFile {
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;

  private RawFile() {}

  /**
   * Opens a file for reading.
   *
   * @param path its path
   * @return a descriptor, or a negative errno
   */
  static int open(String path) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return (int) Syscalls.call(Nr.OPENAT, AT_FDCWD, name, O_CLOEXEC);
    }
  }

  /**
   * Reads from the beginning of a file.
   *
   * @param fd its descriptor
   * @param buffer takes what is read
   * @return how many bytes, or a negative errno
   */
  static int read(int fd, MemorySegment buffer) {
    return (int) Syscalls.call(Nr.PREAD64, fd, buffer.address(), buffer.byteSize(), 0, 0, 0);
  }

  /**
   * Closes a descriptor. Linux frees it whatever close(2) returns.
   *
   * @param fd the descriptor; a negative one is ignored
   */
  static void close(int fd) {
    if (fd >= 0) {
      var _ = Syscalls.call(Nr.CLOSE, fd, 0, 0);
    }
  }
}
