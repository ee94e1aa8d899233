package org.jfutex.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.word.MappedFile;

/**
 * Where an object of the C library is, and how to look at it before the C library does. Immutable.
 *
 * @param memory its bytes, of which the mapping stays open while a call is in them
 * @param name what it is and where, for messages
 * @param mark tells whether it is one that processes can share
 */
record PosixObject(MemorySegment memory, String name, SharedMark mark) {
  static PosixObject at(String kind, MappedFile file, long offset, long bytes, SharedMark mark) {
    MemorySegment memory = file.segment().asSlice(offset, bytes, Long.BYTES);
    return new PosixObject(memory, kind + " at offset " + offset + " of " + file.identity(), mark);
  }

  /** The bytes, of which those that tell have just been found in order. */
  MemorySegment checked() {
    int found = memory.get(ValueLayout.JAVA_INT, mark.offset());
    if (!mark.fits(found)) {
      throw new FutexException(
          Errno.EINVAL,
          "%s: 0x%x at its byte %d, expected one that was initialized as process-shared by this"
                  .formatted(name, found, mark.offset())
              + " process's C library or an equal one, 0x%x of 0x%x set and nothing of 0x%x"
                  .formatted(mark.shared(), mark.bits(), ~mark.known()));
    }
    return memory;
  }

  /** Refuses virtual threads. */
  void checkPlatformThread() {
    Thread thread = Thread.currentThread();
    if (thread.isVirtual()) {
      throw new WrongThreadException(
          "%s on %s: expected a platform thread, as the call holds the carrier while it blocks and"
                  .formatted(name, thread)
              + " the C library takes the carrier for the owner");
    }
  }

  /** Does nothing for 0. */
  void check(int error) {
    if (error != 0) {
      throw refused(error);
    }
  }

  /** What an errno that is no outcome means. */
  RuntimeException refused(int error) {
    for (Errno errno : Errno.values()) {
      if (errno.number() == error) {
        return new FutexException(errno, name + ": refused by the C library");
      }
    }
    return new IllegalStateException(name + ": the C library failed with errno " + error);
  }
}
