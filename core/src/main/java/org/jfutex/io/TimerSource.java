package org.jfutex.io;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.park.DeadlineTimer;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * A timer to wait for, as timerfd_create(2): it is armed for a point in time, and from then on for
 * each period, and counts how often its time has come.
 *
 * <p>A period that passes while nobody has taken the one before is counted when somebody takes: no
 * periods are lost, and a timer that nobody looks at costs nothing. The clock is that of the
 * deadline it is armed with: on the wall clock it follows every step of that clock, which may be
 * noticed up to a second late.
 *
 * <p><b>Events.</b> IN from when its time has come until that is taken. Arming it anew and
 * disarming it forget what was counted.
 *
 * <p><b>Interruption.</b> Calls that wait throw {@link InterruptedException} if the thread is
 * interrupted, before or while they wait; nothing has changed then.
 *
 * <p>An armed timer is not forgotten by the JVM before its time has come: close it.
 */
public final class TimerSource implements Pollable, AutoCloseable {
  /*
   * State       timer  next   ticks   hasCome
   *             null   null   0       no        disarmed
   *             set    set    any     no        armed; null while next is never
   *             any    set    > 0     yes       its time has come, the next period has not begun
   *             any    set    0       yes       taken, and there is no next period
   *             period: in nanoseconds, 0 for none.
   *             arming: which one; an action of another is void.
   *             isClosed: for ever.
   * Guards      lock.
   * Lock order  lock; then those of the pollee and of the timer's queue.
   * Ordering    lock and the pollee's.
   * Progress    the timer's thread waits for short sections only.
   * Callbacks   the pollee's observers, with no lock held; the ticker with it.
   * Checked by  TimerSourceTest.
   */
  private final ReentrantLock lock = new ReentrantLock();
  private final Ticker ticker;
  private final Pollee pollee;
  private @Nullable DeadlineTimer timer;
  private @Nullable Deadline next;
  private long period;
  private long ticks;
  private boolean hasCome;
  private long arming;
  private boolean isClosed;

  /** A timer that is not armed, {@link Discipline#HYBRID}. */
  public TimerSource() {
    this(Discipline.HYBRID);
  }

  /**
   * A timer that is not armed.
   *
   * @param discipline what it keeps of its readiness
   */
  public TimerSource(Discipline discipline) {
    this(discipline, Ticker.system());
  }

  TimerSource(Discipline discipline, Ticker ticker) {
    this.ticker = ticker;
    this.pollee = new Pollee(discipline, this::events);
  }

  private int events() {
    lock.lock();
    try {
      return ticks == 0 ? 0 : Events.IN;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /**
   * Arms it for once. What was counted is forgotten.
   *
   * @param first when
   * @throws IllegalStateException if it is closed
   */
  public void arm(Deadline first) {
    arm(first, Duration.ZERO);
  }

  /**
   * Arms it. What was counted is forgotten.
   *
   * @param first when its time comes
   * @param period how long after that again, and so on; zero for never
   * @throws IllegalArgumentException if the period is negative
   * @throws IllegalStateException if it is closed
   */
  public void arm(Deadline first, Duration period) {
    if (period.isNegative()) {
      throw new IllegalArgumentException("period " + period + ", expected 0 or more");
    }
    lock.lock();
    try {
      checkOpen();
      forget();
      this.period = TimeUnit.NANOSECONDS.convert(period);
      start(first);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Disarms it. What was counted is forgotten.
   *
   * @throws IllegalStateException if it is closed
   */
  public void disarm() {
    lock.lock();
    try {
      checkOpen();
      forget();
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("the timer is closed");
    }
  }

  private void forget() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    arming++;
    next = null;
    period = 0;
    ticks = 0;
    hasCome = false;
    pollee.invalidate();
  }

  private void start(Deadline when) {
    next = when;
    hasCome = false;
    long mine = ++arming;
    timer = when.isNever() ? null : DeadlineTimer.start(when, ticker, () -> come(mine));
  }

  private void come(long mine) {
    lock.lock();
    try {
      if (arming != mine) {
        return;
      }
      ticks++;
      hasCome = true;
    } finally {
      lock.unlock();
    }
    pollee.notifyEvents(Events.IN);
  }

  /** Counts the periods that have passed since its time came, and begins the next. */
  private void catchUp() {
    Deadline come = next;
    if (come == null || !hasCome || period == 0) {
      return;
    }
    long passed = Math.max(-come.remainingNanos(ticker), 0) / period;
    long step = (passed + 1) * period;
    long then = come.nanos() + step;
    ticks += passed;
    start(new Deadline(come.clock(), step < 0 || then < come.nanos() ? Long.MAX_VALUE : then));
  }

  /**
   * How long until its time comes.
   *
   * @return nanoseconds; 0 if it is not armed, or has come and will not again; {@link
   *     Long#MAX_VALUE} if it is armed for never
   * @throws IllegalStateException if it is closed
   */
  public long remainingNanos() {
    lock.lock();
    try {
      checkOpen();
      catchUp();
      return next == null ? 0 : Math.max(next.remainingNanos(ticker), 0);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes what was counted.
   *
   * @return how often its time has come since that was last taken, or since it was armed; 0 if not
   * @throws IllegalStateException if it is closed
   */
  public long tryTake() {
    lock.lock();
    try {
      checkOpen();
      if (ticks == 0) {
        return 0;
      }
      catchUp();
      long taken = ticks;
      ticks = 0;
      pollee.invalidate();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes what was counted, waiting for its time to come.
   *
   * @return how often, 1 or more
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if it is closed, before or meanwhile
   */
  public long take() throws InterruptedException {
    return tryTake(Deadline.NEVER);
  }

  /**
   * Takes what was counted, waiting for its time to come, or gives up.
   *
   * @param deadline when to give up
   * @return how often, 1 or more; 0 at the deadline
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if it is closed, before or meanwhile
   */
  public long tryTake(Deadline deadline) throws InterruptedException {
    return Waits.awaitCount(this, deadline, this::tryTake);
  }

  /** Disarms it for ever. Who waits in a call of it gets an exception. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      forget();
      isClosed = true;
    } finally {
      lock.unlock();
    }
    pollee.close();
  }
}
