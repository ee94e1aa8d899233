package org.jfutex.engine;

import org.jfutex.park.Parker;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * One waiter as it stood in its queue when somebody looked.
 *
 * @param key the futex it waits on
 * @param kind who waits: "thread", "virtual thread" or "callback"
 * @param name the thread's name, or what the callback calls itself
 * @param sinceNanos when it came, on the monotonic clock
 * @param rank its rank
 * @param bitset its bitset
 * @param owner who owns the lock it waits for, and is lent its rank; null if it waits for no lock
 */
public record SleepingWaiter(
    Key key,
    String kind,
    String name,
    long sinceNanos,
    int rank,
    int bitset,
    @Nullable Task owner) {
  static SleepingWaiter of(Waiter waiter, Key key, @Nullable Task owner) {
    return new SleepingWaiter(
        key,
        nameOf(waiter.parker.kind()),
        waiter.parker.describe(),
        waiter.sinceNanos,
        waiter.rank,
        waiter.bitset,
        owner);
  }

  private static String nameOf(Parker.Kind kind) {
    return switch (kind) {
      case THREAD -> "thread";
      case VIRTUAL_THREAD -> "virtual thread";
      case CALLBACK -> "callback";
      case OBSERVER -> "observer";
    };
  }
}
