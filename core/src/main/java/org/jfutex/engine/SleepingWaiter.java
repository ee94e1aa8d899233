package org.jfutex.engine;

import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * One waiter as it stood in its queue when somebody looked.
 *
 * @param key the futex it waits on
 * @param kind who waits: "thread", "virtual thread" or "callback", or an "observer" of wakes
 * @param name the thread's name, or what the callback calls itself
 * @param sinceNanos when it came, on the monotonic clock, rounded down to a multiple of 2^26 ns (67
 *     ms); where many come, by a clock that is usually less than 67 ms behind. Of who has slept for
 *     2^56 ns (2.2 years) or longer, later by a multiple of that
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
  /** Describes a waiter at a time after it came, with no lock held. */
  static SleepingWaiter of(Waiter waiter, Key key, @Nullable Task owner, long nowNanos) {
    return new SleepingWaiter(
        key,
        waiter.kind(),
        waiter.describe(),
        waiter.sinceNanos(nowNanos),
        waiter.options.rank(),
        waiter.options.bitset(),
        owner);
  }
}
