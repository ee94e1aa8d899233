package org.jfutex.kernel;

import java.util.concurrent.CompletableFuture;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jspecify.annotations.Nullable;

/**
 * The future of a wait in the kernel. Whoever completes or cancels it takes the wait out of its
 * queue first; if the wait had been counted by a waker it reports WOKEN instead, since only the
 * kernel could give that wake to the next in line.
 */
final class KernelFuture extends CompletableFuture<WaitStatus> {
  private final Waits waits;
  private final NativePlace place;
  private final KernelWait wait;

  KernelFuture(Waits waits, NativePlace place, int expected, int bitset, Deadline deadline) {
    this.waits = waits;
    this.place = place;
    this.wait =
        KernelWait.told(
            new KernelWait.Entry(place, expected), bitset, deadline, this::finishOrPassOn);
  }

  /** Queues the wait; returns when it is queued or has ended. */
  void start() {
    waits.start(wait);
    waits.awaitQueued(wait);
    finish();
    // some completions cannot be overridden, such as completeAsync: they leave the queue late
    CompletableFuture<WaitStatus> _ = whenComplete((_, _) -> waits.cancel(wait));
  }

  /** Completes this with the result, if there is one and it is not that the wait left. */
  private void finish() {
    int result = wait.result();
    if (result == KernelWait.PENDING) {
      return;
    }
    @Nullable WaitStatus status = Outcome.of(result);
    if (status == null) {
      super.completeExceptionally(Outcome.failure(result, place));
    } else if (status != WaitStatus.INTERRUPTED) {
      super.complete(status);
    } else if (Outcome.isReached(wait.deadline())) {
      super.complete(WaitStatus.TIMED_OUT);
    }
  }

  /** Runs once, when the wait has ended: the wake of a future that was completed goes on. */
  private void finishOrPassOn() {
    finish();
    boolean counted = wait.result() >= 0;
    if (counted && (isCompletedExceptionally() || getNow(null) != WaitStatus.WOKEN)) {
      int _ = FutexCalls.wake(place.address(), place.isShared(), 1, -1);
    }
  }

  /** Takes the wait out of its queue, and completes this if it ended otherwise before. */
  private void leave() {
    if (!isDone()) {
      waits.cancel(wait);
      int _ = wait.joinUninterruptibly();
      finish();
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    leave();
    return super.cancel(mayInterruptIfRunning);
  }

  @Override
  public boolean complete(WaitStatus value) {
    leave();
    return super.complete(value);
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    leave();
    return super.completeExceptionally(failure);
  }
}
