package org.jfutex.kernel;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves every wait by a platform thread of its own, which sleeps in futex_waitv. For vector waits
 * of virtual threads, and for all waits where io_uring is refused.
 *
 * <p>futex_waitv has no bitset, and a FUTEX_WAIT_BITSET could be ended by nothing but a signal: so
 * there are none here.
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

  /** Nothing tells that a thread has come to sleep, so its start word is looked at until it has. */
  @Override
  @SuppressWarnings("ThreadPriorityCheck") // yields to the helper, which has work to do until then
  public void awaitQueued(KernelWait wait) {
    while (wait.result() == KernelWait.PENDING && !isQueued(wait)) {
      Thread.yield();
    }
  }

  @Override
  public boolean isQueued(KernelWait wait) {
    @Nullable Sleeper sleeper = wait.sleeper();
    return sleeper != null && sleeper.hasStarted();
  }

  @Override
  public void cancel(KernelWait wait) {
    @Nullable Sleeper sleeper = wait.requestCancel();
    if (sleeper != null) {
      sleeper.cancel();
    }
  }

  @Override
  public boolean hasBitsets() {
    return false;
  }

  @Override
  public Collection<KernelWait> served() {
    return served;
  }

  /** The sleep of one helper, in one wait after the other. */
  private static final class HelperSleeper extends Sleeper {
    private @Nullable KernelWait current;

    int serve(KernelWait wait) {
      current = wait;
      wait.serveBy(this);
      KernelWait.Entry[] entries = wait.entries();
      for (int i = 0; i < entries.length; i++) {
        set(i, entries[i].place().address(), entries[i].place().isShared(), entries[i].expected());
      }
      int count = entries.length;
      if (count < MAX_ENTRIES) { // one more would not be queued, only not be seen to be
        setStart(count++);
      }
      int result = sleep(count, wait.deadline());
      current = null;
      return result == FutexCalls.EINTR ? FutexCalls.ECANCELED : result;
    }

    @Override
    boolean isCancelRequested() {
      return current != null && current.isCancelRequested();
    }
  }
}
