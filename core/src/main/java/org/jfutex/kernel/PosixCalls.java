package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;

/**
 * The C library's own mutexes, condition variables and semaphores: pthread_mutex_lock(3),
 * pthread_cond_wait(3), sem_wait(3) and their kin. Each call gives 0 or a positive errno.
 *
 * <p>The C library reads and writes what is in the memory as it is, and its owner of a mutex is the
 * thread of the operating system that makes the call. A call that blocks holds that thread, and
 * nothing but its deadline ends it early. The memory's arena cannot be closed while a call is in
 * it: {@code close} throws an IllegalStateException then, and nothing is unmapped under the C
 * library.
 *
 * <p>What the C library does not have throws an UnsupportedOperationException that names it, when
 * it is called. Deadlines on the monotonic clock need glibc 2.30; they are not turned into others.
 */
public final class PosixCalls {
  /** Bytes of a pthread_mutex_t on x86-64, in glibc and musl. */
  public static final long MUTEX_BYTES = 40;

  /** Bytes of a pthread_cond_t. */
  public static final long CONDVAR_BYTES = 48;

  /** Bytes of a sem_t. */
  public static final long SEMAPHORE_BYTES = 32;

  /** Room for an attribute object of 4 to 8 bytes. */
  private static final long ATTRIBUTE_BYTES = 64;

  private static final long TIMESPEC_BYTES = 16;
  private static final int EINTR = 4;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout POINTER = ValueLayout.ADDRESS;
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private static final SymbolLookup LIBRARY =
      library(System.getProperty("os.name"), System.getProperty("os.arch"));

  private static final MethodHandle MUTEXATTR_INIT = link("pthread_mutexattr_init", POINTER);
  private static final MethodHandle MUTEXATTR_PSHARED =
      link("pthread_mutexattr_setpshared", POINTER, INT);
  private static final MethodHandle MUTEXATTR_TYPE =
      link("pthread_mutexattr_settype", POINTER, INT);
  private static final MethodHandle MUTEXATTR_ROBUST =
      link("pthread_mutexattr_setrobust", POINTER, INT);
  private static final MethodHandle MUTEXATTR_PROTOCOL =
      link("pthread_mutexattr_setprotocol", POINTER, INT);
  private static final MethodHandle MUTEX_INIT = link("pthread_mutex_init", POINTER, POINTER);
  private static final MethodHandle MUTEX_TRYLOCK = link("pthread_mutex_trylock", POINTER);
  private static final MethodHandle MUTEX_TIMEDLOCK =
      link("pthread_mutex_timedlock", POINTER, POINTER);
  private static final MethodHandle MUTEX_CLOCKLOCK =
      link("pthread_mutex_clocklock", POINTER, INT, POINTER);
  private static final MethodHandle MUTEX_UNLOCK = link("pthread_mutex_unlock", POINTER);
  private static final MethodHandle MUTEX_CONSISTENT = link("pthread_mutex_consistent", POINTER);

  private static final MethodHandle CONDATTR_INIT = link("pthread_condattr_init", POINTER);
  private static final MethodHandle CONDATTR_PSHARED =
      link("pthread_condattr_setpshared", POINTER, INT);
  private static final MethodHandle COND_INIT = link("pthread_cond_init", POINTER, POINTER);
  private static final MethodHandle COND_WAIT = link("pthread_cond_wait", POINTER, POINTER);
  private static final MethodHandle COND_CLOCKWAIT =
      link("pthread_cond_clockwait", POINTER, POINTER, INT, POINTER);
  private static final MethodHandle COND_SIGNAL = link("pthread_cond_signal", POINTER);
  private static final MethodHandle COND_BROADCAST = link("pthread_cond_broadcast", POINTER);

  private static final MethodHandle SEM_INIT = linkWithErrno("sem_init", POINTER, INT, INT);
  private static final MethodHandle SEM_WAIT = linkWithErrno("sem_wait", POINTER);
  private static final MethodHandle SEM_TIMEDWAIT =
      linkWithErrno("sem_timedwait", POINTER, POINTER);
  private static final MethodHandle SEM_CLOCKWAIT =
      linkWithErrno("sem_clockwait", POINTER, INT, POINTER);
  private static final MethodHandle SEM_TRYWAIT = linkWithErrno("sem_trywait", POINTER);
  private static final MethodHandle SEM_POST = linkWithErrno("sem_post", POINTER);
  private static final MethodHandle SEM_GETVALUE = link("sem_getvalue", POINTER, POINTER);

  /** The farthest point in time, on the clock that every library and kernel can wait on. */
  private static final MemorySegment NEVER = timespec(Arena.global(), Long.MAX_VALUE, 0);

  private PosixCalls() {}

  /** The functions of the C library, none at all where the sizes above are not known to hold. */
  static SymbolLookup library(String os, String arch) {
    if (!os.equals("Linux") || !arch.equals("amd64")) {
      return _ -> Optional.empty();
    }
    SymbolLookup libc = Linker.nativeLinker().defaultLookup();
    if (libc.find("pthread_mutex_timedlock").isPresent()) {
      return libc;
    }
    try { // before glibc 2.34 in a library of its own
      return libc.or(SymbolLookup.libraryLookup("libpthread.so.0", Arena.global()));
    } catch (IllegalArgumentException | IllegalCallerException e) {
      return libc; // what is missing is told when it is called
    }
  }

  private static MethodHandle link(String name, ValueLayout... arguments) {
    return link(LIBRARY, name, FunctionDescriptor.of(INT, arguments));
  }

  private static MethodHandle linkWithErrno(String name, ValueLayout... arguments) {
    return link(
        LIBRARY,
        name,
        FunctionDescriptor.of(INT, arguments),
        Linker.Option.captureCallState("errno"));
  }

  /** A function, or one of the same type that tells why it is missing. */
  static MethodHandle link(
      SymbolLookup library, String name, FunctionDescriptor type, Linker.Option... options) {
    Optional<MemorySegment> function = library.find(name);
    if (function.isPresent()) {
      try {
        return Linker.nativeLinker().downcallHandle(function.get(), type, options);
      } catch (IllegalCallerException e) {
        return missing("needs native access (%s)".formatted(e.getMessage()), type, options);
      }
    }
    return missing(
        "needs %s of a C library on Linux on amd64, glibc 2.30 for all calls; it is not there"
            .formatted(name),
        type,
        options);
  }

  private static MethodHandle missing(
      String reason, FunctionDescriptor type, Linker.Option... options) {
    MethodType full = type.toMethodType();
    if (options.length > 0) {
      full = full.insertParameterTypes(0, MemorySegment.class); // the captured state
    }
    try {
      MethodHandle exception =
          MethodHandles.publicLookup()
              .findConstructor(
                  UnsupportedOperationException.class,
                  MethodType.methodType(void.class, String.class))
              .bindTo("the POSIX view " + reason);
      MethodHandle thrower =
          MethodHandles.collectArguments(
              MethodHandles.throwException(int.class, UnsupportedOperationException.class),
              0,
              exception);
      return MethodHandles.dropArguments(thrower, 0, full.parameterList());
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Who may use an object. */
  public enum Sharing {
    /** PTHREAD_PROCESS_PRIVATE: the threads of one process. */
    PRIVATE,
    /** PTHREAD_PROCESS_SHARED: all who map the memory. */
    SHARED
  }

  /**
   * Calls pthread_mutex_init with attributes.
   *
   * @param mutex its memory
   * @param sharing the argument of pthread_mutexattr_setpshared
   * @param type that of settype: 0 for PTHREAD_MUTEX_NORMAL, 1 RECURSIVE, 2 ERRORCHECK
   * @param robust that of setrobust: 1 for PTHREAD_MUTEX_ROBUST
   * @param protocol that of setprotocol: 1 for PTHREAD_PRIO_INHERIT
   * @return 0 or an errno
   */
  public static int initMutex(
      MemorySegment mutex, Sharing sharing, int type, int robust, int protocol) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
      int error = call(MUTEXATTR_INIT, attributes);
      if (error == 0) {
        error = call(MUTEXATTR_PSHARED, attributes, flag(sharing));
      }
      if (error == 0) {
        error = call(MUTEXATTR_TYPE, attributes, type);
      }
      if (error == 0) {
        error = call(MUTEXATTR_ROBUST, attributes, robust);
      }
      if (error == 0) {
        error = call(MUTEXATTR_PROTOCOL, attributes, protocol);
      }
      return error != 0 ? error : call(MUTEX_INIT, mutex, attributes);
    }
  }

  /**
   * Calls pthread_mutex_trylock.
   *
   * @param mutex its memory
   * @return 0 or an errno
   */
  public static int tryLockMutex(MemorySegment mutex) {
    return call(MUTEX_TRYLOCK, mutex);
  }

  /**
   * Calls pthread_mutex_timedlock or pthread_mutex_clocklock, the former also without a deadline:
   * pthread_mutex_lock itself aborts the process where a free mutex names an owner.
   *
   * @param mutex its memory
   * @param deadline when to give up
   * @return 0 or an errno
   */
  public static int lockMutex(MemorySegment mutex, Deadline deadline) {
    if (deadline.isNever()) {
      return call(MUTEX_TIMEDLOCK, mutex, NEVER);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = timespec(arena, deadline);
      return deadline.clock() == ClockId.REALTIME
          ? call(MUTEX_TIMEDLOCK, mutex, time)
          : (int) MUTEX_CLOCKLOCK.invokeExact(mutex, deadline.clock().linuxId(), time);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Calls pthread_mutex_unlock.
   *
   * @param mutex its memory
   * @return 0 or an errno
   */
  public static int unlockMutex(MemorySegment mutex) {
    return call(MUTEX_UNLOCK, mutex);
  }

  /**
   * Calls pthread_mutex_consistent.
   *
   * @param mutex its memory
   * @return 0 or an errno
   */
  public static int makeMutexConsistent(MemorySegment mutex) {
    return call(MUTEX_CONSISTENT, mutex);
  }

  /**
   * Calls pthread_cond_init with attributes.
   *
   * @param condvar its memory
   * @param sharing the argument of pthread_condattr_setpshared
   * @return 0 or an errno
   */
  public static int initCondvar(MemorySegment condvar, Sharing sharing) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
      int error = call(CONDATTR_INIT, attributes);
      if (error == 0) {
        error = call(CONDATTR_PSHARED, attributes, flag(sharing));
      }
      return error != 0 ? error : call(COND_INIT, condvar, attributes);
    }
  }

  /**
   * Calls pthread_cond_wait or pthread_cond_clockwait; not timedwait, whose clock is written in the
   * condition variable.
   *
   * @param condvar its memory
   * @param mutex the mutex's
   * @param deadline when to give up
   * @return 0 or an errno
   */
  public static int awaitCondvar(MemorySegment condvar, MemorySegment mutex, Deadline deadline) {
    if (deadline.isNever()) {
      return call(COND_WAIT, condvar, mutex);
    }
    try (Arena arena = Arena.ofConfined()) {
      int clock = deadline.clock().linuxId();
      MemorySegment time = timespec(arena, deadline);
      return (int) COND_CLOCKWAIT.invokeExact(condvar, mutex, clock, time);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Calls pthread_cond_signal.
   *
   * @param condvar its memory
   * @return 0 or an errno
   */
  public static int signalCondvar(MemorySegment condvar) {
    return call(COND_SIGNAL, condvar);
  }

  /**
   * Calls pthread_cond_broadcast.
   *
   * @param condvar its memory
   * @return 0 or an errno
   */
  public static int broadcastCondvar(MemorySegment condvar) {
    return call(COND_BROADCAST, condvar);
  }

  /**
   * Calls sem_init.
   *
   * @param semaphore its memory
   * @param sharing the argument pshared
   * @param value its first value, an unsigned number to the C library
   * @return 0 or an errno
   */
  public static int initSemaphore(MemorySegment semaphore, Sharing sharing, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return failure((int) SEM_INIT.invokeExact(state, semaphore, flag(sharing), value), state);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Calls sem_wait, sem_timedwait or sem_clockwait, again if a signal has ended it.
   *
   * @param semaphore its memory
   * @param deadline when to give up
   * @return 0 or an errno
   */
  public static int awaitSemaphore(MemorySegment semaphore, Deadline deadline) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment time = deadline.isNever() ? NEVER : timespec(arena, deadline);
      while (true) {
        int result;
        if (deadline.isNever()) {
          result = call(SEM_WAIT, state, semaphore);
        } else if (deadline.clock() == ClockId.REALTIME) {
          result = (int) SEM_TIMEDWAIT.invokeExact(state, semaphore, time);
        } else {
          int clock = deadline.clock().linuxId();
          result = (int) SEM_CLOCKWAIT.invokeExact(state, semaphore, clock, time);
        }
        int error = failure(result, state);
        if (error != EINTR) {
          return error;
        }
      }
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Calls sem_trywait.
   *
   * @param semaphore its memory
   * @return 0 or an errno
   */
  public static int tryAwaitSemaphore(MemorySegment semaphore) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return failure(call(SEM_TRYWAIT, state, semaphore), state);
    }
  }

  /**
   * Calls sem_post.
   *
   * @param semaphore its memory
   * @return 0 or an errno
   */
  public static int postSemaphore(MemorySegment semaphore) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return failure(call(SEM_POST, state, semaphore), state);
    }
  }

  /**
   * Calls sem_getvalue, which cannot fail.
   *
   * @param semaphore its memory
   * @return the value
   */
  public static int semaphoreValue(MemorySegment semaphore) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(INT);
      int _ = call(SEM_GETVALUE, semaphore, value);
      return value.get(INT, 0);
    }
  }

  private static int call(MethodHandle function, MemorySegment a) {
    try {
      return (int) function.invokeExact(a);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static int call(MethodHandle function, MemorySegment a, MemorySegment b) {
    try {
      return (int) function.invokeExact(a, b);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static int call(MethodHandle function, MemorySegment a, int b) {
    try {
      return (int) function.invokeExact(a, b);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static int flag(Sharing sharing) {
    return sharing == Sharing.SHARED ? 1 : 0;
  }

  private static int failure(int result, MemorySegment state) {
    return result == 0 ? 0 : state.get(INT, ERRNO_OFFSET);
  }

  private static MemorySegment timespec(Arena arena, Deadline deadline) {
    MemorySegment time = timespec(arena, 0, 0);
    Sleeper.writeTimeout(time, 0, deadline);
    return time;
  }

  private static MemorySegment timespec(Arena arena, long seconds, long nanos) {
    MemorySegment time = arena.allocate(TIMESPEC_BYTES, Long.BYTES);
    time.set(ValueLayout.JAVA_LONG, 0, seconds);
    time.set(ValueLayout.JAVA_LONG, Long.BYTES, nanos);
    return time;
  }

  private static RuntimeException unchecked(Throwable e) {
    return switch (e) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> throw new AssertionError("a C function throws nothing checked", e);
    };
  }
}
