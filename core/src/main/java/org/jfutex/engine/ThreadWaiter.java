package org.jfutex.engine;

import org.jfutex.WaitOptions;
import org.jfutex.park.ThreadParker;
import org.jfutex.word.Key;

/** A thread that waits, or one of the words that it waits for. Made by the thread itself. */
class ThreadWaiter extends Waiter {
  /** How {@link ThreadParker} knows the thread. */
  private final Object thread = ThreadParker.current();

  ThreadWaiter(Key key, WaitOptions options, long nowNanos) {
    super(key, options, nowNanos);
  }

  @Override
  final boolean unpark() {
    ThreadParker.unpark(thread);
    return true;
  }

  @Override
  final String kind() {
    return ThreadParker.threadOf(thread).isVirtual() ? "virtual thread" : "thread";
  }

  @Override
  final String describe() {
    Thread named = ThreadParker.threadOf(thread);
    String name = named.getName();
    return name.isEmpty() ? "#" + named.threadId() : name;
  }
}
