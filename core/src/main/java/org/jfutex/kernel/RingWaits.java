package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Serves waits by io_uring: each is a futex wait of the kernel with its own bitset, timeout and
 * completion, and one thread sleeps for all of them.
 *
 * <p>That thread also makes all requests. The kernel would take them from any thread, but ends the
 * requests of a thread that ends, and delivers completions through the thread that asked.
 */
final class RingWaits implements Waits {
  /*
   * State       bell: 0 -> 1 by who adds a request; 1 -> 0 by the ring's thread before it looks
   *             for requests. broken: null -> why, by the ring's thread.
   *             A wait is in served until it ends; at first in requests, then in byUserData.
   * Guards      requests, served: themselves. bell: volatile accesses. broken: volatile. ring,
   *             byUserData, starting and KernelWait.ring: the ring's thread.
   * Lock order  none.
   * Ordering    asking thread                         ring's thread
   *             adds the request                      bell = 0                        (I)
   *             bell = 1, was 0 ? wakes the bell (I)  takes the requests
   *                                                   futex wait of the ring: bell == 0 ? sleep
   *             A request that is not taken was added after bell = 0, so its bell = 1 comes later
   *             and is found by the comparison, or by the wake. Of several who ask, the one that
   *             found 0 wakes for all.
   *             Likewise: an asking thread adds its request, then reads broken; the thread sets
   *             broken, then empties requests.
   * Progress    the thread takes all requests before it sleeps, and sleeps in the kernel.
   * Callbacks   none on the ring's thread: ends are told on virtual threads.
   * Checked by  BellBeforeRequests (jcstress), KernelWaitTest, KernelFutexContractTest.
   */
  private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

  /** What the wait on the bell is known by; the requests of others begin behind it. */
  private static final long BELL = 1;

  private record Request(KernelWait about, boolean cancel) {}

  private final MemorySegment bell = Arena.global().allocate(Integer.BYTES, Integer.BYTES);
  private final ConcurrentLinkedQueue<Request> requests = new ConcurrentLinkedQueue<>();
  private final Map<Long, KernelWait> byUserData = new HashMap<>();
  private final ArrayDeque<KernelWait> starting = new ArrayDeque<>();
  private final Set<KernelWait> served = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Throwable broken;
  private long lastUserData = BELL;
  private boolean bellArmed;

  private RingWaits() {}

  /**
   * Makes a ring and starts its thread.
   *
   * @throws Uring.Refused if the kernel, or who restricts this process, refuses io_uring
   */
  static RingWaits open(int entries, int completions) throws Uring.Refused {
    RingWaits waits = new RingWaits();
    CompletableFuture<Void> opened = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("jfutex-ring")
        .start(() -> waits.open(entries, completions, opened));
    boolean interrupted = Thread.interrupted();
    try {
      opened.get();
      return waits;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Uring.Refused refused) {
        throw refused;
      }
      throw new IllegalStateException("io_uring could not be set up", e.getCause());
    } catch (InterruptedException e) {
      interrupted = true;
      opened.join();
      return waits;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void open(int entries, int completions, CompletableFuture<Void> opened) {
    Uring ring;
    try {
      ring = Uring.open(entries, completions);
    } catch (Uring.Refused | RuntimeException | Error e) {
      opened.completeExceptionally(e);
      return;
    }
    opened.complete(null);
    try {
      while (true) {
        serve(ring);
      }
    } catch (RuntimeException | Error e) {
      breakDown(e);
      throw e;
    }
  }

  @Override
  public void start(KernelWait wait) {
    served.add(wait);
    ask(new Request(wait, false));
  }

  @Override
  public void awaitQueued(KernelWait wait) {
    wait.awaitQueued();
  }

  @Override
  public boolean isQueued(KernelWait wait) {
    return wait.isQueued();
  }

  @Override
  public void cancel(KernelWait wait) {
    if (wait.result() == KernelWait.PENDING) {
      ask(new Request(wait, true));
    }
  }

  @Override
  public Collection<KernelWait> served() {
    return served;
  }

  private void ask(Request request) {
    requests.add(request);
    if ((int) WORD.getAndSet(bell, 0L, 1) == 0) { // (I) after the request, see serve
      int _ = FutexCalls.wake(bell.address(), false, 1, -1);
    }
    if (broken != null) {
      endRequests();
    }
  }

  /** One turn of the ring's thread. */
  private void serve(Uring ring) {
    WORD.setVolatile(bell, 0L, 0); // (I) before the requests are taken, see ask
    takeRequests(ring);
    if (!bellArmed && ring.room() > 0) {
      ring.addWait(BELL, bell.address(), false, 0, -1, Deadline.NEVER);
      bellArmed = true;
    }
    while (ring.unsubmitted() > 0) {
      enter(ring, 0);
      takeCompletions(ring);
    }
    while (!starting.isEmpty()) {
      starting.remove().markQueued();
    }
    if (bellArmed && requests.isEmpty()) {
      enter(ring, 1);
      takeCompletions(ring);
    }
  }

  private void takeRequests(Uring ring) {
    while (ring.room() >= Uring.SLOTS_OF_WAIT + 1) { // and one for the bell
      Request request = requests.poll();
      if (request == null) {
        return;
      }
      KernelWait wait = request.about;
      if (!request.cancel) {
        wait.ring = ++lastUserData;
        byUserData.put(wait.ring, wait);
        KernelWait.Entry entry = wait.entries()[0];
        ring.addWait(
            wait.ring,
            entry.place().address(),
            entry.place().isShared(),
            entry.expected(),
            wait.bitset(),
            wait.deadline());
        starting.add(wait);
      } else if (byUserData.containsKey(wait.ring)) { // otherwise it has ended meanwhile
        ring.addCancel(wait.ring);
      }
    }
  }

  /** A signal, and too much to do at once, are reasons to try again; others are not. */
  private static void enter(Uring ring, int wanted) {
    int result = ring.enter(wanted);
    if (result < 0
        && result != FutexCalls.EINTR
        && result != FutexCalls.EAGAIN
        && result != FutexCalls.EBUSY) {
      throw new IllegalStateException("io_uring_enter failed with errno " + -result);
    }
  }

  private void takeCompletions(Uring ring) {
    while (ring.hasCompletion()) {
      long userData = ring.completionUserData();
      int result = ring.completionResult();
      ring.takeCompletion();
      if (userData == BELL) {
        bellArmed = false;
      } else if (userData != 0) {
        end(byUserData.remove(userData), result);
      } // otherwise a cancel or a timeout: what counts is how its wait ends
    }
  }

  private void end(@Nullable KernelWait wait, int result) {
    if (wait != null) {
      wait.ring = 0;
      served.remove(wait);
      wait.end(result);
    }
  }

  /** Something that should not happen: nobody may be left waiting for it. */
  private void breakDown(Throwable why) {
    broken = why;
    byUserData.values().forEach(wait -> end(wait, FutexCalls.ENOSYS));
    byUserData.clear();
    endRequests();
  }

  private void endRequests() {
    for (Request request = requests.poll(); request != null; request = requests.poll()) {
      if (!request.cancel) {
        end(request.about, FutexCalls.ENOSYS);
      }
    }
  }
}
