package org.jfutex.shm;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.WordFault;

/**
 * The processes of {@link RegionHostileTest}: each uses a region that somebody else writes nonsense
 * into, with deadlines. Errors are expected. {@code visitor.c} is the same in C.
 */
final class RegionVisitor {
  static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .autoResetEvent("event")
          .barrier("barrier", 2)
          .latch("latch", 1_000)
          .signal("signal")
          .build();

  private static final Duration WAIT = Duration.ofMillis(5);
  private static final int CASES = 9;

  private final SharedRegion region;
  private long calls;
  private long errors;
  private long lateNanos;

  private RegionVisitor(SharedRegion region) {
    this.region = region;
  }

  /** The region's path, a seed, for how many milliseconds. Prints what it has met. */
  public static void main(String[] arguments) throws Exception {
    SharedRegion region = SharedRegion.attach(Path.of(arguments[0]));
    RegionVisitor visitor = new RegionVisitor(region);
    SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[1]));
    System.out.println("ready");
    int _ = System.in.read(); // until all are
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[2]));
    while (System.nanoTime() < end) {
      visitor.calls++;
      try {
        visitor.visit(random.nextInt(CASES), random.nextInt(16) == 0);
      } catch (FutexException | WordFault | RegionException | IllegalStateException e) {
        visitor.errors++;
      }
    }
    try {
      region.close();
    } catch (IllegalStateException e) {
      visitor.errors++; // what was overwritten is not known to be free
    }
    System.out.printf(
        "%d %d %d%n",
        visitor.calls, visitor.errors, TimeUnit.NANOSECONDS.toMillis(visitor.lateNanos));
    System.exit(0); // also if something waits on
  }

  private void visit(int which, boolean seldom) throws IOException {
    Deadline deadline = Deadline.after(WAIT);
    long start = System.nanoTime();
    switch (which) {
      case 0 -> {
        SharedMutex mutex = region.mutex("mutex");
        if (inTime(start, mutex.lock(deadline))) {
          mutex.unlock();
        }
      }
      case 1 -> {
        SharedSemaphore semaphore = region.semaphore("semaphore");
        if (inTime(start, semaphore.acquire(deadline))) {
          semaphore.release();
        }
      }
      case 2 -> {
        SharedRwLock lock = region.rwLock("rwlock");
        if (inTime(start, lock.lockWrite(deadline))) {
          lock.unlockWrite();
        }
      }
      case 3 -> {
        SharedRwLock lock = region.rwLock("rwlock");
        if (inTime(start, lock.lockRead(deadline))) {
          lock.unlockRead();
        }
      }
      case 4 -> {
        WaitStatus _ = region.event("event").await(deadline);
        inTime(start);
        region.event("event").set();
      }
      case 5 -> {
        var _ = region.barrier("barrier").await(deadline);
      }
      case 6 -> {
        SharedMutex mutex = region.mutex("mutex");
        if (inTime(start, mutex.lock(deadline))) {
          WaitStatus _ = region.condvar("condvar").await(mutex, deadline);
          region.condvar("condvar").signalAll();
          mutex.unlock();
        }
      }
      case 7 -> {
        region.latch("latch").countDown();
        WaitStatus _ = region.latch("latch").await(deadline);
        WaitStatus _ = region.signal("signal").await(region.signal("signal").stamp(), deadline);
        inTime(start);
        region.signal("signal").raise();
      }
      default -> {
        if (seldom) {
          SharedRegion.attach(region.path()).close();
        }
      }
    }
  }

  private boolean inTime(long start, LockStatus status) {
    inTime(start);
    return status.isLocked();
  }

  private void inTime(long start) {
    lateNanos = Math.max(lateNanos, System.nanoTime() - start - WAIT.toNanos());
  }
}
