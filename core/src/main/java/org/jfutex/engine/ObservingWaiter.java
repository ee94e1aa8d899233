package org.jfutex.engine;

import org.jfutex.Observation;
import org.jfutex.WaitOptions;
import org.jfutex.park.Parker;
import org.jfutex.word.Key;

/**
 * Stands in a queue to be told of wakes. Before all who sleep, so that a wake that stops at its
 * count has met it.
 */
final class ObservingWaiter extends Waiter implements Observation {
  ObservingWaiter(Key key, Runnable told, long sinceNanos) {
    super(
        key,
        WaitOptions.MATCH_ANY,
        Integer.MAX_VALUE,
        new Callback(told),
        sinceNanos,
        Waiter.PARKED);
  }

  @Override
  boolean isObserver() {
    return true;
  }

  @Override
  public void close() {
    boolean _ = Bucket.leave(this);
  }

  private record Callback(Runnable told) implements Parker {
    @Override
    public boolean unpark() {
      told.run();
      return false; // it takes no wake
    }

    @Override
    public Kind kind() {
      return Kind.OBSERVER;
    }

    @Override
    public String describe() {
      return told.toString();
    }
  }
}
