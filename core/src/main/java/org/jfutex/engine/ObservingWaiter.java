package org.jfutex.engine;

import org.jfutex.Observation;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;

/**
 * Stands in a queue to be told of wakes. Before all who sleep, so that a wake that stops at its
 * count has met it.
 */
final class ObservingWaiter extends Waiter implements Observation {
  private static final WaitOptions FIRST = WaitOptions.ofRank(Integer.MAX_VALUE);

  private final HashTable table;
  private final Runnable told;

  ObservingWaiter(HashTable table, Key key, Runnable told, long nowNanos) {
    super(key, FIRST, nowNanos);
    this.table = table;
    this.told = told;
  }

  @Override
  boolean unpark() {
    told.run();
    return false; // it takes no wake
  }

  @Override
  String kind() {
    return "observer";
  }

  @Override
  String describe() {
    return told.toString();
  }

  @Override
  boolean isObserver() {
    return true;
  }

  @Override
  public void close() {
    boolean _ = table.leave(this);
  }
}
