package org.jfutex.poll;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Waits for many objects that are registered once, as epoll(7) does: what a wait costs depends on
 * how many are ready, not on how many there are. Any number of threads may wait and change the
 * interest list at the same time. It is itself {@link Events#IN} while something is ready, so that
 * one can be in another.
 *
 * <p>The entries are level-triggered; {@link #ET}, {@link #ONESHOT} and {@link #EXCLUSIVE} are
 * flags beside the events, with the meaning and the numbers of Linux. Where an object is closed,
 * its entries go by themselves.
 *
 * @param <T> what the user keeps with each entry
 */
public final class Epoll<T> implements Pollable, AutoCloseable {
  /*
   * State       entries: by handle. An entry is linked in the ready list, or not; once TAKEN by a
   *             scan it is neither until the scan has looked:
   *             idle -> ready          it is told of events, or found ready when added or modified
   *             ready -> taken         a scan, from the head
   *             taken -> ready         its events hold and it is level-triggered; or it is told
   *             taken -> idle          otherwise
   *             Disabled (a one-shot that was delivered) until modified; gone for ever.
   *             pending: how many are ready or taken. waiters: who sleeps, in order of arrival.
   *             isClosed.
   * Guards      all of it: lock; pending and isClosed are written with it held, and read
   *             without. What scans and changes of the interest list do between locks: scan, so
   *             that one excludes another.
   * Lock order  that of Nesting, scan (of an outer epoll before that of an inner one; there are no
   *             circles), then locks of the objects, by their checks. lock: nothing is taken
   *             inside.
   * Ordering    who tells              who waits
   *             lock                   lock
   *             links the entry        pending != 0 ? scan : joins the waiters
   *             takes a waiter         unlock, park
   *             unlock, unpark
   *             The lock orders them: either the entry is seen by who waits, or the waiter by who
   *             tells. A scan that another thread has under way counts as pending, so nobody takes
   *             the list for empty while it is in that thread's hands.
   * Progress    a wake goes to one waiter, who scans; who leaves ready entries behind wakes the
   *             next, and a waiter that was woken as it gave up scans all the same.
   * Callbacks   checks, by scans with scan held: a check must not wait for a thread that uses this
   *             epoll. Observers of this epoll, and feeds and so any observers, with no lock held.
   * Checked by  EpollTest, EpollCallbackTest, EpollSuiteTest, EpollWakeupTest,
   *             EpollDifferentialTest.
   */

  /**
   * Edge-triggered: reported once for each time that the object tells of events, if they hold. As
   * EPOLLET.
   */
  public static final int ET = 1 << 31;

  /** Reported once, and then not at all until {@link #modify}. As EPOLLONESHOT. */
  public static final int ONESHOT = 1 << 30;

  /** Accepted and without effect: a JVM does not suspend the machine. As EPOLLWAKEUP. */
  public static final int WAKEUP = 1 << 29;

  /**
   * Of the epolls that an object is in with this flag, an event wakes one that somebody waits on.
   * As EPOLLEXCLUSIVE.
   */
  public static final int EXCLUSIVE = 1 << 28;

  private static final int WITH_EXCLUSIVE =
      Events.IN | Events.OUT | Events.ERR | Events.HUP | WAKEUP | ET | EXCLUSIVE;

  private final ReentrantLock scan = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final IdentityHashMap<Pollable, EpollEntry<T>> entries = new IdentityHashMap<>();
  private final Set<Sleeper> waiters = new LinkedHashSet<>();
  private final Nesting nesting = new Nesting();
  private final Feeds feeds = new Feeds(nesting);
  private final Pollee pollee = new Pollee(Discipline.STATELESS, this::check, feeds);
  private final Chain<EpollEntry<T>> ready = new Chain<>();
  private volatile int pending;
  private volatile boolean isClosed;

  /** An epoll with an empty interest list (epoll_create1(2)). */
  public Epoll() {}

  /**
   * An entry that is ready.
   *
   * @param <T> what the user keeps with each entry
   * @param object the handle that was added
   * @param events those of interest that hold
   * @param data what was given when it was added, or last modified
   */
  public record Ready<T>(Pollable object, int events, T data) {}

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /**
   * Adds an object (EPOLL_CTL_ADD). If it is ready, that is an event.
   *
   * @param object a handle; another handle of the same object is another entry
   * @param interest {@link Events} and flags; {@link Events#ALWAYS} are of interest in any case
   * @param data what to keep with it
   * @throws FutexException with EEXIST if the handle is there already; with EBADF if it or this
   *     epoll is closed; with EINVAL if it is this epoll, or EXCLUSIVE is given with what it cannot
   *     be combined with, or for an epoll; with ELOOP if epolls would contain each other, or be in
   *     a chain of more than 5; with EPERM if the object's events never change, as those of a
   *     regular file
   */
  public void add(Pollable object, int interest, T data) {
    Pollee target = object.pollee();
    Nesting inner = nestingOf(target);
    throwIfSelf(target);
    if ((interest & EXCLUSIVE) != 0 && ((interest & ~WITH_EXCLUSIVE) != 0 || inner != null)) {
      throw new FutexException(
          Errno.EINVAL,
          "EXCLUSIVE with %s%s: expected IN, OUT, ERR, HUP, ET or WAKEUP, and no epoll"
              .formatted(
                  Events.describe(interest & ~EpollEntry.FLAGS),
                  inner != null ? " for an epoll" : ""));
    }
    if (target.isConstant()) {
      throw new FutexException(
          Errno.EPERM, object + ": expected an object whose events change, as no file's do");
    }
    EpollEntry<T> entry = new EpollEntry<>(object, target, interest, data);
    if (inner == null) {
      insert(entry);
    } else {
      nesting.insert(inner, () -> insert(entry));
    }
    lookAtNew(entry, interest & ~EpollEntry.FLAGS); // with no lock held: a feed tells observers
  }

  private void insert(EpollEntry<T> entry) {
    Pollable object = entry.object;
    Pollee target = entry.target;
    scan.lock();
    try {
      lock.lock();
      try {
        throwIfClosed();
        if (entries.putIfAbsent(object, entry) != null) {
          throw new FutexException(Errno.EEXIST, object + ": expected one that is not there yet");
        }
      } finally {
        lock.unlock();
      }
      feeds.add(target.feed());
      Nesting inner = nestingOf(target);
      if (inner != null) {
        nesting.connect(inner);
      }
      Registration.Mode mode =
          entry.has(EXCLUSIVE) ? Registration.Mode.EXCLUSIVE : Registration.Mode.SHARED;
      entry.registration =
          target.registerQuietly(events -> onEvents(entry, events), entry.mask(), mode);
    } finally {
      scan.unlock();
    }
  }

  private void lookAtNew(EpollEntry<T> entry, int mask) {
    int events;
    try {
      events = entry.target.poll(mask, null);
    } catch (RuntimeException | Error e) {
      forget(entry); // which leaves nothing behind
      throw e;
    }
    if ((events & Events.NVAL) != 0) {
      Objects.requireNonNull(entry.registration).close(); // who forgot it may not have seen it
      forget(entry);
      throw new FutexException(Errno.EBADF, entry.object + ": expected one that is not closed");
    }
    if (events != 0) {
      boolean _ = makeReady(entry, false);
    }
  }

  /** Of an epoll's pollee, its place among the others. */
  private static @Nullable Nesting nestingOf(Pollee target) {
    return target.feed() instanceof Feeds feeds ? feeds.nesting : null;
  }

  /**
   * Changes an entry (EPOLL_CTL_MOD). If the object is ready for what is of interest now, that is
   * an event, also for an edge-triggered entry; a one-shot is armed again.
   *
   * @param object the handle that was added
   * @param interest {@link Events} and flags, except EXCLUSIVE
   * @param data what to keep with it
   * @throws FutexException with ENOENT if the handle is not there; with EINVAL if it is this epoll,
   *     or EXCLUSIVE is given, or was when it was added; with EBADF if this epoll is closed
   */
  public void modify(Pollable object, int interest, T data) {
    throwIfSelf(object.pollee());
    if ((interest & EXCLUSIVE) != 0) {
      throw new FutexException(
          Errno.EINVAL, "EXCLUSIVE: expected to be given when an object is added, for good");
    }
    EpollEntry<T> entry;
    scan.lock();
    try {
      lock.lock();
      try {
        entry = find(object);
        if (entry.has(EXCLUSIVE)) {
          throw new FutexException(
              Errno.EINVAL, object + " was added as EXCLUSIVE: expected one that was not");
        }
        entry.interest = interest;
        entry.data = data;
        entry.isDisabled = false;
      } finally {
        lock.unlock();
      }
      Objects.requireNonNull(entry.registration).setMask(interest & ~EpollEntry.FLAGS);
    } finally {
      scan.unlock();
    }
    if (entry.target.poll(interest & ~EpollEntry.FLAGS, null) != 0) { // with no lock held
      boolean _ = makeReady(entry, false);
    }
  }

  /**
   * Takes an entry out (EPOLL_CTL_DEL). No wait that begins later reports it.
   *
   * @param object the handle that was added
   * @throws FutexException with ENOENT if the handle is not there; with EINVAL if it is this epoll;
   *     with EBADF if this epoll is closed
   */
  public void remove(Pollable object) {
    throwIfSelf(object.pollee());
    scan.lock(); // a scan that has found it ready is over
    try {
      EpollEntry<T> entry;
      lock.lock();
      try {
        entry = find(object);
      } finally {
        lock.unlock();
      }
      forget(entry);
    } finally {
      scan.unlock();
    }
  }

  private EpollEntry<T> find(Pollable object) {
    throwIfClosed();
    EpollEntry<T> entry = entries.get(object);
    if (entry == null) {
      throw new FutexException(Errno.ENOENT, object + ": expected one that was added");
    }
    return entry;
  }

  private void throwIfSelf(Pollee target) {
    if (target.equals(pollee)) {
      throw new FutexException(Errno.EINVAL, "the epoll itself: expected another object");
    }
  }

  private void throwIfClosed() {
    if (isClosed) {
      throw new FutexException(Errno.EBADF, "a closed epoll: expected an open one");
    }
  }

  /**
   * How many objects are in the interest list.
   *
   * @return their number
   */
  public int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many threads sleep. */
  int waiters() {
    lock.lock();
    try {
      return waiters.size();
    } finally {
      lock.unlock();
    }
  }

  /** Takes an entry out of everything. Idempotent. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // with the lock held
  private void forget(EpollEntry<T> entry) {
    lock.lock();
    try {
      if (entry.isGone) {
        return;
      }
      entry.isGone = true;
      boolean _ = entries.remove(entry.object, entry);
      if (entry.isLinked()) {
        ready.remove(entry);
        pending--;
      }
    } finally {
      lock.unlock();
    }
    Registration registration = entry.registration;
    if (registration != null) {
      registration.close();
    }
    feeds.remove(entry.target.feed());
    Nesting inner = nestingOf(entry.target);
    if (inner != null) {
      nesting.disconnect(inner);
    }
  }

  private boolean onEvents(EpollEntry<T> entry, int events) {
    if ((events & Events.NVAL) != 0) {
      forget(entry);
      return false;
    }
    return makeReady(entry, true);
  }

  /**
   * Links an entry, if it may be reported and is not linked yet.
   *
   * @param isTold whether its object has told of events: that is news even if it is linked
   * @return whether a waiter was woken
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // with the lock held
  private boolean makeReady(EpollEntry<T> entry, boolean isTold) {
    Sleeper waiter;
    lock.lock();
    try {
      if (entry.isGone || entry.isDisabled) {
        return false;
      }
      if (!entry.isLinked()) {
        ready.addLast(entry);
        pending++;
      } else if (!isTold) {
        return false;
      }
      waiter = takeWaiter();
    } finally {
      lock.unlock();
    }
    Sleeper.wake(waiter);
    if (pollee.observers() != 0) {
      pollee.notifyEvents(Events.IN);
    }
    return waiter != null;
  }

  private @Nullable Sleeper takeWaiter() {
    if (waiters.isEmpty()) {
      return null;
    }
    Sleeper waiter = waiters.iterator().next();
    waiters.remove(waiter);
    return waiter;
  }

  /**
   * Waits until something is ready (epoll_pwait2(2)). Where more is ready than is asked for, the
   * next waits report the others first.
   *
   * @param maxEvents how many entries to report at most, at least 1
   * @param deadline when to give up, on its own clock; if it has been reached, this looks once
   * @return what is ready; empty if the deadline was reached
   * @throws FutexException with EINVAL if maxEvents is less than 1; with EBADF if this epoll is
   *     closed, before or meanwhile
   * @throws InterruptedException if the thread is interrupted and nothing is ready
   */
  public List<Ready<T>> awaitEvents(int maxEvents, Deadline deadline) throws InterruptedException {
    if (maxEvents <= 0) {
      throw new FutexException(Errno.EINVAL, "maxEvents " + maxEvents + ": expected at least 1");
    }
    while (true) {
      feeds.drain();
      if (pending != 0) {
        List<Ready<T>> found = collect(maxEvents);
        if (!found.isEmpty()) {
          return found;
        }
      }
      throwIfClosed(); // also who would not sleep
      if (deadline.isReached(Ticker.system())) {
        return List.of();
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while nothing was ready");
      }
      sleep(deadline);
    }
  }

  private void sleep(Deadline deadline) {
    Sleeper waiter = new Sleeper();
    feeds.watch();
    try {
      lock.lock();
      try {
        throwIfClosed();
        if (pending != 0) {
          return;
        }
        waiters.add(waiter);
      } finally {
        lock.unlock();
      }
      waiter.sleep(deadline);
      leave(waiter); // if nobody took it; who was woken scans, in any case
    } finally {
      feeds.unwatch();
    }
  }

  private void leave(Sleeper waiter) {
    lock.lock();
    try {
      boolean _ = waiters.remove(waiter);
    } finally {
      lock.unlock();
    }
  }

  /** Looks at what is ready now, each once, and reports what still is. */
  private List<Ready<T>> collect(int maxEvents) {
    List<Ready<T>> result = new ArrayList<>();
    scan.lock();
    try {
      int left = readyCount(); // what is put back is the next scan's
      while (left-- > 0 && result.size() < maxEvents) {
        EpollEntry<T> entry = take();
        if (entry == null) {
          break;
        }
        int events = look(entry);
        if (events != 0) {
          result.add(new Ready<>(entry.object, events, entry.data));
        }
        finish(entry, events == 0 ? EpollEntry.After.IDLE : entry.afterReport());
      }
    } catch (RuntimeException | Error e) {
      if (result.isEmpty()) {
        throw e;
      } // otherwise the next scan meets it again
    } finally {
      scan.unlock();
      wakeForTheRest();
    }
    return result;
  }

  private int readyCount() {
    lock.lock();
    try {
      return ready.size();
    } finally {
      lock.unlock();
    }
  }

  /** Takes the first ready entry, which stays pending. */
  private @Nullable EpollEntry<T> take() {
    lock.lock();
    try {
      EpollEntry<T> entry = ready.first();
      if (entry != null) {
        ready.remove(entry);
      }
      return entry;
    } finally {
      lock.unlock();
    }
  }

  private int look(EpollEntry<T> entry) {
    boolean isDone = false;
    try {
      int events = entry.isGone || entry.isDisabled ? 0 : entry.target.look(entry.mask());
      isDone = true;
      return (events & Events.NVAL) == 0 ? events : 0; // it is being closed, and about to be gone
    } finally {
      if (!isDone) {
        finish(entry, EpollEntry.After.LAST); // a check that fails does not lose what it is about
      }
    }
  }

  private void finish(EpollEntry<T> entry, EpollEntry.After after) {
    lock.lock();
    try {
      int left = pending - 1;
      if (after == EpollEntry.After.DISABLED) {
        entry.isDisabled = true;
        if (entry.isLinked()) {
          ready.remove(entry);
          left--;
        }
      } else if (after != EpollEntry.After.IDLE && !entry.isGone && !entry.isLinked()) {
        if (after == EpollEntry.After.FIRST) {
          ready.addFirst(entry);
        } else {
          ready.addLast(entry);
        }
        left++;
      }
      pending = left; // in one step: who looks without the lock never finds too few
    } finally {
      lock.unlock();
    }
  }

  private void wakeForTheRest() {
    Sleeper waiter = null;
    if (pending != 0) {
      lock.lock();
      try {
        waiter = ready.size() == 0 ? null : takeWaiter();
      } finally {
        lock.unlock();
      }
    }
    Sleeper.wake(waiter);
  }

  /** Whether anything is ready: drops what is not, and takes nothing of what is. */
  private int check() {
    if (pending == 0) {
      return 0;
    }
    scan.lock();
    try {
      for (int left = readyCount(); left > 0; left--) {
        EpollEntry<T> entry = take();
        if (entry == null) {
          break;
        }
        int events = look(entry);
        finish(entry, events == 0 ? EpollEntry.After.IDLE : EpollEntry.After.FIRST);
        if (events != 0) {
          return Events.IN;
        }
      }
      return 0;
    } finally {
      scan.unlock();
    }
  }

  /** Ends the epoll: takes all entries out, and ends the waits. Idempotent. */
  @Override
  public void close() {
    List<EpollEntry<T>> left;
    List<Sleeper> asleep;
    scan.lock(); // nobody is adding
    try {
      lock.lock();
      try {
        isClosed = true;
        left = List.copyOf(entries.values());
        asleep = List.copyOf(waiters);
        waiters.clear();
      } finally {
        lock.unlock();
      }
      left.forEach(this::forget);
    } finally {
      scan.unlock();
    }
    asleep.forEach(Sleeper::wake);
    pollee.close();
  }
}
