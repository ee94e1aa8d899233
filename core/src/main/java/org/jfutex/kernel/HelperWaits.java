package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jfutex.FutexException;
import org.jfutex.WaitOptions;
import org.jspecify.annotations.Nullable;

/**
 * Serves every wait by a platform thread of its own, which sleeps in the kernel. For vector waits
 * of virtual threads, and for all waits where io_uring is refused.
 */
final class HelperWaits implements Waits {
  private static final long IDLE_SECONDS = 10;

  /** Java frames of a system call need little; only touched pages are memory. */
  private static final long STACK_BYTES = 256 * 1024;

  private static final ThreadLocal<HelperSleeper> SLEEPER =
      ThreadLocal.withInitial(HelperSleeper::new);

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().stackSize(STACK_BYTES).name("jfutex-helper-", 0).factory());

  private final Set<KernelWait> served = ConcurrentHashMap.newKeySet();

  @Override
  public void start(KernelWait wait) {
    served.add(wait);
    try {
      threads.execute(() -> serve(wait));
    } catch (RuntimeException | Error e) { // such as no more threads
      served.remove(wait);
      throw e;
    }
  }

  private void serve(KernelWait wait) {
    int result = FutexCalls.ENOMEM; // if making the sleeper fails
    try {
      result = SLEEPER.get().serve(wait);
    } finally {
      served.remove(wait);
      wait.end(result);
    }
  }

  /** Nothing tells that a thread has come to sleep, so it is looked at until it has. */
  @Override
  @SuppressWarnings("ThreadPriorityCheck") // yields to the helper, which has work to do until then
  public void awaitQueued(KernelWait wait) {
    try {
      while (wait.result() == KernelWait.PENDING && !isQueued(wait)) {
        Thread.yield();
      }
    } catch (FutexException e) { // it cannot be seen
      cancel(wait);
      throw e;
    }
  }

  @Override
  public boolean isQueued(KernelWait wait) {
    return wait.sleeper() instanceof HelperSleeper helper && helper.sleepsIn(wait);
  }

  @Override
  public void cancel(KernelWait wait) {
    @Nullable Sleeper sleeper = wait.requestCancel();
    if (sleeper != null) {
      sleeper.cancel();
    }
  }

  @Override
  public Collection<KernelWait> served() {
    return served;
  }

  /**
   * The sleep of one helper, in one wait after the other.
   *
   * <p>Waits without a bitset have a last entry on a word of the helper's own, always 0: while
   * somebody waits on that, the entries before it are queued. FUTEX_WAIT_BITSET has one word only;
   * that a thread sleeps in it is read from procfs.
   */
  private static final class HelperSleeper extends Sleeper {
    private final MemorySegment startWord = Arena.ofAuto().allocate(Integer.BYTES, Integer.BYTES);
    private @Nullable KernelWait current;

    int serve(KernelWait wait) {
      current = wait;
      wait.serveBy(this);
      int result = isBitsetWait(wait) ? sleepOnOne(wait) : sleepOnAll(wait);
      current = null;
      return result == FutexCalls.EINTR ? FutexCalls.ECANCELED : result;
    }

    private int sleepOnOne(KernelWait wait) {
      KernelWait.Entry entry = wait.entries()[0];
      return sleepOnOne(
          entry.place().address(),
          entry.place().isShared(),
          entry.expected(),
          wait.bitset(),
          wait.deadline());
    }

    private int sleepOnAll(KernelWait wait) {
      KernelWait.Entry[] entries = wait.entries();
      for (int i = 0; i < entries.length; i++) {
        set(i, entries[i].place().address(), entries[i].place().isShared(), entries[i].expected());
      }
      int count = entries.length;
      if (count < MAX_ENTRIES) { // one more would not be queued, only not be seen to be
        set(count++, startWord.address(), false, 0);
      }
      return sleepOnAll(count, wait.deadline());
    }

    private static boolean isBitsetWait(KernelWait wait) {
      return wait.bitset() != WaitOptions.MATCH_ANY;
    }

    @Override
    boolean isCancelRequested() {
      return current != null && current.isCancelRequested();
    }

    /** Whether the helper sleeps, all entries queued; one that is awake again may count as well. */
    boolean sleepsIn(KernelWait wait) {
      try {
        return isBitsetWait(wait)
            ? SleepingThread.isIn(thread(), wait.entries()[0].place().address())
            : FutexCalls.waiters(startWord.address(), false) > 0;
      } finally {
        Reference.reachabilityFence(this); // the thread may be gone by now, its memory must not
      }
    }
  }
}
