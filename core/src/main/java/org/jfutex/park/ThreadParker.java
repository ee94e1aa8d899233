package org.jfutex.park;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Parks and unparks threads, platform or virtual. A virtual thread that parks leaves its carrier
 * free. A platform thread parks by {@link LockSupport}, or, where the JVM was started with {@code
 * -Djfutex.parker=futex}, by a {@link PlatformParker}: that is faster, and thread dumps show the
 * thread as one that runs native code.
 *
 * <p>Who unparks a thread knows it by what {@link #current} has returned to it: the thread, or a
 * {@link PlatformParker.Sleeping}. These have no type in common, since a wrapper would take 16
 * bytes for each of a million sleepers.
 *
 * <p>The park rule: every caller of {@link #park} re-reads its own state after it returns, and
 * before it parks again, because a permit may come early, late, or be eaten by whatever the caller
 * did in between (class loading, a lock).
 */
public final class ThreadParker {
  /** How late a virtual thread may notice a step of the real-time clock. */
  private static final long STEP_NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private static final ParkerChoice CHOICE =
      ParkerChoice.of(System.getProperty(ParkerChoice.PROPERTY));

  private static final @Nullable PlatformParker PLATFORM = CHOICE.parker();

  private ThreadParker() {}

  /**
   * Checks what the command line says about parking.
   *
   * @throws UnsupportedOperationException if there is no such parker, or it cannot work here
   */
  public static void checkChoice() {
    String refused = CHOICE.refused();
    if (refused != null) {
      throw new UnsupportedOperationException(refused);
    }
  }

  /**
   * The calling thread, for {@link #unpark}. Who asks for it before anybody may unpark it has this
   * class loaded by then; loading it later, on the way to {@link #park}, could eat the permit.
   *
   * @return how the others know the thread
   * @throws UnsupportedOperationException as {@link #checkChoice}
   */
  public static Object current() {
    checkChoice();
    Thread thread = Thread.currentThread();
    return PLATFORM == null || thread.isVirtual() ? thread : PLATFORM.current();
  }

  /**
   * The thread itself.
   *
   * @param current what {@link #current} has returned to the thread
   * @return the thread
   */
  public static Thread threadOf(Object current) {
    return current instanceof PlatformParker.Sleeping sleeping
        ? sleeping.thread()
        : (Thread) current;
  }

  /**
   * Makes the next or the present {@link #park} of a thread return.
   *
   * @param current what {@link #current} has returned to the thread
   */
  public static void unpark(Object current) {
    if (PLATFORM != null && current instanceof PlatformParker.Sleeping sleeping) {
      sleeping.unpark();
    } else {
      LockSupport.unpark((Thread) current);
    }
  }

  /**
   * Parks the calling thread until unparked, interrupted, a deadline, or for no reason. Returns at
   * once if the thread is interrupted or the deadline reached.
   *
   * @param blocker what the thread waits in, for thread dumps
   * @param deadline when to return at the latest
   * @param ticker the time source of the deadline
   */
  public static void park(Object blocker, Deadline deadline, Ticker ticker) {
    if (PLATFORM != null && !Thread.currentThread().isVirtual()) {
      PLATFORM.current().park(bySystem(deadline, ticker));
    } else if (deadline.isNever()) {
      LockSupport.park(blocker); // small, so that it is inlined and no frame of it sleeps
    } else {
      parkUntil(blocker, deadline, ticker);
    }
  }

  /** The same deadline by the clocks that the system has. */
  @SuppressWarnings("ReferenceEquality") // there is one of the system
  private static Deadline bySystem(Deadline deadline, Ticker ticker) {
    return deadline.isNever() || ticker == Ticker.system()
        ? deadline
        : Deadline.afterNanos(Math.max(0, deadline.remainingNanos(ticker)), Ticker.system());
  }

  /**
   * Lets the calling thread sleep, for somebody else's next step that it cannot be told of. Returns
   * early for the same reasons as {@link #park}; a platform thread that is interrupted yields.
   * Throws nothing. A virtual thread that finds no memory for its timer may sleep for ever, so this
   * is for who has {@linkplain #giveWay given way} in vain.
   *
   * @param blocker what the thread waits in, for thread dumps
   * @param nanos how long, in nanoseconds
   * @return whether the thread, a virtual one, was interrupted, which it is no more: it could not
   *     nap again. The caller interrupts it when it has napped for the last time. (A platform
   *     thread's {@code interrupt} may be anybody's code, so none has to be called.)
   */
  public static boolean nap(Object blocker, long nanos) {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual() && thread.isInterrupted()) {
      giveWay();
      return false;
    }
    boolean wasInterrupted = thread.isVirtual() && Thread.interrupted();
    try {
      LockSupport.parkNanos(blocker, nanos);
    } catch (OutOfMemoryError e) {
      Thread.onSpinWait();
    }
    return wasInterrupted;
  }

  /**
   * Yields; not for ever, as a carrier whose virtual threads all yield takes no others that come
   * from outside, such as one that was unparked by a platform thread. Throws nothing, not even
   * where a virtual thread finds no memory for its stack.
   */
  @SuppressWarnings("ThreadPriorityCheck") // that is what it is for
  public static void giveWay() {
    try {
      Thread.yield();
    } catch (OutOfMemoryError e) {
      Thread.onSpinWait();
    }
  }

  private static void parkUntil(Object blocker, Deadline deadline, Ticker ticker) {
    long left = deadline.remainingNanos(ticker);
    if (left <= 0) {
      return;
    }
    if (deadline.clock() == ClockId.MONOTONIC) {
      LockSupport.parkNanos(blocker, left);
    } else if (Thread.currentThread().isVirtual()) {
      // its timer runs on the monotonic clock, so a step is looked for now and then
      LockSupport.parkNanos(blocker, Math.min(left, STEP_NOTICE_NANOS));
    } else if (left > 2 * MILLI) {
      // waits on the real-time clock itself, in its coarse unit; the rest is parked away above
      LockSupport.parkUntil(blocker, deadline.nanos() / MILLI - 1);
    } else {
      LockSupport.parkNanos(blocker, left);
    }
  }
}
