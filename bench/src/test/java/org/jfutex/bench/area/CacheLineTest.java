package org.jfutex.bench.area;

import static org.assertj.core.api.Assertions.assertThat;

import org.jfutex.bench.area.CacheLine.Mode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two threads that answer each other, and an end of it. */
class CacheLineTest {
  private static final long SLICE_NANOS = 20_000_000;

  @ParameterizedTest
  @EnumSource
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD) // one awake is not interrupted
  void answersForAsLongAsItWasTold(Mode mode) {
    long began = System.nanoTime();
    double trip = new CacheLine(mode).measure(SLICE_NANOS);
    long passed = System.nanoTime() - began;
    assertThat(passed).isGreaterThanOrEqualTo(SLICE_NANOS);
    assertThat(trip)
        .as("nanoseconds of a trip, of which there are a hundred at least")
        .isBetween(1.0, passed / 100.0);
  }
}
