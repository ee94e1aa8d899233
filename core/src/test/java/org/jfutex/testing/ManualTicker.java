package org.jfutex.testing;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;

/** Clocks that move when the test says so. */
public final class ManualTicker implements Ticker {
  private final Map<ClockId, AtomicLong> clocks = new EnumMap<>(ClockId.class);

  /** Both clocks show one value. */
  public ManualTicker(long nanos) {
    for (ClockId clock : ClockId.values()) {
      clocks.put(clock, new AtomicLong(nanos));
    }
  }

  @Override
  public long nanos(ClockId clock) {
    return clocks.get(clock).get();
  }

  /** Sets one clock. */
  public void set(ClockId clock, long nanos) {
    clocks.get(clock).set(nanos);
  }

  /** Moves both clocks. */
  public void advance(long nanos) {
    clocks.values().forEach(clock -> clock.addAndGet(nanos));
  }
}
