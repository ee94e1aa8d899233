package org.jfutex.kernel;

import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.OwnerWord;
import org.jfutex.Robust;
import org.jfutex.WaitOptions;
import org.jfutex.park.ThreadEnd;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** Robust locks of the kernel: see {@link Sentinels} for who owns them. */
final class KernelRobust implements Robust {
  /*
   * State       of each thread, by their places, the words it has enlisted (isHeld), and some that
   *             it had: so one that it enlists again is found without looking at its address.
   * Guards      the thread; after its end its watcher.
   * Lock order  a job's lock, nothing inside.
   * Ordering    the watcher joins the thread first. A word is held after its node counts it, and
   *             not before the count goes down: its node is linked as long as it is held. One that
   *             is not held may have been unlinked, and its file closed: it is not looked at then.
   * Progress    words of a thread that has ended are marked by its watcher, those of a process by
   *             the kernel.
   * Callbacks   the attempt, with no lock held.
   * Checked by  RobustMutexTest, RobustKillTest.
   */
  private static final long IDLE_SECONDS = 10;

  /** From how many words on a thread forgets those it does not hold, when it adds another. */
  private static final int MOST_KEPT = 128;

  private final Sentinels sentinels = Sentinels.OF_PROCESS;
  private final ThreadLocal<IdentityHashMap<NativePlace, Enlisted>> words =
      ThreadLocal.withInitial(KernelRobust::register);

  /** A word that a thread has enlisted, or had. */
  private static final class Enlisted {
    final Word word;
    final NativePlace place;
    Sentinels.@Nullable Node node;
    boolean isHeld;

    Enlisted(Word word, NativePlace place) {
      this.word = word;
      this.place = place;
    }

    /** Whether nothing speaks for keeping it: it is not held, and not linked any more. */
    boolean isOver() {
      return !isHeld && (node == null || node.isUnlinked());
    }
  }

  /** Platform threads that wait for virtual ones: the wait needs a robust list of its own. */
  private final ThreadPoolExecutor helpers =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("jfutex-robust-helper-", 0).factory());

  private static IdentityHashMap<NativePlace, Enlisted> register() {
    IdentityHashMap<NativePlace, Enlisted> mine = new IdentityHashMap<>();
    ThreadEnd.watch(Thread.currentThread(), () -> mine.values().forEach(KernelRobust::end));
    return mine;
  }

  @Override
  public int enlist(Word word) {
    Enlisted mine = find(word);
    if (mine.isHeld) {
      throw new FutexException(Errno.EDEADLK, word + " is enlisted by the calling thread already");
    }
    Sentinels.Node node = mine.node;
    if (node == null || !node.enlist()) {
      node = sentinels.enlist(mine.place);
      mine.node = node;
    }
    mine.isHeld = true;
    return node.id();
  }

  @Override
  public void delist(Word word) {
    Enlisted mine = find(word);
    Sentinels.Node node = mine.node;
    if (!mine.isHeld || node == null) {
      throw new IllegalStateException(word + ": expected one that the calling thread has enlisted");
    }
    mine.isHeld = false;
    node.delist();
  }

  private Enlisted find(Word word) {
    IdentityHashMap<NativePlace, Enlisted> mine = words.get();
    Enlisted found = mine.get(word.nativePlace());
    return found != null ? found : add(word, mine);
  }

  /** A word of another object at the same address is the same one. */
  private static Enlisted add(Word word, IdentityHashMap<NativePlace, Enlisted> mine) {
    NativePlace place = place(word);
    boolean isFull = mine.size() >= MOST_KEPT;
    mine.values().removeIf(each -> each.isOver() || (isFull && !each.isHeld));
    Enlisted found = new Enlisted(word, place);
    for (Enlisted each : mine.values()) {
      if (each.place.address() == place.address()) {
        found = each;
      }
    }
    mine.put(place, found);
    return found;
  }

  /** A thread has ended with a word: what the kernel does for a process, as handle_futex_death. */
  private static void end(Enlisted left) {
    Sentinels.Node node = left.node;
    if (!left.isHeld || node == null) {
      return;
    }
    left.isHeld = false; // it may stand there twice, by two places
    Word word = left.word;
    try {
      int value = (int) word.load();
      while (OwnerWord.owner(value) == node.id()) {
        if (word.compareAndSet(value, (value & OwnerWord.WAITERS) | OwnerWord.OWNER_DIED)) {
          if (OwnerWord.hasWaiters(value)) {
            int _ = FutexCalls.wake(left.place.address(), true, 1, WaitOptions.MATCH_ANY);
          }
          break;
        }
        value = (int) word.load();
      }
    } catch (InternalError e) {
      // its file was made shorter: as for the kernel, the word is nobody's; the others are looked
      // at
    } finally {
      node.delist();
    }
  }

  @Override
  public <T> T attempt(Word word, Supplier<T> attempt) {
    long address = place(word).address();
    if (!Thread.currentThread().isVirtual()) {
      return attempt(address, attempt);
    }
    Job<T> job = new Job<>(() -> attempt(address, attempt));
    helpers.execute(job);
    return job.join();
  }

  private static <T> T attempt(long address, Supplier<T> attempt) {
    Pending pending = Pending.current();
    long before = pending.entry();
    pending.set(address);
    try {
      return attempt.get();
    } finally {
      pending.restore(before);
    }
  }

  @Override
  public void free(Word word) {
    setAndWake(word, 0);
  }

  @Override
  public void abandon(Word word) {
    setAndWake(word, OwnerWord.OWNER_DIED);
  }

  private static void setAndWake(Word word, int value) {
    int result = WakeOps.setAndWake(place(word), value);
    if (result < 0) {
      throw Outcome.failure(result, word);
    }
  }

  private static NativePlace place(Word word) {
    @Nullable NativePlace place = word.nativePlace();
    if (place == null || !place.isShared()) {
      throw new FutexException(
          Errno.EINVAL, word + ": expected a word in a mapped file, as only those are shared");
    }
    if (word.bits() != Integer.SIZE || place.address() % Long.BYTES != 0) {
      throw new FutexException(
          Errno.EINVAL, word + ": expected 32 bits at a place that is a multiple of 8");
    }
    return place;
  }

  /** An attempt that a helper makes for a virtual thread. */
  private static final class Job<T> implements Runnable {
    private final Supplier<T> attempt;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Thread helper;
    private boolean interrupted;

    Job(Supplier<T> attempt) {
      this.attempt = attempt;
    }

    @Override
    public void run() {
      enter();
      try {
        result.complete(attempt.get());
      } catch (RuntimeException | Error e) {
        result.completeExceptionally(e);
      } finally {
        leave();
      }
    }

    private void enter() {
      lock.lock();
      try {
        helper = Thread.currentThread();
        if (interrupted) {
          helper.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    private void leave() {
      lock.lock();
      try {
        helper = null; // no interrupt may meet what the thread does next
        boolean _ = Thread.interrupted();
      } finally {
        lock.unlock();
      }
    }

    private void interrupt() {
      lock.lock();
      try {
        interrupted = true;
        if (helper != null) {
          helper.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Waits for the outcome; an interrupt is handed on, and kept. */
    T join() {
      boolean wasInterrupted = false;
      try {
        while (true) {
          try {
            return result.get();
          } catch (InterruptedException e) {
            wasInterrupted = true;
            interrupt();
          } catch (ExecutionException e) {
            if (e.getCause() instanceof Error cause) {
              throw cause;
            }
            throw e.getCause() instanceof RuntimeException cause
                ? cause
                : new IllegalStateException(e);
          }
        }
      } finally {
        if (wasInterrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
