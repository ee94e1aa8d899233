package org.jfutex.shm;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.WaitStrategy;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;

/**
 * Lets the event processors of a Disruptor sleep until a {@link Signal} is raised. As its own
 * blocking strategy, but publishing takes no lock, and makes a system call only if somebody sleeps.
 * To be copied: the Disruptor is no dependency of jfutex.
 */
final class SignalWaitStrategy implements WaitStrategy {
  private final Signal signal;

  SignalWaitStrategy(Signal signal) {
    this.signal = signal;
  }

  @Override
  public long waitFor(
      long sequence, Sequence cursor, Sequence dependentSequence, SequenceBarrier barrier)
      throws AlertException, InterruptedException {
    int seen = signal.stamp(); // before looking
    while (cursor.get() < sequence) {
      barrier.checkAlert();
      if (signal.await(seen, Deadline.NEVER) == WaitStatus.INTERRUPTED) {
        boolean _ = Thread.interrupted(); // as who throws does
        throw new InterruptedException();
      }
      seen = signal.stamp();
    }
    // those before us in a chain tell nobody when they are done, and are at it now
    long available = dependentSequence.get();
    while (available < sequence) {
      barrier.checkAlert();
      Thread.onSpinWait();
      available = dependentSequence.get();
    }
    return available;
  }

  @Override
  public void signalAllWhenBlocking() {
    signal.raise();
  }
}
