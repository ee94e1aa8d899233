package org.jfutex.shm;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jfutex.Errno;
import org.jfutex.LockStatus;
import org.jfutex.kernel.PosixCalls;
import org.jfutex.kernel.PosixCalls.Sharing;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;

/**
 * A {@code pthread_mutex_t} in a mapped file, shared with programs in C, C++ or whatever else calls
 * the C library: each operation here is a call of the C library of this process, which keeps what
 * it keeps in those 40 bytes. All processes must use the same C library, in versions of one layout.
 *
 * <p><b>Threads.</b> The owner is the thread of the operating system, so only platform threads may
 * call: a virtual one gets a {@link WrongThreadException}. A wait ends with the lock or at its
 * deadline: {@link Thread#interrupt} does not end it, and the interrupt flag is kept. Memory
 * effects are those of {@link java.util.concurrent.locks.Lock}, between processes too.
 *
 * <p><b>Memory.</b> While a call is in the memory the mapping cannot be closed: {@link
 * MappedFile#close} throws an IllegalStateException, because the C library would crash the process
 * on memory that is gone. After it was closed, every call here throws an IllegalStateException.
 * <em>Unlock every {@link Property#ROBUST} mutex before its mapping is closed:</em> the C library
 * keeps a list of those a thread holds, which would lead it into the memory that is gone. The file
 * must not be truncated below the mapping.
 *
 * <p><b>Trust.</b> Who can write to the memory can crash this process. Before each call the mutex's
 * kind is checked, and one that this C library would not itself write for a shared mutex is refused
 * with EINVAL: memory that is still zero, a private mutex, a destroyed one, one with priority
 * protection, garbage. What the kind does not show remains (probed with glibc 2.36): with {@link
 * Property#PRIORITY_INHERITANCE} an owner that does not exist, in a robust mutex, one that is a
 * thread of the kernel, or the mark of a dead owner in a mutex that is not robust fail an assertion
 * of the C library, which aborts the process; {@link #unlock} of a robust mutex follows two
 * pointers in the memory if it names the caller as owner. Other garbage makes a lock wait for an
 * owner that never comes.
 *
 * <p>Immutable; there may be many of these for one mutex.
 */
public final class PosixMutex {
  private static final SharedMark MARK = SharedMark.ofMutexes();

  private static final int RECURSIVE_TYPE = 1;
  private static final int ERROR_CHECKING_TYPE = 2;

  /** EBUSY of pthread_mutex_trylock, which the futex calls do not have. */
  private static final int EBUSY = 16;

  /** What a new mutex is to be besides mutually exclusive. */
  public enum Property {
    /** PTHREAD_MUTEX_ERRORCHECK: its owner gets EDEADLK for a lock, others EPERM for an unlock. */
    ERROR_CHECKING,
    /** PTHREAD_MUTEX_RECURSIVE: its owner may lock it again, and unlocks it as often. */
    RECURSIVE,
    /** PTHREAD_MUTEX_ROBUST: the next owner is told that the last one ended and held it. */
    ROBUST,
    /**
     * PTHREAD_PRIO_INHERIT: its owner runs with the priority of who waits. To be given together
     * with ROBUST where the owner may be killed: without, glibc aborts the processes that wait for
     * it then, this one too.
     */
    PRIORITY_INHERITANCE
  }

  private final PosixObject object;

  private PosixMutex(PosixObject object) {
    this.object = object;
  }

  /**
   * The mutex at a place. It may be initialized later, by any process; before that it is refused.
   *
   * @param file a mapping of the file
   * @param offset where the mutex is in the mapping, in bytes; a multiple of 8
   * @return the mutex
   * @throws IndexOutOfBoundsException if its 40 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8
   */
  public static PosixMutex at(MappedFile file, long offset) {
    return new PosixMutex(
        PosixObject.at("posix mutex", file, offset, PosixCalls.MUTEX_BYTES, MARK));
  }

  /**
   * Initializes a process-shared mutex, free, whatever was there before; as pthread_mutex_init(3p).
   * Nobody may use the place meanwhile.
   *
   * @param file a mapping of the file
   * @param offset where the mutex is in the mapping, in bytes; a multiple of 8
   * @param properties what it is to be; nothing for a mutex that checks nothing: its owner's second
   *     lock waits for ever, and anybody can unlock it
   * @return the mutex
   * @throws IndexOutOfBoundsException if its 40 bytes are not within the mapping
   * @throws IllegalArgumentException if the offset is not a multiple of 8, or the mutex is to be
   *     both error-checking and recursive
   * @throws UnsupportedOperationException where the C library has no such function, or this is not
   *     Linux on amd64
   */
  public static PosixMutex create(MappedFile file, long offset, Property... properties) {
    Set<Property> set = EnumSet.noneOf(Property.class);
    set.addAll(Arrays.asList(properties));
    boolean recursive = set.contains(Property.RECURSIVE);
    boolean checking = set.contains(Property.ERROR_CHECKING);
    if (recursive && checking) {
      throw new IllegalArgumentException(set + ": expected at most one of the first two");
    }
    PosixMutex mutex = at(file, offset);
    mutex.object.check(
        PosixCalls.initMutex(
            mutex.object.memory(),
            Sharing.SHARED,
            recursive ? RECURSIVE_TYPE : checking ? ERROR_CHECKING_TYPE : 0,
            set.contains(Property.ROBUST) ? 1 : 0,
            set.contains(Property.PRIORITY_INHERITANCE) ? 1 : 0));
    return mutex;
  }

  /**
   * Takes the lock; as pthread_mutex_lock(3p).
   *
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock, see {@link
   *     #consistent}
   * @throws org.jfutex.FutexException as {@link #lock(Deadline)}
   */
  public LockStatus lock() {
    return lock(Deadline.NEVER);
  }

  /**
   * Takes the lock, or gives up at a deadline, on the deadline's own clock; as
   * pthread_mutex_clocklock.
   *
   * @param deadline when to give up; a lock that is free is taken even if it has been reached
   * @return LOCKED; OWNER_DIED if the last owner ended while it held the lock; TIMED_OUT
   * @throws org.jfutex.FutexException with EDEADLK if the calling thread holds a lock that notices;
   *     with ENOTRECOVERABLE if a last owner ended and the one after it unlocked without {@link
   *     #consistent}; with EAGAIN if a recursive lock is held too many times; with EINVAL if there
   *     is no process-shared mutex
   * @throws UnsupportedOperationException if the C library cannot wait for that clock
   */
  public LockStatus lock(Deadline deadline) {
    object.checkPlatformThread();
    return status(PosixCalls.lockMutex(object.checked(), deadline));
  }

  /**
   * Takes the lock if it is free; as pthread_mutex_trylock(3p). After an ENOTRECOVERABLE from here
   * glibc leaves the mutex so that others wait for ever, where they would have got the same (seen
   * in 2.36, without priority inheritance); {@link #lock(Deadline)} with a deadline that has been
   * reached does not.
   *
   * @return LOCKED, OWNER_DIED or BUSY; BUSY also for the owner of a lock that is not recursive
   * @throws org.jfutex.FutexException as {@link #lock(Deadline)}
   */
  public LockStatus tryLock() {
    object.checkPlatformThread();
    int error = PosixCalls.tryLockMutex(object.checked());
    return error == EBUSY ? LockStatus.BUSY : status(error);
  }

  private LockStatus status(int error) {
    if (error == 0) {
      return LockStatus.LOCKED;
    }
    if (error == Errno.EOWNERDEAD.number()) {
      return LockStatus.OWNER_DIED;
    }
    if (error == Errno.ETIMEDOUT.number()) {
      return LockStatus.TIMED_OUT;
    }
    throw object.refused(error);
  }

  /**
   * Frees the lock; as pthread_mutex_unlock(3p). After an OWNER_DIED without {@link #consistent} it
   * makes the lock unusable: everybody who waits, and who comes later, gets ENOTRECOVERABLE.
   *
   * @throws org.jfutex.FutexException with EPERM if the calling thread does not hold a lock that
   *     notices, which is any but the one without properties; with EINVAL if there is no
   *     process-shared mutex
   */
  public void unlock() {
    object.checkPlatformThread();
    object.check(PosixCalls.unlockMutex(object.checked()));
  }

  /**
   * Declares that what the lock protects is whole again, by the one who got OWNER_DIED, before its
   * unlock; as pthread_mutex_consistent(3p).
   *
   * @throws org.jfutex.FutexException with EINVAL if nobody has to, as the last owner has unlocked
   *     or the lock is not robust
   */
  public void consistent() {
    object.checkPlatformThread();
    object.check(PosixCalls.makeMutexConsistent(object.checked()));
  }

  /** The bytes, for a wait on a condition variable. */
  MemorySegment checkedMemory() {
    return object.checked();
  }

  @Override
  public String toString() {
    return object.name();
  }
}
