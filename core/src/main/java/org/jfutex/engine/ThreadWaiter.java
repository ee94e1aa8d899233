package org.jfutex.engine;

import org.jfutex.WaitOptions;
import org.jfutex.park.ThreadParker;
import org.jfutex.word.Key;

/** A thread that waits, or one of the words that it waits for. Made by the thread itself. */
class ThreadWaiter extends Waiter {
  private final Thread thread = ThreadParker.current();

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
    return thread.isVirtual() ? "virtual thread" : "thread";
  }

  @Override
  final String describe() {
    String name = thread.getName();
    return name.isEmpty() ? "#" + thread.threadId() : name;
  }
}
