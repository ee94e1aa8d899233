package org.jfutex.bench.area;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.bench.area.Crowd.Figure;
import org.jfutex.bench.area.Crowd.Shape;
import org.junit.jupiter.api.Test;

/** What is told of a crowd at a lock. */
class CrowdTest {
  @Test
  void figuresAreThoseOfTheCounts() {
    long[] counts = {10, 20, 30};
    assertThat(Figure.NANOS.applyAsDouble(600L, counts)).isEqualTo(10);
    assertThat(Figure.SMALLEST_SHARE.applyAsDouble(600L, counts)).isEqualTo(0.5);
    assertThat(Figure.JAIN.applyAsDouble(1L, counts)).isCloseTo(3600.0 / 4200, within(1e-9));
    assertThat(Figure.JAIN.applyAsDouble(1L, new long[] {5, 0, 0, 0})).isEqualTo(0.25);
    for (Figure figure : Figure.values()) {
      assertThat(figure.applyAsDouble(600L, new long[2])).as("nothing done").isFinite();
    }
  }

  @Test
  void oneThatComesInOnlyAfterTheEndHasNoShare() {
    ReentrantLock lock = new ReentrantLock();
    AtomicInteger entered = new AtomicInteger();
    Crowd crowd =
        new Crowd(
            new Shape("2", 2, Thread.ofPlatform()),
            work -> {
              if (entered.getAndIncrement() == 0) {
                LockSupport.parkNanos(200_000_000);
              }
              lock.lock();
              try {
                work.inside();
              } finally {
                lock.unlock();
              }
            },
            Figure.SMALLEST_SHARE);
    double share = crowd.measure(50_000_000);
    assertThat(share * entered.get()).as("half a section of the average of two").isLessThan(1.5);
    assertThat(crowd.note()).isEqualTo("min 0.00 Jain 0.50");
    assertThat(crowd.note()).isEmpty();
    assertThat(crowd.measure(50_000_000)).isGreaterThan(0.1);
  }
}
