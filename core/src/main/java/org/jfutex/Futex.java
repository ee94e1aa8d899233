package org.jfutex;

import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * The futex operations of Linux on {@link Word}s: sleep while a word holds a value, and wake who
 * sleeps. The strict, typed face: counts are what they say ({@code wake(word, 0)} wakes nobody),
 * expected outcomes are values, misuse is an exception. The kernel's own odd corners are in {@code
 * org.jfutex.linux}.
 *
 * <p><b>Waiting.</b> A wait compares the word with the expected value and goes to sleep in one
 * step: a waker that changes the word first and wakes then is never missed. Waiters of a word are
 * woken by rank, then in order of arrival, whatever happened to others in between. A wait may
 * report {@link WaitStatus#WOKEN} although the word still holds the value, because a wake is
 * counted without looking at the word; callers loop.
 *
 * <p><b>Counting.</b> The counts that wakers return add up exactly to the waits that report WOKEN,
 * where {@link Capabilities#exactCounts()} says so.
 *
 * <p><b>Interruption.</b> A wait of an interrupted thread ends with {@link WaitStatus#INTERRUPTED}
 * and leaves the interrupt flag set, at once if it was set before; a word that has changed is
 * reported first.
 *
 * <p><b>Errors.</b> {@link FutexException} with EFAULT where the word's memory cannot be accessed,
 * with EINVAL where an argument is one the kernel refuses; {@link IllegalArgumentException} for
 * counts out of range; nothing has been queued or woken then. A wake, requeue or wake-op that meets
 * a waiter for a priority-inheritance lock, or one that waits to be moved to such a lock, is
 * refused with EINVAL there: the waiters before it have been woken or moved, and a wake-op has
 * changed its word.
 *
 * <p><b>Memory effects</b> are stated in the documentation of this package. Every method may be
 * called by any thread, platform or virtual; a virtual thread that sleeps leaves its carrier free.
 */
public interface Futex {
  /**
   * The most entries a vector wait can have, FUTEX_WAITV_MAX; {@link Capabilities#maxEntries()} may
   * be less.
   */
  int MAX_ENTRIES = 128;

  /**
   * The engine for the threads of this JVM. Works on every system.
   *
   * <p>Its threads sleep by {@link java.util.concurrent.locks.LockSupport#park}; where the JVM was
   * started with {@code -Djfutex.parker=futex}, platform threads sleep in futex(2), which wakes
   * them faster and needs what {@link #kernel()} needs.
   *
   * @return the one engine that all callers of this method share
   * @throws UnsupportedOperationException if {@code jfutex.parker} is neither {@code thread} nor
   *     {@code futex}, or the latter cannot work on this system; with the reason
   */
  static Futex jvm() {
    return Backends.jvm();
  }

  /**
   * The futexes of the Linux kernel, for words in native memory and in mapped files: waiters meet
   * those of other processes, in any language.
   *
   * <p>Works on 32-bit words that are in a native {@link java.lang.foreign.MemorySegment} (private
   * to this process, as with FUTEX_PRIVATE_FLAG) or in a {@link org.jfutex.word.MappedFile} (shared
   * with whoever maps the file). Every other word is refused with EINVAL.
   *
   * @return the one backend that all callers of this method share
   * @throws UnsupportedOperationException if this is not Linux 5.16 or newer on x86-64, or if
   *     native access is denied to jfutex; the message says which
   */
  static Futex kernel() {
    return Backends.kernel();
  }

  /**
   * What this backend can do.
   *
   * @return its capabilities
   */
  Capabilities capabilities();

  /**
   * Sleeps while the word holds a value, until woken or interrupted (FUTEX_WAIT).
   *
   * @param word the word
   * @param expected the value, of which the low {@link Word#bits()} count
   * @return WOKEN, CHANGED or INTERRUPTED
   * @throws FutexException with EFAULT if the word cannot be read
   */
  default WaitStatus await(Word word, long expected) {
    return await(word, expected, Deadline.NEVER, WaitOptions.DEFAULT);
  }

  /**
   * Sleeps while the word holds a value, until woken, interrupted or a deadline (FUTEX_WAIT).
   *
   * @param word the word
   * @param expected the value, of which the low {@link Word#bits()} count
   * @param deadline when to give up, on its own clock; one already reached still compares the word
   * @return the outcome
   * @throws FutexException with EFAULT if the word cannot be read
   */
  default WaitStatus await(Word word, long expected, Deadline deadline) {
    return await(word, expected, deadline, WaitOptions.DEFAULT);
  }

  /**
   * Sleeps while the word holds a value, with a bitset and a rank (FUTEX_WAIT_BITSET).
   *
   * @param word the word
   * @param expected the value, of which the low {@link Word#bits()} count
   * @param deadline when to give up, on its own clock; one already reached still compares the word
   * @param options which wakes may take the waiter, and its rank
   * @return the outcome
   * @throws FutexException with EFAULT if the word cannot be read
   */
  WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options);

  /**
   * Waits without a thread: the future completes with what {@link #await(Word, long, Deadline,
   * WaitOptions)} would return, in the same queue and order as sleeping threads.
   *
   * <p>A word that does not hold the value, or a deadline already reached, completes the future
   * before this method returns. Otherwise it is completed outside all locks: by the thread that
   * wakes, after the wake, on the engine, so what hangs on the future should be short or
   * asynchronous there; soon after the wake, by a virtual thread, on the kernel. Cancelling the
   * future leaves the queue. A wake that had already counted the waiter is not lost: it goes to the
   * next one, or the future is not cancelled and reports WOKEN.
   *
   * @param word the word
   * @param expected the value, of which the low {@link Word#bits()} count
   * @param deadline when to give up, on its own clock
   * @param options which wakes may take the waiter, and its rank
   * @return a future of WOKEN, CHANGED or TIMED_OUT
   * @throws FutexException with EFAULT if the word cannot be read
   */
  CompletableFuture<WaitStatus> awaitAsync(
      Word word, long expected, Deadline deadline, WaitOptions options);

  /**
   * Tells somebody of every wake on a word, without taking part in it: who observes is not woken
   * instead of a waiter, not counted, not moved, and compares nothing. What Linux had as FUTEX_FD
   * and gave up, because nothing tied the wakes to a value: look at the word after this returns,
   * and whenever told.
   *
   * @param word the word
   * @param told is called by who wakes, after the wake and outside all locks; short; what it
   *     throws, that thread gets
   * @return what ends it
   * @throws FutexException with ENOSYS where {@link Capabilities#observers()} is false
   */
  Observation observe(Word word, Runnable told);

  /**
   * Sleeps while every word of several holds its value, until one is woken (futex_waitv).
   *
   * <p>All words are compared and queued one after the other; the first that has changed ends the
   * call, unless one before it was woken meanwhile. Several entries may be woken before the call
   * returns: each was counted by its waker, one index is reported.
   *
   * @param entries 1 to {@link Capabilities#maxEntries()} words and values; a word may occur more
   *     than once
   * @param deadline when to give up, on its own clock
   * @return the outcome and the entry it is about
   * @throws FutexException with EINVAL if there are too few or too many entries, with EFAULT if a
   *     word cannot be read
   */
  AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline);

  /**
   * Wakes waiters of a word (FUTEX_WAKE). Never touches the word: its memory may have gone. Only
   * the kernel cannot tell any more which file a word of a closed mapping was in.
   *
   * @param word the word
   * @param count how many at most; 0 wakes nobody
   * @return how many were woken
   * @throws IllegalArgumentException if the count is negative
   */
  default int wake(Word word, int count) {
    return wake(word, count, WaitOptions.MATCH_ANY);
  }

  /**
   * Wakes those waiters of a word whose bitset meets the given one (FUTEX_WAKE_BITSET).
   *
   * @param word the word
   * @param count how many at most; 0 wakes nobody
   * @param bitset only waiters with one of these bits are woken; not 0
   * @return how many were woken
   * @throws IllegalArgumentException if the count is negative
   * @throws FutexException with EINVAL if the bitset is 0, with EFAULT on the kernel if the word is
   *     in a mapping that is closed
   */
  int wake(Word word, int count, int bitset);

  /**
   * Wakes every waiter of a word.
   *
   * @param word the word
   * @return how many were woken
   */
  default int wakeAll(Word word) {
    return wake(word, Integer.MAX_VALUE, WaitOptions.MATCH_ANY);
  }

  /**
   * Wakes the first waiters of one word and moves the next ones to another (FUTEX_REQUEUE). A moved
   * waiter keeps its deadline, bitset and rank.
   *
   * @param from the word whose waiters are taken
   * @param wake how many to wake at most
   * @param to the word to whose queue they move; may be the same word, which then changes nothing
   * @param move how many to move at most, after those woken
   * @return how many were woken and moved, together
   * @throws IllegalArgumentException if a count is negative
   */
  int requeue(Word from, int wake, Word to, int move);

  /**
   * Like {@link #requeue}, if the first word still holds a value, in one step (FUTEX_CMP_REQUEUE).
   *
   * @param from the word whose waiters are taken
   * @param expected the value it must hold, of which the low {@link Word#bits()} count
   * @param wake how many to wake at most
   * @param to the word to whose queue they move
   * @param move how many to move at most, after those woken
   * @return how many were woken and moved, together; empty if the word had changed
   * @throws IllegalArgumentException if a count is negative
   * @throws FutexException with EFAULT if the first word cannot be read
   */
  OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move);

  /**
   * Changes a word and wakes on two, in one step (FUTEX_WAKE_OP): applies the operation to {@code
   * target}, wakes on {@code word}, and if {@code target}'s old value passes the comparison wakes
   * on {@code target} too.
   *
   * @param word the word that is woken on in any case
   * @param wake how many to wake there at most
   * @param target the word that is changed; may be the same word
   * @param wakeTarget how many to wake there at most, if the comparison holds
   * @param op the change and the comparison, both in signed arithmetic of {@code target}'s width
   * @return how many were woken, together
   * @throws IllegalArgumentException if a count is negative
   * @throws FutexException with EFAULT if {@code target} cannot be read and written
   */
  int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op);

  /**
   * The id by which words of priority-inheritance locks name the calling thread. A lock that is
   * free ({@code 0}) is taken without a call by a compare-and-set to this id, and released by one
   * back to {@code 0}; where either fails, {@link #lockPi} and {@link #unlockPi} do the rest. See
   * {@link OwnerWord}.
   *
   * @return from 1 to 2^30 - 1: the thread's id in the kernel, or one that the engine gives it and
   *     to no other thread while it lives
   * @throws WrongThreadException on a virtual thread, where {@link Capabilities#pi()} excludes them
   */
  int ownerId();

  /**
   * Takes a lock, whose owner inherits the rank of who waits for it (FUTEX_LOCK_PI2).
   *
   * <p>Sleeps while another thread owns the lock. The lock is handed over: when this returns {@link
   * LockStatus#LOCKED}, the word has named the caller since the moment of the hand-over. An owner
   * that ends without unlocking hands its lock to the first waiter, who is told by {@link
   * LockStatus#OWNER_DIED}; if nobody waits, the next one is refused with ESRCH.
   *
   * @param word a 32-bit word laid out as {@link OwnerWord} says
   * @param deadline when to give up, on its own clock; a lock that is free is taken even if it has
   *     been reached
   * @param rank the caller's rank: waiters of a higher rank come first, and lend it to the owner,
   *     along the whole chain of owners that wait for other such locks
   * @return LOCKED, OWNER_DIED, TIMED_OUT or INTERRUPTED
   * @throws FutexException with EDEADLK if the caller owns the lock, or would wait for itself
   *     through a chain of owners; with ESRCH if the word names an owner that does not exist; with
   *     EPERM if it names one that cannot be an owner; with EINVAL if the word says something else
   *     than its waiters, or plain waiters wait on it, or it is not 32 bits wide; with EFAULT if it
   *     cannot be read and written; with ENOSYS for a rank, where {@link Capabilities#ranks()} is
   *     false
   * @throws WrongThreadException on a virtual thread, where {@link Capabilities#pi()} excludes them
   */
  LockStatus lockPi(Word word, Deadline deadline, int rank);

  /**
   * Takes a lock, as {@link #lockPi(Word, Deadline, int)} with rank 0 and no deadline.
   *
   * @param word a 32-bit word laid out as {@link OwnerWord} says
   * @return LOCKED, OWNER_DIED or INTERRUPTED
   */
  default LockStatus lockPi(Word word) {
    return lockPi(word, Deadline.NEVER, 0);
  }

  /**
   * Takes a lock if it is free (FUTEX_TRYLOCK_PI); for words that a compare-and-set cannot take,
   * such as those of an owner that died. Sets {@link OwnerWord#WAITERS} in the word of a lock that
   * it finds owned, as the kernel does, so that its owner unlocks by the backend.
   *
   * @param word a 32-bit word laid out as {@link OwnerWord} says
   * @return LOCKED, OWNER_DIED or BUSY
   * @throws FutexException as {@link #lockPi(Word, Deadline, int)}
   * @throws WrongThreadException on a virtual thread, where {@link Capabilities#pi()} excludes them
   */
  LockStatus tryLockPi(Word word);

  /**
   * Releases a lock and hands it to the first of who waits (FUTEX_UNLOCK_PI). Clears {@link
   * OwnerWord#OWNER_DIED}.
   *
   * @param word a 32-bit word laid out as {@link OwnerWord} says
   * @throws FutexException with EPERM if the word does not name the caller; with EAGAIN if the word
   *     was changed meanwhile by who does not keep to the protocol; with EINVAL if it says
   *     something else than its waiters, or plain waiters wait on it; with EFAULT if it cannot be
   *     read and written
   * @throws WrongThreadException on a virtual thread, where {@link Capabilities#pi()} excludes them
   */
  void unlockPi(Word word);

  /**
   * Sleeps while a word holds a value, until {@link #compareRequeuePi} moves the caller to a lock
   * and the lock is handed to it (FUTEX_WAIT_REQUEUE_PI): a condition's wait. No other wake takes
   * such a waiter.
   *
   * @param word the word
   * @param expected the value, of which the low {@link Word#bits()} count
   * @param lock the lock that will be owned afterwards; another word
   * @param deadline when to give up, on its own clock, before the move and after it
   * @param rank the caller's rank, see {@link #lockPi(Word, Deadline, int)}
   * @return LOCKED or OWNER_DIED if the caller owns the lock; CHANGED, TIMED_OUT or INTERRUPTED if
   *     not
   * @throws FutexException with EINVAL if both words are the same; with EFAULT if a word cannot be
   *     accessed; with ENOSYS for a rank, where {@link Capabilities#ranks()} is false
   * @throws WrongThreadException on a virtual thread, where {@link Capabilities#pi()} excludes them
   */
  LockStatus awaitRequeuePi(Word word, long expected, Word lock, Deadline deadline, int rank);

  /**
   * Gives a lock to the first of who waits by {@link #awaitRequeuePi}, or makes it wait for the
   * lock's owner, and moves others behind it (FUTEX_CMP_REQUEUE_PI).
   *
   * @param from the word whose waiters are taken
   * @param expected the value it must hold, of which the low {@link Word#bits()} count
   * @param lock the lock they wait for, as they have stated
   * @param move how many to move at most, after the first; {@link Integer#MAX_VALUE} for all
   * @return how many were given the lock and moved, together; empty if the first word had changed
   * @throws IllegalArgumentException if the count is negative
   * @throws FutexException with EINVAL if a waiter waits otherwise or for another lock, or both
   *     words are the same; with EDEADLK if a waiter owns the lock or would wait for itself; with
   *     ESRCH, EPERM and EFAULT as {@link #lockPi(Word, Deadline, int)}. Those before the waiter
   *     that is refused have been moved.
   */
  OptionalInt compareRequeuePi(Word from, long expected, Word lock, int move);

  /**
   * What this backend does for locks that survive the end of their owner.
   *
   * @return always the same object
   */
  Robust robust();
}
