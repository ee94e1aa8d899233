package org.jfutex;

/** Somebody who is told of the wakes on a word: what {@link Futex#observe} returns. */
public interface Observation extends AutoCloseable {
  /** Ends it. Idempotent. A wake that is under way may still tell. */
  @Override
  void close();
}
