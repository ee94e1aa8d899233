package org.jfutex.engine;

import org.jfutex.WaitOptions;
import org.jfutex.word.Key;

/** One of the words of an {@link AsyncWait}. */
final class AsyncWaiter extends Waiter {
  private final AsyncWait wait;

  AsyncWaiter(Key key, WaitOptions options, long nowNanos, AsyncWait wait) {
    super(key, options, nowNanos);
    this.wait = wait;
  }

  @Override
  boolean unpark() {
    return wait.woken();
  }

  @Override
  String kind() {
    return "callback";
  }

  @Override
  String describe() {
    return wait.describe();
  }
}
