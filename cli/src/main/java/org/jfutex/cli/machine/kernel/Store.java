package org.jfutex.cli.machine.kernel;

import java.lang.foreign.MemorySegment;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/** A file that workers have mapped, as long as one of them has. */
final class Store {
  private final int fd;
  private int users;

  Store(int fd) {
    this.fd = fd;
  }

  String path() {
    return Descriptors.path(fd);
  }

  void truncate(long bytes) {
    Descriptors.check(Syscalls.call(Nr.FTRUNCATE, fd, bytes, 0), "ftruncate");
  }

  /** Writes within the file. Returns how much, or a negative errno. */
  long write(long offset, MemorySegment bytes) {
    return Syscalls.call(Nr.PWRITE64, fd, bytes.address(), bytes.byteSize(), offset, 0, 0);
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
