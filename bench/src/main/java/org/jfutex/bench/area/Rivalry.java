package org.jfutex.bench.area;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.bench.area.Crowd.Work;
import org.jfutex.shm.Layout;
import org.jfutex.shm.SharedMutex;
import org.jfutex.shm.SharedRegion;
import org.jfutex.word.Word;

/**
 * Two processes that take one lock of a region again and again, with some work inside and more
 * outside. One leads: it says when a round begins and when it is over.
 */
final class Rivalry {
  static final String PING = "ping";
  static final String PONG = "pong";
  static final String LOCK = "lock";
  private static final String BOARD = "board";

  /** What the cases of {@link CrossProcess} share. */
  static final Layout LAYOUT =
      Layout.builder().signal(PING).signal(PONG).mutex(LOCK).bytes(BOARD, 512).build();

  /** Sections between two looks at the clock. */
  private static final int BETWEEN_LOOKS = 64;

  /** The board: the number of a round, written when it begins, is over, and is counted. */
  private static final long ROUND = 0;

  private static final long OVER = 4;
  private static final long FINISHED = 8;

  /** Sections of the one that follows: written before FINISHED, read after it. */
  private static final long COUNT = 16;

  /** The state of the work inside: guarded by the lock, on a cache line of its own. */
  private static final long GUARDED = 256;

  private final Futex futex = Futex.kernel();
  private final SharedMutex mutex;
  private final MemorySegment board;
  private final Word round;
  private final Word over;
  private final Word finished;
  private long own = 42;
  private int rounds;

  Rivalry(SharedRegion region) {
    this.mutex = region.mutex(LOCK);
    this.board = region.bytes(BOARD);
    this.round = region.word(BOARD, ROUND);
    this.over = region.word(BOARD, OVER);
    this.finished = region.word(BOARD, FINISHED);
  }

  /** Leads for so long. Returns the nanoseconds for each section, of both together. */
  double lead(long nanos) {
    rounds++;
    long start = System.nanoTime();
    OtherEnd.post(futex, round, rounds);
    long count = compete(rounds, start + nanos);
    long passed = System.nanoTime() - start;
    OtherEnd.await(futex, finished, rounds);
    return (double) passed / (count + board.get(ValueLayout.JAVA_LONG, COUNT));
  }

  /** Follows, for ever. */
  void follow() {
    while (true) {
      rounds++;
      OtherEnd.await(futex, round, rounds);
      board.set(ValueLayout.JAVA_LONG, COUNT, compete(rounds, Long.MAX_VALUE));
      OtherEnd.post(futex, finished, rounds);
    }
  }

  private long compete(int number, long end) {
    long count = 0;
    while ((int) over.load() != number) {
      section();
      own = Work.spend(own, Work.OUTSIDE);
      count++;
      if (count % BETWEEN_LOOKS == 0 && System.nanoTime() >= end) {
        boolean _ = over.compareAndSet(number - 1, number);
      }
    }
    return count;
  }

  private void section() {
    LockStatus _ = mutex.lock();
    try {
      long state = board.get(ValueLayout.JAVA_LONG, GUARDED);
      board.set(ValueLayout.JAVA_LONG, GUARDED, Work.spend(state, Work.INSIDE));
    } finally {
      mutex.unlock();
    }
  }
}
