package org.jfutex.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The readiness of an object: what it is ready for, and who is to be told when that changes. The
 * object owns it, and tells it of changes; others poll it.
 *
 * <p>The object keeps three rules:
 *
 * <ul>
 *   <li>When events may have come, it calls {@link #notifyEvents}, after the change and with no
 *       lock of its own held.
 *   <li>When events may have gone and none has come, as for who has just read, it calls {@link
 *       #invalidate} after the change and before it frees its lock.
 *   <li>Its check computes all events from its present state. It may take the object's lock.
 * </ul>
 *
 * <p>Then a poll never answers with events that had gone before it began, and who polls with a
 * poller either gets an event or is told of it.
 */
public final class Pollee {
  /*
   * State       state        a stamp that grows with each change, whether the events are known,
   *                          and the events:
   *                          stamp, unknown -> stamp, known         a check, if nothing has changed
   *                          stamp, any     -> stamp + 1, unknown   a change
   *             first, last: the registrations, in their order; count: how many.
   * Guards      state: atomic. The registrations: lock; count is written with it held, and read
   *             without.
   * Lock order  lock; nothing is taken inside.
   * Ordering    who polls                          who changes
   *             registers, count + 1     (N)       changes the object
   *             reads the state          (N)       stamp + 1             (N)
   *             checks the object                  reads the count       (N)
   *             All (N) are volatile. Either the count is seen by who changes, or the new stamp,
   *             and so the change, by who polls. A check publishes its events only under the stamp
   *             that it read before: a change during it leaves them unknown (M).
   *             STATELESS changes no stamp: there the object's own lock, taken by the check, or its
   *             volatile fields, stand for it.
   * Progress    a change costs one update and one look where nobody is registered. Checks and
   *             observers are called with no lock of this object held.
   * Callbacks   the check, by who polls (STATEFUL: by who changes); observers, by who notifies.
   * Checked by  PolleeTest, PolleeModelTest, PollOrNotify (jcstress).
   */
  private static final int EVENT_BITS = 16;
  private static final long KNOWN = 1L << EVENT_BITS;
  private static final long BELOW_STAMP = 2 * KNOWN - 1;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Pollee.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Discipline discipline;
  private final IntSupplier check;
  private volatile long state;

  private final ReentrantLock lock = new ReentrantLock();
  private volatile int count;
  private @Nullable Registration first;
  private @Nullable Registration last;

  /**
   * The readiness of an object, with nothing kept so far.
   *
   * @param discipline what to keep
   * @param check computes all events that hold, as bits of {@link Events}; by any thread, with no
   *     lock of this object held
   */
  public Pollee(Discipline discipline, IntSupplier check) {
    this(discipline, check, 0);
  }

  /** Likewise, with a stamp, for tests. */
  Pollee(Discipline discipline, IntSupplier check, long stamp) {
    this.discipline = discipline;
    this.check = check;
    this.state = stamp * 2 * KNOWN;
  }

  /**
   * What the object is ready for. For its {@link Pollable#poll}.
   *
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param poller who is to be told of what happens from now on, or null
   * @return the events of interest that hold
   */
  public int poll(int mask, @Nullable Poller poller) {
    if (poller != null) {
      poller.register(this, mask); // (N) before the look
    }
    long now = state; // (N)
    int events = (now & KNOWN) != 0 ? (int) now & Events.ALL : compute(now);
    return events & (mask | Events.ALWAYS);
  }

  private int compute(long before) {
    int events = check.getAsInt() & Events.ALL;
    if (discipline != Discipline.STATELESS) {
      boolean _ = STATE.compareAndSet(this, before, before | KNOWN | events); // (M) if unchanged
    }
    return events;
  }

  /** Notes a change: what is known, and what any check that has begun will find, may be over. */
  public void invalidate() {
    if (discipline == Discipline.STATELESS) {
      return;
    }
    long before;
    long after;
    do {
      before = state;
      after = (before | BELOW_STAMP) + 1;
    } while (!STATE.compareAndSet(this, before, after)); // (N) (M)
    if (discipline == Discipline.STATEFUL) {
      int _ = compute(after);
    }
  }

  /**
   * Notes a change that may have brought events, and tells all shared observers of them that ask
   * for any, and one exclusive observer.
   *
   * @param events the events that may hold now; more do no harm
   */
  public void notifyEvents(int events) {
    invalidate();
    if (count != 0) { // (N) after the change
      tell(events, false);
    }
  }

  /**
   * Notes a change that concerns everybody, such as the end of the object, and tells all observers
   * that ask for any of the events, exclusive ones too.
   *
   * @param events the events that may hold now; more do no harm
   */
  public void notifyEveryone(int events) {
    invalidate();
    if (count != 0) { // (N) after the change
      tell(events, true);
    }
  }

  /** Finds who is to be told with the lock held, and tells them without. */
  private void tell(int events, boolean everyone) {
    List<Registration> shared = new ArrayList<>();
    List<Registration> exclusive = new ArrayList<>();
    lock.lock();
    try {
      for (Registration each = first; each != null; each = each.behind) {
        if (((each.mask | Events.ALWAYS) & events) != 0) {
          (each.mode == Registration.Mode.SHARED || everyone ? shared : exclusive).add(each);
        }
      }
    } finally {
      lock.unlock();
    }
    shared.forEach(each -> each.observer.onEvents(events));
    for (Registration each : exclusive) {
      if (each.observer.onEvents(events)) {
        moveToTheEnd(each); // the next event is another's
        return;
      }
    }
  }

  /**
   * Registers an observer for what happens from now on. What has happened before is not told of:
   * poll afterwards.
   *
   * @param observer who is to be told
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param mode who else is told
   * @return the registration, to be closed
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // with the lock held
  public Registration register(Observer observer, int mask, Registration.Mode mode) {
    Registration registration = new Registration(this, observer, mask, mode);
    lock.lock();
    try {
      link(registration);
      count++; // (N) before the look of who polls next
    } finally {
      lock.unlock();
    }
    return registration;
  }

  void setMask(Registration registration, int mask) {
    lock.lock();
    try {
      registration.mask = mask;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // with the lock held
  void unregister(Registration registration) {
    lock.lock();
    try {
      if (registration.isLinked) {
        unlink(registration);
        count--;
      }
    } finally {
      lock.unlock();
    }
  }

  private void moveToTheEnd(Registration registration) {
    lock.lock();
    try {
      if (registration.isLinked) {
        unlink(registration);
        link(registration);
      }
    } finally {
      lock.unlock();
    }
  }

  private void link(Registration registration) {
    registration.before = last;
    registration.behind = null;
    if (last == null) {
      first = registration;
    } else {
      last.behind = registration;
    }
    last = registration;
    registration.isLinked = true;
  }

  private void unlink(Registration registration) {
    Registration before = registration.before;
    Registration behind = registration.behind;
    if (before == null) {
      first = behind;
    } else {
      before.behind = behind;
    }
    if (behind == null) {
      last = before;
    } else {
      behind.before = before;
    }
    registration.isLinked = false;
  }

  /** How many are registered. */
  int observers() {
    return count;
  }
}
