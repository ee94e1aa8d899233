package org.jfutex.shm;

import org.jfutex.Errno;
import org.jfutex.kernel.PosixCalls;
import org.jfutex.kernel.PosixCalls.Sharing;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;

/**
 * A {@code sem_t} in a mapped file: a counter that any process can raise, and lower while it is
 * more than 0. Each operation is a call of the C library of this process, and what is said at
 * {@link PosixMutex} of interrupts, of closing and of the C library's version holds here too. A
 * semaphore has no owner, so virtual threads may use what does not wait.
 *
 * <p>Raising it happens before the lowering that it allows, between processes too.
 *
 * <p><b>Trust.</b> Before each call one field is checked, by which the C library knows a
 * process-shared semaphore; what does not have it is refused with EINVAL. Whatever else is in the
 * memory is a value to the C library (probed with glibc 2.36).
 *
 * <p>Immutable; there may be many of these for one semaphore.
 */
public final class PosixSemaphore {
  private static final SharedMark MARK = SharedMark.ofSemaphores();

  private final PosixObject object;

  private PosixSemaphore(PosixObject object) {
    this.object = object;
  }

  /**
   * The semaphore at a place. It may be initialized later, by any process; before that it is
   * refused.
   *
   * @param file a mapping of the file
   * @param offset where it is in the mapping, in bytes; a multiple of 8
   * @return the semaphore
   * @throws IndexOutOfBoundsException if its 32 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8
   */
  public static PosixSemaphore at(MappedFile file, long offset) {
    return new PosixSemaphore(
        PosixObject.at("posix semaphore", file, offset, PosixCalls.SEMAPHORE_BYTES, MARK));
  }

  /**
   * Initializes a process-shared semaphore, whatever was there before; as sem_init(3p). Nobody may
   * use the place meanwhile.
   *
   * @param file a mapping of the file
   * @param offset where it is in the mapping, in bytes; a multiple of 8
   * @param value its first value, from 0
   * @return the semaphore
   * @throws IndexOutOfBoundsException if its 32 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8, or the value is negative
   * @throws UnsupportedOperationException where the C library has no such function, or this is not
   *     Linux on amd64
   */
  public static PosixSemaphore create(MappedFile file, long offset, int value) {
    if (value < 0) {
      throw new IllegalArgumentException("value " + value + ": expected 0 or more");
    }
    PosixSemaphore semaphore = at(file, offset);
    semaphore.object.check(
        PosixCalls.initSemaphore(semaphore.object.memory(), Sharing.SHARED, value));
    return semaphore;
  }

  /**
   * Lowers the value by one, and waits before until it is more than 0; as sem_wait(3p).
   *
   * @throws org.jfutex.FutexException as {@link #acquire(Deadline)}
   * @throws WrongThreadException on a virtual thread, whose carrier it would hold
   */
  public void acquire() {
    boolean _ = acquire(Deadline.NEVER);
  }

  /**
   * Lowers the value by one, and waits before until it is more than 0, or gives up at a deadline,
   * on the deadline's own clock; as sem_clockwait.
   *
   * @param deadline when to give up; a value above 0 is lowered even if it has been reached
   * @return whether the value was lowered; false if the deadline was reached
   * @throws org.jfutex.FutexException with EINVAL if there is no process-shared semaphore
   * @throws WrongThreadException on a virtual thread, whose carrier it would hold
   * @throws UnsupportedOperationException if the C library cannot wait for that clock
   */
  public boolean acquire(Deadline deadline) {
    object.checkPlatformThread();
    return isLowered(
        PosixCalls.awaitSemaphore(object.checked(), deadline), Errno.ETIMEDOUT.number());
  }

  /**
   * Lowers the value by one if it is more than 0; as sem_trywait(3p).
   *
   * @return whether it was
   * @throws org.jfutex.FutexException as {@link #acquire(Deadline)}
   */
  public boolean tryAcquire() {
    return isLowered(PosixCalls.tryAwaitSemaphore(object.checked()), Errno.EAGAIN.number());
  }

  private boolean isLowered(int error, int notDone) {
    if (error == notDone) {
      return false;
    }
    object.check(error);
    return true;
  }

  /**
   * Raises the value by one and wakes one who waits; as sem_post(3p).
   *
   * @throws org.jfutex.FutexException with EOVERFLOW if the value is 2^31 - 1; with EINVAL if there
   *     is no process-shared semaphore
   */
  public void release() {
    object.check(PosixCalls.postSemaphore(object.checked()));
  }

  /**
   * The value, which may change any time; as sem_getvalue(3p).
   *
   * @return 0 if there may be others who wait
   * @throws org.jfutex.FutexException with EINVAL if there is no process-shared semaphore
   */
  public int value() {
    return PosixCalls.semaphoreValue(object.checked());
  }

  @Override
  public String toString() {
    return object.name();
  }
}
