package org.jfutex.cli.machine.kernel;

import java.lang.foreign.MemorySegment;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/** A file that workers have mapped, as long as one of them has. */
final class Store {
  private final int fd;
  private long pages;
  private int users;

  Store(int fd, long bytes) {
    this.fd = fd;
    this.pages = pagesOf(bytes);
  }

  private static long pagesOf(long bytes) {
    return Math.ceilDiv(bytes, Machine.PAGE_BYTES);
  }

  String path() {
    return Descriptors.path(fd);
  }

  void truncate(long bytes) {
    Descriptors.check(Syscalls.call(Nr.FTRUNCATE, fd, bytes, 0), "ftruncate");
    pages = pagesOf(bytes);
  }

  /** Writes to the pages that the file has. Returns how much, or a negative errno. */
  long write(long offset, MemorySegment bytes) {
    long length = Math.min(bytes.byteSize(), pages * Machine.PAGE_BYTES - offset);
    return length <= 0 ? 0 : Syscalls.call(Nr.PWRITE64, fd, bytes.address(), length, offset, 0, 0);
  }

  Store use() {
    users++;
    return this;
  }

  void leave() {
    users--;
    if (users == 0) {
      Descriptors.close(fd);
    }
  }
}
