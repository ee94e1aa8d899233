package org.jfutex.word;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where a word is in the native memory of this process: what a system call needs to know of it.
 *
 * <p>Immutable. The memory may go at any time; an address of memory that has gone is an error to
 * the kernel, and reading it through Java is not possible.
 */
public final class NativePlace {
  /** A thread that owns no memory. */
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  private final MemorySegment segment;
  private final MemorySegment.Scope scope;
  private final long address;
  private final @Nullable MappedFile file;
  private final boolean confined;
  private final boolean readOnly;

  /** Keeps what the checks ask for beside the address: they come right before system calls. */
  NativePlace(MemorySegment segment, long offset, @Nullable MappedFile file) {
    this.segment = segment;
    this.scope = segment.scope();
    this.address = segment.address() + offset;
    this.file = file;
    this.confined = !segment.isAccessibleBy(STRANGER);
    this.readOnly = segment.isReadOnly();
  }

  /**
   * The address.
   *
   * @return the address of the word's lowest byte
   */
  public long address() {
    return address;
  }

  /**
   * Whether the word is shared through a file: a futex without FUTEX_PRIVATE_FLAG.
   *
   * @return false if the word is private to this process
   */
  public boolean isShared() {
    return file != null;
  }

  /**
   * Whether the memory is still there. It may go right after the answer.
   *
   * @return false if its arena or mapping is closed
   */
  public boolean isAlive() {
    return scope.isAlive();
  }

  /**
   * Checks that the calling thread may read the memory, without reading it.
   *
   * @throws WordFault if its arena is closed, or confined to another thread
   */
  public void checkReadable() {
    if (!isAlive()) {
      throw new WordFault(this + " cannot be accessed: its memory is closed");
    }
    if (confined && !segment.isAccessibleBy(Thread.currentThread())) {
      throw new WordFault(this + " cannot be accessed: its memory is another thread's");
    }
  }

  /**
   * Checks that the calling thread may change the memory, without touching it.
   *
   * @throws WordFault if it cannot be read, or is a read-only view
   */
  public void checkWritable() {
    checkReadable();
    if (readOnly) {
      throw new WordFault(this + " cannot be written: its segment is read-only");
    }
  }

  /**
   * Keeps the memory of a word in a file mapped, see {@link MappedFile#pin}; that of another is its
   * user's to keep.
   *
   * @throws WordFault if it is closed
   */
  public void pin() {
    if (file != null) {
      file.pin();
    }
  }

  /**
   * Likewise, maybe for longer than it is in use, see {@link MappedFile#pin(Runnable)}.
   *
   * @param release takes back the pins that are not in use
   * @throws WordFault if it is closed
   */
  public void pin(Runnable release) {
    if (file != null) {
      file.pin(release);
    }
  }

  /** Takes one {@link #pin} back. */
  public void unpin() {
    if (file != null) {
      file.unpin();
    }
  }

  @Override
  public String toString() {
    return (isShared() ? "shared word 0x" : "native word 0x") + Long.toHexString(address);
  }
}
