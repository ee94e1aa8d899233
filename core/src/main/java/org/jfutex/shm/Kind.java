package org.jfutex.shm;

/** What a named cell of a region is. The numbers are part of the layout. */
enum Kind {
  /** A {@link SharedMutex}. */
  MUTEX(1, 64),
  /** A {@link SharedCondvar}. */
  CONDVAR(2, 64),
  /** A {@link SharedSemaphore}. */
  SEMAPHORE(3, 128 + Members.MOST * 8L),
  /** A {@link SharedRwLock}. */
  RW_LOCK(4, 128 + Members.MOST * 8L),
  /** A {@link SharedEvent}. */
  EVENT(5, 64),
  /** A {@link SharedBarrier}. */
  BARRIER(6, 128 + Members.MOST * 8L),
  /** A {@link Signal}. */
  SIGNAL(7, 64),
  /** Bytes for the user. */
  BYTES(8, 0),
  /** A {@link SharedLatch}. */
  LATCH(9, 64),
  /** A {@link SharedOnce}. */
  ONCE(10, 128);

  private final int number;
  private final long bytes;

  Kind(int number, long bytes) {
    this.number = number;
    this.bytes = bytes;
  }

  int number() {
    return number;
  }

  /** How long a cell is; that of bytes says it itself. */
  long bytes() {
    return bytes;
  }

  /** Whether such a cell has a number of permits, parties or the like. */
  boolean takesNumber() {
    return this == SEMAPHORE || this == BARRIER || this == LATCH;
  }

  static Kind of(int number) throws RegionException {
    for (Kind kind : values()) {
      if (kind.number == number) {
        return kind;
      }
    }
    throw new RegionException("cell of kind " + number + ": expected 1 to " + values().length);
  }
}
