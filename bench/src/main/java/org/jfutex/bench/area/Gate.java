package org.jfutex.bench.area;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.word.Word;

/** What threads wait at until it is opened, once. */
interface Gate {
  /** Sleeps until it is open. */
  void await();

  /** Wakes everybody. */
  void open();

  /** A word that all wait on. */
  static Gate ofWord() {
    Futex futex = Futex.jvm();
    Word word = Word.of(new int[1], 0);
    return new Gate() {
      @Override
      public void await() {
        while (word.load() == 0) {
          WaitStatus _ = futex.await(word, 0);
        }
      }

      @Override
      public void open() {
        boolean _ = word.compareAndSet(0, 1);
        int _ = futex.wakeAll(word);
      }
    };
  }

  /** The JDK's own. */
  static Gate ofLatch() {
    CountDownLatch latch = new CountDownLatch(1);
    return new Gate() {
      @Override
      public void await() {
        awaitLatch(latch);
      }

      @Override
      public void open() {
        latch.countDown();
      }
    };
  }

  /** Waits for a latch of a measurement, which nobody interrupts. */
  static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }

  /** Nanoseconds for each of so many threads, from before the gate is opened until all have run. */
  static double nanosPerThread(Supplier<Gate> gates, int count, Thread.Builder kind) {
    Gate gate = gates.get();
    AtomicInteger left = new AtomicInteger(count);
    CountDownLatch all = new CountDownLatch(1);
    Sleepers sleepers =
        Sleepers.start(
            count,
            kind,
            () -> {
              gate.await();
              if (left.decrementAndGet() == 0) {
                all.countDown();
              }
            });
    sleepers.awaitParked();
    long start = System.nanoTime();
    gate.open();
    awaitLatch(all);
    double nanos = System.nanoTime() - start;
    sleepers.join();
    return nanos / count;
  }
}
