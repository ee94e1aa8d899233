package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jfutex.Futex;
import org.jfutex.word.Word;

/** Threads that fall asleep together. */
final class Sleepers {
  private static final long LOOK_AGAIN_NANOS = 200_000;

  private final List<Thread> threads;

  private Sleepers(List<Thread> threads) {
    this.threads = threads;
  }

  /** Starts so many threads. */
  static Sleepers start(int count, Thread.Builder kind, Runnable body) {
    List<Thread> threads = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      threads.add(kind.start(body));
    }
    return new Sleepers(threads);
  }

  /**
   * Waits until all are parked: two looks in a row must find that, as one that waits for a lock
   * inside of what puts it to sleep is parked too, but not for long.
   */
  void awaitParked() {
    for (int looks = 0; looks < 2; looks++) {
      await(this::areParked);
    }
  }

  private boolean areParked() {
    return threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING);
  }

  /** Waits until so many wait on a word; a requeue to the same word counts and changes nothing. */
  static void awaitQueued(Futex futex, Word word, int count) {
    await(() -> futex.requeue(word, 0, word, Integer.MAX_VALUE) == count);
  }

  static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(LOOK_AGAIN_NANOS); // lets them run
    }
  }

  void forEach(Consumer<Thread> action) {
    threads.forEach(action);
  }

  void join() {
    join(threads);
  }

  static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }
}
