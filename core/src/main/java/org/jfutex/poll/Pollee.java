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
 *   <li>Its check computes all events from its present state: under the lock that its changes are
 *       made under, or from volatile fields. It does not wait for anybody.
 * </ul>
 *
 * <p>Then a poll never answers with events that had gone before it began, and who polls with a
 * poller either gets an event or is told of it.
 */
public final class Pollee {
  /*
   * State       state        a stamp that grows with each change, and
   *               events     all that hold, if KNOWN
   *               KNOWN      the events are known
   *               QUIET      nothing is kept for now
   *               CLOSED     for ever; with it KNOWN and NVAL
   *                          stamp, unknown -> stamp, known         a check, if nothing has changed
   *                          stamp, any     -> stamp + 1, unknown   a change
   *                          stamp, any     -> stamp + 1, quiet     a check, after many in vain
   *                          stamp, quiet   -> stamp + 1, unknown   a check, once in a while
   *                          stamp, any     -> stamp + 1, closed    close, once
   *             misses       polls since the last that found events known; about, as it is plain
   *             registrations: in their order; count: how many.
   * Guards      state: atomic. misses: racy, it only says when to try. The registrations: lock;
   *             count is written with it held, and read without.
   * Lock order  lock; nothing is taken inside.
   * Ordering    who polls                          who changes
   *             registers, count + 1     (N)       changes the object
   *             reads the state          (N)       stamp + 1             (N)
   *             checks the object                  reads the count       (N)
   *             All (N) are volatile. Either the count is seen by who changes, or the new stamp,
   *             and so the change, by who polls. A check publishes its events only under the stamp
   *             that it read before: a change during it leaves them unknown (M).
   *             Who changes finds QUIET, and leaves it: then no check that began before publishes,
   *             and one that begins after a check has ended QUIET comes after that, and so after
   *             the change: the object's lock, or its volatile fields, stand for the stamp. As they
   *             do where STATELESS.
   * Progress    a change costs one update and one look where nobody is registered. Checks and
   *             observers are called with no lock of this object held.
   * Callbacks   the check, by who polls (STATEFUL: by who changes); observers, by who notifies; the
   *             feed, by who polls or registers.
   * Checked by  PolleeTest, PolleeModelTest, PollOrNotify (jcstress).
   */
  private static final int EVENT_BITS = 16;
  private static final long KNOWN = 1L << EVENT_BITS;
  private static final long QUIET = 2 * KNOWN;
  private static final long CLOSED = 4 * KNOWN;
  private static final long BELOW_STAMP = 8 * KNOWN - 1;

  /** After so many polls in vain nothing is kept. */
  private static final int PATIENCE = 8;

  /** And of so many polls, one tries again; a power of two. */
  private static final int RETRY = 64;

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
  private final @Nullable Feed feed;
  private volatile long state;
  private int misses;

  private final ReentrantLock lock = new ReentrantLock();
  private volatile int count;
  private final Chain<Registration> registrations = new Chain<>();

  /**
   * The readiness of an object, {@link Discipline#HYBRID}.
   *
   * @param check computes all events that hold, as bits of {@link Events}; by any thread, with no
   *     lock of this object held
   */
  public Pollee(IntSupplier check) {
    this(Discipline.HYBRID, check, null);
  }

  /**
   * The readiness of an object, with nothing kept so far.
   *
   * @param discipline what to keep
   * @param check computes all events that hold, as bits of {@link Events}; by any thread, with no
   *     lock of this object held
   */
  public Pollee(Discipline discipline, IntSupplier check) {
    this(discipline, check, null);
  }

  /**
   * The readiness of an object whose events come from elsewhere.
   *
   * @param discipline what to keep
   * @param check computes all events that hold, as bits of {@link Events}; by any thread, with no
   *     lock of this object held
   * @param feed where events come from that nobody notifies of; null if there is no such place
   */
  public Pollee(Discipline discipline, IntSupplier check, @Nullable Feed feed) {
    this(discipline, check, feed, 0);
  }

  /** Likewise, with a stamp, for tests. */
  Pollee(Discipline discipline, IntSupplier check, @Nullable Feed feed, long stamp) {
    this.discipline = discipline;
    this.check = check;
    this.feed = feed;
    this.state = stamp * (BELOW_STAMP + 1);
  }

  /**
   * The readiness of something that never changes, such as a regular file. An {@link Epoll} refuses
   * it with EPERM.
   *
   * @param events all events that hold, for ever
   * @return a new one
   */
  public static Pollee constant(int events) {
    return new Pollee(new Constant(events));
  }

  private record Constant(int events) implements IntSupplier {
    @Override
    public int getAsInt() {
      return events;
    }
  }

  boolean isConstant() {
    return check instanceof Constant;
  }

  /**
   * What the object is ready for.
   *
   * @param mask which events are of interest; {@link Events#ALWAYS} are, in any case
   * @param poller who is to be told of what happens from now on, or null
   * @return the events of interest that hold
   */
  public int poll(int mask, @Nullable Poller poller) {
    if (poller != null) {
      poller.register(this, mask); // (N) before the look
    }
    drain();
    return look(mask);
  }

  /** Fetches what has happened elsewhere. */
  void drain() {
    if (feed != null) {
      feed.drain();
    }
  }

  /** A poll by who has drained the feed. */
  int look(int mask) {
    long now = state; // (N)
    int events;
    if ((now & KNOWN) != 0) {
      events = (int) now & Events.ALL;
      if (misses != 0) {
        misses = 0;
      }
    } else {
      events = compute(now);
    }
    return events & (mask | Events.ALWAYS);
  }

  /** Whether any of some events is known to hold, without a check or a feed. */
  boolean isKnown(int mask) {
    long now = state; // (N)
    if ((now & KNOWN) == 0 || (now & mask) == 0) {
      return false;
    }
    if (misses != 0) {
      misses = 0;
    }
    return true;
  }

  private int compute(long before) {
    int events = Events.withSynonyms(check.getAsInt());
    if (discipline == Discipline.STATELESS) {
      return (state & CLOSED) == 0 ? events : Events.NVAL;
    }
    int vain = ++misses;
    if ((before & QUIET) != 0) {
      if ((vain & RETRY - 1) == 0) {
        boolean _ = change(before, 0); // what is checked from now on is kept
      }
    } else if (discipline == Discipline.HYBRID && vain > PATIENCE) {
      boolean _ = change(before, QUIET);
    } else if (!STATE.compareAndSet(this, before, before | KNOWN | events)) { // (M) if unchanged
      return (state & CLOSED) == 0 ? events : Events.NVAL;
    }
    return events;
  }

  /** From one state to the next stamp, with nothing known. */
  private boolean change(long before, long flags) {
    return STATE.compareAndSet(this, before, (before | BELOW_STAMP) + 1 + flags); // (N) (M)
  }

  /** Notes a change: what is known, and what any check that has begun will find, may be over. */
  public void invalidate() {
    if (discipline == Discipline.STATELESS) {
      return;
    }
    long before;
    do {
      before = state; // (N)
      if ((before & (QUIET | CLOSED)) != 0) {
        return;
      }
    } while (!change(before, 0));
    if (discipline == Discipline.STATEFUL) {
      int _ = compute((before | BELOW_STAMP) + 1);
    }
  }

  /**
   * Notes a change that may have brought events, and tells all shared observers of them that ask
   * for any, and one exclusive observer of those that ask for the same.
   *
   * @param events the events that may hold now; more do no harm
   */
  public void notifyEvents(int events) {
    invalidate();
    tellEvents(events);
  }

  /**
   * Tells as {@link #notifyEvents} does, of a change after which {@link #invalidate} has been
   * called already: for who has to do that with a lock held, and tells when it is free.
   *
   * @param events the events that may hold now; more do no harm
   */
  public void tellEvents(int events) {
    if (count != 0) { // (N) after the change
      tell(events, Audience.ONE_IN_TURN);
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
    tellEveryone(events);
  }

  /**
   * Tells as {@link #notifyEveryone} does, of a change after which {@link #invalidate} has been
   * called already.
   *
   * @param events the events that may hold now; more do no harm
   */
  public void tellEveryone(int events) {
    if (count != 0) { // (N) after the change
      tell(events, Audience.EVERYONE);
    }
  }

  /**
   * Ends the object: from now on every poll answers {@link Events#NVAL}, and an {@link Epoll} has
   * forgotten it. Tells everybody. Idempotent.
   */
  public void close() {
    long before;
    do {
      before = state;
      if ((before & CLOSED) != 0) {
        return;
      }
    } while (!change(before, CLOSED | KNOWN | Events.NVAL));
    tell(Events.NVAL, Audience.EVERYONE);
  }

  /**
   * Whether {@link #close} has been called.
   *
   * @return whether the object has ended
   */
  public boolean isClosed() {
    return (state & CLOSED) != 0;
  }

  /** Tells one exclusive observer of events that are left, without a change. */
  void tellNext(int events) {
    tell(events, Audience.NEXT);
  }

  /** Who is told. */
  private enum Audience {
    /** All that are shared, and one that is exclusive. */
    ONE_IN_TURN,
    /** All. */
    EVERYONE,
    /** One that is exclusive. */
    NEXT
  }

  /** Finds who is to be told with the lock held, and tells them without. */
  private void tell(int happened, Audience audience) {
    int events = Events.withSynonyms(happened);
    Registration only;
    List<Registration> shared = List.of();
    List<Registration> exclusive = List.of();
    lock.lock();
    try {
      only = registrations.size() == 1 ? registrations.first() : null;
      if (only == null) {
        shared = new ArrayList<>();
        exclusive = new ArrayList<>();
        for (Registration each = registrations.first(); each != null; each = each.behind()) {
          if (((each.mask | Events.ALWAYS) & events) != 0) {
            boolean isShared = each.mode == Registration.Mode.SHARED;
            (isShared || audience == Audience.EVERYONE ? shared : exclusive).add(each);
          }
        }
      } else if (((only.mask | Events.ALWAYS) & events) == 0) {
        return;
      }
    } finally {
      lock.unlock();
    }
    if (only != null) {
      if (audience != Audience.NEXT || only.mode == Registration.Mode.EXCLUSIVE) {
        boolean _ = only.observer.onEvents(events);
      }
      return;
    }
    Throwable failure = null;
    if (audience != Audience.NEXT) {
      // the latest first, as in a wait queue of Linux: it is seen in the order of epolls in epolls
      for (Registration each : shared.reversed()) {
        try {
          boolean _ = each.observer.onEvents(events);
        } catch (RuntimeException | Error e) {
          failure = e; // one observer's fault must not cost the others what they are told
        }
      }
    }
    try {
      tellInTurn(exclusive, events);
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    switch (failure) {
      case Error e -> throw e;
      case RuntimeException e -> throw e;
      case null, default -> {}
    }
  }

  private void tellInTurn(List<Registration> exclusive, int events) {
    int left = events;
    for (Registration each : exclusive) {
      int mask = each.mask | Events.ALWAYS; // that of an exclusive one does not change
      if ((mask & left) != 0 && each.observer.onEvents(events)) {
        moveToTheEnd(each); // the next event is another's
        left &= ~mask; // one that reads and one that writes do not take each other's
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
  public Registration register(Observer observer, int mask, Registration.Mode mode) {
    Registration registration = new Registration(this, observer, mask, mode, false);
    if (feed != null) {
      feed.watch();
    }
    return add(registration);
  }

  /** Registers an observer that watches the feed by itself while it sleeps. */
  Registration registerQuietly(Observer observer, int mask, Registration.Mode mode) {
    return add(new Registration(this, observer, mask, mode, true));
  }

  @Nullable Feed feed() {
    return feed;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // with the lock held
  private Registration add(Registration registration) {
    lock.lock();
    try {
      registrations.addLast(registration);
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
      if (!registration.isLinked()) {
        return;
      }
      registrations.remove(registration);
      count--;
    } finally {
      lock.unlock();
    }
    if (feed != null && !registration.isQuiet) {
      feed.unwatch();
    }
  }

  private void moveToTheEnd(Registration registration) {
    lock.lock();
    try {
      if (registration.isLinked()) {
        registrations.remove(registration);
        registrations.addLast(registration);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether somebody is registered, to be told of events.
   *
   * @return whether a notification reaches anybody
   */
  public boolean isObserved() {
    return count != 0;
  }

  /** How many are registered. */
  int observers() {
    return count;
  }
}
