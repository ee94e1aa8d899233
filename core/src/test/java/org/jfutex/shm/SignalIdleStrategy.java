package org.jfutex.shm;

import org.agrona.concurrent.IdleStrategy;
import org.jfutex.time.Deadline;

/**
 * Lets a duty cycle of Agrona sleep until a {@link Signal} is raised, by another thread or process,
 * where other strategies spin or look again after a while. Whoever makes work raises the signal
 * after it. To be copied: Agrona is no dependency of jfutex.
 *
 * <p>Used by one thread, as other strategies that have a state. An interrupt ends the sleep and is
 * kept, so that a loop that looks for it, as that of {@code AgentRunner}, ends.
 */
final class SignalIdleStrategy implements IdleStrategy {
  private final Signal signal;

  /**
   * The stamp read before the look for work that comes next: no raise after that look is missed.
   */
  private int seen;

  SignalIdleStrategy(Signal signal) {
    this.signal = signal;
    this.seen = signal.stamp();
  }

  @Override
  public void idle(int workCount) {
    if (workCount > 0) {
      reset();
    } else {
      idle();
    }
  }

  @Override
  public void idle() {
    var _ = signal.await(seen, Deadline.NEVER); // however it ends, the caller looks again
    reset();
  }

  @Override
  public void reset() {
    seen = signal.stamp();
  }

  @Override
  public String alias() {
    return "signal";
  }
}
