package org.jfutex.cli.machine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/** File descriptors of this process, all of them close-on-exec. */
final class Descriptors {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;

  private static final int O_CREAT_EXCL = 0x40 | 0x80;
  private static final int O_TMPFILE = 0x410000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int AT_FDCWD = -100;
  private static final int OWNER_ONLY = 0600;
  private static final int MFD_CLOEXEC = 1;

  /** MFD_EXEC of linux/memfd.h, Linux 6.3: where the default is not executable. */
  private static final int MFD_EXEC = 0x10;

  private static final int EISDIR = 21;
  private static final int EOPNOTSUPP = 95;

  private Descriptors() {}

  /** Gives back the result of a call that cannot well fail. */
  static long check(long result, String what) {
    if (result < 0) {
      throw new IllegalStateException(what + " failed: " + ErrorText.of((int) -result));
    }
    return result;
  }

  /**
   * Opens a file.
   *
   * @return a descriptor, or a negative errno
   */
  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      int all = flags | O_CLOEXEC;
      return (int) Syscalls.call(Nr.OPENAT, AT_FDCWD, name, all, OWNER_ONLY, 0, 0);
    }
  }

  static void close(int fd) {
    if (fd >= 0) {
      var _ = Syscalls.call(Nr.CLOSE, fd, 0, 0); // Linux frees it whatever it returns
    }
  }

  /** Where other processes of the same user find a descriptor of this one. */
  static String path(int fd) {
    return "/proc/" + ProcessHandle.current().pid() + "/fd/" + fd;
  }

  /** A file that exists in memory only. */
  static int memory(String name, long bytes) {
    int fd = memory(name, bytes, MFD_CLOEXEC);
    return (int) check(fd, "memfd_create");
  }

  private static int memory(String name, long bytes, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(name).address();
      int fd = (int) Syscalls.call(Nr.MEMFD_CREATE, address, flags, 0);
      if (fd >= 0) {
        check(Syscalls.call(Nr.FTRUNCATE, fd, bytes, 0), "ftruncate of a memory file");
      }
      return fd;
    }
  }

  /**
   * A file in memory that can be executed: it is not open for writing.
   *
   * @return a descriptor, or a negative errno if this system allows none
   */
  static int program(byte[] content) {
    int writable = memory("jfutex-worker", 0, MFD_CLOEXEC | MFD_EXEC);
    if (writable < 0) {
      return writable;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(content.length);
      MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, 0, content.length);
      long written = Syscalls.call(Nr.WRITE, writable, bytes.address(), content.length);
      if (written != content.length) {
        throw new IllegalStateException(
            "writing the worker returned " + written + ", expected " + content.length);
      }
      return (int) check(open(path(writable), O_RDONLY), "opening the worker");
    } finally {
      close(writable);
    }
  }

  /** A fresh file on disk, without a name. */
  static int temporary(long bytes) {
    String folder = System.getProperty("java.io.tmpdir", "/tmp");
    int fd = open(folder, O_TMPFILE | O_RDWR);
    if (fd == -EOPNOTSUPP || fd == -EISDIR) {
      String path = folder + "/jfutex-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
      fd = open(path, O_CREAT_EXCL | O_RDWR);
      unlink(path);
    }
    check(fd, "a temporary file in " + folder);
    check(Syscalls.call(Nr.FTRUNCATE, fd, bytes, 0), "ftruncate");
    return fd;
  }

  private static void unlink(String path) {
    try (Arena arena = Arena.ofConfined()) {
      var _ = Syscalls.call(Nr.UNLINK, arena.allocateFrom(path).address(), 0, 0);
    }
  }
}
