package org.jfutex.bench.area;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jfutex.bench.frame.Contender;

/**
 * Two threads that answer each other through a number each, both awake all the time and with a
 * pause between two looks: about what a round trip between two processors takes.
 */
final class CacheLine implements Contender {
  private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(int[].class);

  /** Each number on a cache line of its own, and none beside the length of the array. */
  private static final int HERE = 32;

  private static final int THERE = 64;
  private static final int CELLS = 96;

  /** Stored to end the other thread; no round trip has this number. */
  private static final int END = -1;

  /** Between two looks at the clock; all of a round are far fewer than an int holds. */
  private static final int TRIPS = 100;

  /** How a number is written. */
  enum Mode {
    STORE,
    CAS
  }

  /*
   * State       two cells of an array: HERE, the number of the round trip, or END; THERE, the
   *             answer. Both grow by 1.
   * Guards      HERE: written by the thread that measures, THERE: by the other one; volatile.
   * Lock order  none.
   * Ordering    none: the numbers are all there is.
   * Progress    each waits for the other, awake; whoever measures stores END in the end.
   * Callbacks   none.
   * Checked by  CacheLineTest.
   */
  private final Mode mode;

  CacheLine(Mode mode) {
    this.mode = mode;
  }

  @Override
  public double measure(long sliceNanos) {
    int[] cells = new int[CELLS];
    Thread other = Thread.ofPlatform().daemon().start(() -> answer(cells));
    int trips = 0;
    long began = System.nanoTime();
    long passed;
    try {
      do {
        for (int i = 0; i < TRIPS; i++) {
          trips++;
          write(cells, HERE, trips - 1, trips);
          if (awaitOther(cells, THERE, trips - 1) != trips) {
            throw new IllegalStateException("not the answer to " + trips);
          }
        }
        passed = System.nanoTime() - began;
      } while (passed < sliceNanos);
    } finally {
      ELEMENT.setVolatile(cells, HERE, END);
    }
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
    return (double) passed / trips;
  }

  private void answer(int[] cells) {
    int seen = 0;
    while (true) {
      int next = awaitOther(cells, HERE, seen);
      if (next == END) {
        return;
      }
      write(cells, THERE, seen, next);
      seen = next;
    }
  }

  private static int awaitOther(int[] cells, int cell, int old) {
    while (true) {
      int value = (int) ELEMENT.getVolatile(cells, cell);
      if (value != old) {
        return value;
      }
      Thread.onSpinWait();
    }
  }

  private void write(int[] cells, int cell, int old, int value) {
    if (mode == Mode.STORE) {
      ELEMENT.setVolatile(cells, cell, value);
    } else if (!ELEMENT.compareAndSet(cells, cell, old, value)) {
      throw new IllegalStateException("nobody else writes the cell");
    }
  }
}
