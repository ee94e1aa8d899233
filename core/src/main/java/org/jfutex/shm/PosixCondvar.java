package org.jfutex.shm;

import java.lang.foreign.MemorySegment;
import org.jfutex.Errno;
import org.jfutex.kernel.PosixCalls;
import org.jfutex.kernel.PosixCalls.Sharing;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;

/**
 * A {@code pthread_cond_t} in a mapped file: the condition variable of a {@link PosixMutex}, of
 * which all that is said there of threads, of interrupts and of closing holds here too. Each
 * operation is a call of the C library of this process.
 *
 * <p><b>Trust.</b> Before each call one bit is checked, by which the C library knows a
 * process-shared condition variable; what does not have it is refused with EINVAL. With garbage
 * behind that bit a wait, a signal or a broadcast may hang for ever, or a wait return early (probed
 * with glibc 2.36); nothing aborts. A process that is killed while it waits can leave the same
 * behind: condition variables are not robust, and who must survive that initializes a new one.
 *
 * <p>Immutable; there may be many of these for one condition variable.
 */
public final class PosixCondvar {
  private static final SharedMark MARK = SharedMark.ofCondvars();

  /** How a wait ended. The calling thread holds the mutex again, in each case. */
  public enum Outcome {
    /** By a signal, or without any: look at what was waited for. */
    WOKEN,
    /** At its deadline. */
    TIMED_OUT,
    /**
     * The mutex's last owner ended while it held it; see {@link PosixMutex#consistent}. Whether the
     * wait itself was ended by a signal or its deadline is not known.
     */
    OWNER_DIED
  }

  private final PosixObject object;

  private PosixCondvar(PosixObject object) {
    this.object = object;
  }

  /**
   * The condition variable at a place. It may be initialized later, by any process; before that it
   * is refused.
   *
   * @param file a mapping of the file
   * @param offset where it is in the mapping, in bytes; a multiple of 8
   * @return the condition variable
   * @throws IndexOutOfBoundsException if its 48 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8
   */
  public static PosixCondvar at(MappedFile file, long offset) {
    return new PosixCondvar(
        PosixObject.at("posix condvar", file, offset, PosixCalls.CONDVAR_BYTES, MARK));
  }

  /**
   * Initializes a process-shared condition variable, whatever was there before; as
   * pthread_cond_init(3p). Nobody may use the place meanwhile.
   *
   * @param file a mapping of the file
   * @param offset where it is in the mapping, in bytes; a multiple of 8
   * @return the condition variable
   * @throws IndexOutOfBoundsException if its 48 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8
   * @throws UnsupportedOperationException where the C library has no such function, or this is not
   *     Linux on amd64
   */
  public static PosixCondvar create(MappedFile file, long offset) {
    PosixCondvar condvar = at(file, offset);
    condvar.object.check(PosixCalls.initCondvar(condvar.object.memory(), Sharing.SHARED));
    return condvar;
  }

  /**
   * Unlocks a mutex, waits, and locks it again; as pthread_cond_wait(3p).
   *
   * @param mutex what the calling thread holds, once if it is recursive
   * @return WOKEN or OWNER_DIED
   * @throws org.jfutex.FutexException as {@link #await(PosixMutex, Deadline)}
   */
  public Outcome await(PosixMutex mutex) {
    return await(mutex, Deadline.NEVER);
  }

  /**
   * Unlocks a mutex, waits until a deadline at most, on the deadline's own clock, and locks it
   * again, however long that takes; as pthread_cond_clockwait.
   *
   * @param mutex what the calling thread holds, once if it is recursive
   * @param deadline when to give up
   * @return WOKEN, TIMED_OUT or OWNER_DIED
   * @throws org.jfutex.FutexException with EPERM if the calling thread does not hold a mutex that
   *     notices; with ENOTRECOVERABLE if the mutex cannot be taken again, and is not held then;
   *     with EINVAL if there is no process-shared condition variable or mutex
   * @throws UnsupportedOperationException if the C library cannot wait for a given clock
   */
  public Outcome await(PosixMutex mutex, Deadline deadline) {
    object.checkPlatformThread();
    MemorySegment memory = object.checked();
    int error = PosixCalls.awaitCondvar(memory, mutex.checkedMemory(), deadline);
    if (error == 0) {
      return Outcome.WOKEN;
    }
    if (error == Errno.ETIMEDOUT.number()) {
      return Outcome.TIMED_OUT;
    }
    if (error == Errno.EOWNERDEAD.number()) {
      return Outcome.OWNER_DIED;
    }
    throw object.refused(error);
  }

  /**
   * Wakes one who waits, if anybody does; as pthread_cond_signal(3p). It may have to wait itself,
   * for those who were woken before.
   *
   * @throws org.jfutex.FutexException with EINVAL if there is no process-shared condition variable
   */
  public void signal() {
    object.checkPlatformThread();
    object.check(PosixCalls.signalCondvar(object.checked()));
  }

  /**
   * Wakes all who wait; as pthread_cond_broadcast(3p).
   *
   * @throws org.jfutex.FutexException as {@link #signal}
   */
  public void signalAll() {
    object.checkPlatformThread();
    object.check(PosixCalls.broadcastCondvar(object.checked()));
  }

  @Override
  public String toString() {
    return object.name();
  }
}
