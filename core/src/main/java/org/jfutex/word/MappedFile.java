package org.jfutex.word;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file mapped into memory for sharing, together with what identifies the file. Words in two
 * mappings of one file are the same futex where their positions in the file are equal, whatever the
 * addresses; see {@link Word#of(MappedFile, long)}.
 *
 * <p>Closing unmaps the memory. A wait that reads a word of a closed mapping fails with EFAULT; a
 * thread that already sleeps on one sleeps on and can still be woken, because a wake does not touch
 * the word. Memory that is pinned cannot be closed: the kernel looks at the words of robust locks
 * when the process ends, and an unmapped one would hide the others from it.
 *
 * <p>Nobody may truncate the file below the mapping while it is in use: where Linux gives EFAULT,
 * the JDK throws an InternalError from somewhere near a read, and does not survive a change
 * (SIGBUS).
 */
public final class MappedFile implements AutoCloseable {
  /*
   * State       pins: how often the memory is pinned. The sign bit is set, for ever, when nothing
   *             can be pinned any more: it is closed, or to be closed. releases: what takes pins
   *             back that are kept for the next use.
   * Guards      pins: atomic. releases: concurrent.
   * Lock order  none.
   * Ordering    a pin succeeds before the sign bit is set, and is then counted by who sets it, or
   *             fails. A release is known before its pin is there.
   * Progress    nobody waits.
   * Callbacks   releases, by who closes, with nothing held.
   * Checked by  MappedFileTest.
   */
  private static final int RETIRED = Integer.MIN_VALUE;

  private static final int OPEN_ATTEMPTS = 100;

  private final Arena arena;
  private final MemorySegment segment;
  private final Object identity;
  private final long position;
  private final AtomicInteger pins = new AtomicInteger();
  private final Set<Runnable> releases = ConcurrentHashMap.newKeySet();

  private MappedFile(Arena arena, MemorySegment segment, Object identity, long position) {
    this.arena = arena;
    this.segment = segment;
    this.identity = identity;
    this.position = position;
  }

  /**
   * Maps a part of an existing file for reading and writing. The file is extended when it ends
   * before the part does.
   *
   * @param path the file
   * @param position where the part starts, in bytes; a multiple of 8
   * @param size how long it is, in bytes; more than 0
   * @return the mapping
   * @throws IOException if the file cannot be opened or mapped, or is replaced all the time
   * @throws IllegalArgumentException if the position or the size is out of range
   */
  public static MappedFile open(Path path, long position, long size) throws IOException {
    if (position < 0 || position % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "position " + position + ": expected a multiple of 8 that is not negative");
    }
    if (size <= 0) {
      throw new IllegalArgumentException("size " + size + ": expected more than 0");
    }
    // a channel does not tell which file it has open: the name must say the same before and after
    for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
      Object before = identityOf(path);
      try (FileChannel channel =
          FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        if (before.equals(identityOf(path))) {
          Arena arena = Arena.ofShared();
          try {
            MemorySegment segment =
                channel.map(FileChannel.MapMode.READ_WRITE, position, size, arena);
            return new MappedFile(arena, segment, before, position);
          } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
          }
        }
      }
    }
    throw new IOException(path + ": replaced during each of " + OPEN_ATTEMPTS + " openings");
  }

  private static Object identityOf(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new NoSuchFileException(path.toString(), null, "not a regular file");
    }
    Object key = attributes.fileKey();
    return key != null ? key : path.toRealPath();
  }

  /**
   * The mapped memory.
   *
   * @return a segment that any thread may access until the mapping is closed
   */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * What identifies the file, by {@code equals}.
   *
   * @return its device and inode where the file system tells them, else its real path
   */
  public Object identity() {
    return identity;
  }

  /**
   * Where the mapping starts in the file.
   *
   * @return the position in bytes
   */
  public long position() {
    return position;
  }

  /**
   * Keeps the memory mapped until {@link #unpin}.
   *
   * @throws WordFault if it is closed, or retired
   */
  public void pin() {
    int count;
    do {
      count = pins.get();
      if (count < 0) {
        throw new WordFault("mapping at position %d: closed".formatted(position));
      }
    } while (!pins.compareAndSet(count, count + 1));
  }

  /**
   * Keeps the memory mapped until {@link #unpin}, maybe longer than it is in use. Who closes the
   * mapping or retires it asks first that pins without a use are taken back.
   *
   * @param release takes back the pins of its maker that are not in use; kept for the life of the
   *     mapping, so the same one each time
   * @throws WordFault if it is closed, or retired
   */
  public void pin(Runnable release) {
    boolean _ = releases.add(release);
    pin();
  }

  /** Takes one {@link #pin} back. */
  public void unpin() {
    int left = pins.decrementAndGet();
    assert (left & ~RETIRED) != ~RETIRED : "unpinned more often than pinned";
  }

  /**
   * Lets nobody pin the memory any more, unless others than the caller do now.
   *
   * @param expected how many pins are the caller's own, all of them in use
   * @return false if there are others; nothing has changed then
   */
  public boolean retire(int expected) {
    releases.forEach(Runnable::run);
    return pins.compareAndSet(expected, expected | RETIRED);
  }

  /**
   * Unmaps the memory. Idempotent, also where several threads close at once.
   *
   * @throws IllegalStateException if it is pinned: a robust lock in it is held or waited for; or if
   *     a native call or an I/O operation is using the memory: then nothing can be pinned any more,
   *     and it is to be closed again
   */
  @Override
  public void close() {
    releases.forEach(Runnable::run);
    int count;
    do {
      count = pins.get();
      int users = count & ~RETIRED;
      if (users != 0) {
        throw new IllegalStateException(
            "pinned %d times by locks that are held or waited for: expected none".formatted(users));
      }
    } while (!pins.compareAndSet(count, RETIRED));
    try {
      arena.close();
    } catch (IllegalStateException e) {
      if (segment.scope().isAlive()) {
        throw e;
      } // otherwise it was closed before, maybe by another thread a moment ago
    }
  }
}
