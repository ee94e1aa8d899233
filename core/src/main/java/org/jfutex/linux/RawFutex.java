package org.jfutex.linux;

import static org.jfutex.linux.Call.error;

import java.util.List;
import org.jfutex.AnyWait;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.engine.AsyncWait;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.Task;
import org.jfutex.engine.WaitListener;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/**
 * The futex system calls, bit for bit as Linux 6.18 answers them: futex(2), futex_waitv(2),
 * futex_wake(2), futex_wait(2), futex_requeue(2), set_robust_list(2) and get_robust_list(2), with
 * their registers as arguments and a negative errno for an error. Waiters that come in here and
 * waiters of the typed interface wait in the same queues, if they wait on words with equal keys.
 *
 * <p>A thread of this JVM comes in by {@link #call} and sleeps in it; anybody else is stood for by
 * a {@link RemoteCaller} and comes in by {@link #submit}, which never sleeps. Both decode alike.
 *
 * <p>The priority-inheritance operations and robust lists are for callers that have a {@link
 * Caller#task()} and come in by {@link #call}. The others have the timeout and the clock checked
 * and are then answered ENOSYS, as by a kernel without CONFIG_FUTEX_PI.
 *
 * <p>Registers may hold anything: no argument raises an exception. What does come through is what
 * the {@link AddressSpace} throws, other than {@link WordFault}, which is EFAULT.
 *
 * <p>Memory effects are those of the typed operations; see the documentation of {@code org.jfutex}.
 * Safe for use by many threads.
 */
public final class RawFutex {
  private final JvmFutex engine;

  /**
   * The system calls over an engine.
   *
   * @param engine where the waiters queue
   */
  public RawFutex(JvmFutex engine) {
    this.engine = engine;
  }

  /**
   * Executes a system call for a thread of this JVM, and sleeps if the call sleeps.
   *
   * <p>A sleep of an interrupted thread ends with -EINTR and leaves the interrupt flag set. Of the
   * restarts in signal(7) this face knows none: who serves a guest calls again.
   *
   * @param caller the thread
   * @param nr the x86-64 system call number; see {@link Operation}
   * @param a0 the first argument register
   * @param a1 the second
   * @param a2 the third
   * @param a3 the fourth
   * @param a4 the fifth
   * @param a5 the sixth
   * @return a count, an index, 0, or a negative errno
   */
  public long call(Caller caller, long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    return execute(new BlockingCall(engine, caller), nr, a0, a1, a2, a3, a4, a5);
  }

  /**
   * Executes a system call for somebody else and never sleeps. If the call does, the caller is told
   * its result later, by another thread and possibly before this method returns.
   *
   * @param caller who makes the call
   * @param nr the x86-64 system call number; see {@link Operation}
   * @param a0 the first argument register
   * @param a1 the second
   * @param a2 the third
   * @param a3 the fourth
   * @param a4 the fifth
   * @param a5 the sixth
   * @return the result, or the sleep
   */
  public Submitted submit(
      RemoteCaller caller, long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    SubmittedCall call = new SubmittedCall(engine, caller);
    long result = execute(call, nr, a0, a1, a2, a3, a4, a5);
    return new Submitted(result, call.sleep);
  }

  /**
   * A thread ends: its robust list is walked, then its locks that somebody waits for are handed on
   * (futex_exit_release in kernel/futex/core.c). Does nothing for a caller without a task.
   *
   * @param caller the thread, which makes no call any more
   */
  public void exit(Caller caller) {
    @Nullable Task task = caller.task();
    if (task == null) {
      return;
    }
    engine.beginExit(task);
    try {
      @Nullable RobustList list = caller.robustList(0);
      if (list != null) {
        new RobustWalk(new BlockingCall(engine, caller), task).walk(list.head());
      }
    } finally {
      engine.endExit(task);
    }
  }

  private static long execute(
      Call call, long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    @Nullable Operation operation = Operation.of(nr, a1);
    if (operation == null) {
      return error(Errno.ENOSYS);
    }
    try {
      return switch (operation) {
        case FUTEX_WAITV -> Futex2Calls.waitv(call, a0, (int) a1, (int) a2, a3, (int) a4);
        case FUTEX_WAKE -> Futex2Calls.wake(call, a0, a1, (int) a2, (int) a3);
        case FUTEX_WAIT -> Futex2Calls.wait(call, a0, a1, a2, (int) a3, a4, (int) a5);
        case SET_ROBUST_LIST -> RobustCalls.set(call, a0, a1);
        case GET_ROBUST_LIST -> RobustCalls.get(call, (int) a0, a1, a2);
        case FUTEX_REQUEUE -> Futex2Calls.requeue(call, a0, (int) a1, (int) a2, (int) a3);
        default ->
            (int) nr == Operation.NR_FUTEX_TIME64 && !call.is32Bit()
                ? error(Errno.ENOSYS)
                : new FutexCall(call, operation, nr, a0, a1, a2, a3, a4, a5).execute();
      };
    } catch (FutexException e) {
      return error(e.errno());
    } catch (WordFault e) {
      return error(Errno.EFAULT);
    }
  }

  /** The result that reports how a wait ended. */
  private static long result(WaitStatus status, long woken) {
    @Nullable Errno errno = status.errno();
    return errno == null ? woken : error(errno);
  }

  /** Sleeps on the thread that makes the call. */
  private static final class BlockingCall extends Call {
    BlockingCall(JvmFutex engine, Caller caller) {
      super(engine, caller);
    }

    @Override
    @Nullable Task task() {
      return caller.task();
    }

    @Override
    long sleep(Word word, long expected, Deadline deadline, WaitOptions options) {
      return result(engine.await(word, expected, deadline, options), 0);
    }

    @Override
    long sleepAny(List<WaitEntry> entries, Deadline deadline, WaitOptions options) {
      AnyWait end = engine.awaitAny(entries, deadline, options);
      return result(end.status(), end.index());
    }
  }

  /**
   * Queues the remote caller and tells it later; a call sleeps once at most. A wait on one word is
   * a vector of one: the entry that was woken is 0, and so is its result.
   */
  private static final class SubmittedCall extends Call implements WaitListener {
    private final RemoteCaller remote;
    private @Nullable AsyncWait sleep;

    SubmittedCall(JvmFutex engine, RemoteCaller remote) {
      super(engine, remote);
      this.remote = remote;
    }

    /** None: who waits for a lock sleeps on a thread of its own. */
    @Override
    @Nullable Task task() {
      return null;
    }

    @Override
    long sleep(Word word, long expected, Deadline deadline, WaitOptions options) {
      return queue(List.of(new WaitEntry(word, expected)), deadline, options);
    }

    @Override
    long sleepAny(List<WaitEntry> entries, Deadline deadline, WaitOptions options) {
      return queue(entries, deadline, options);
    }

    private long queue(List<WaitEntry> entries, Deadline deadline, WaitOptions options) {
      AsyncWait wait = engine.enqueue(entries, deadline, options, this);
      @Nullable AnyWait end = wait.immediate();
      if (end != null) {
        return result(end.status(), end.index());
      }
      sleep = wait;
      return 0;
    }

    @Override
    public boolean onOutcome(WaitStatus status, int index) {
      return remote.complete(result(status, index));
    }

    @Override
    public String toString() {
      return remote.toString();
    }
  }
}
