package org.jfutex.cli.fuzz;

import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * The clock of a {@link RaceRig}'s engine. A call that waits looks at it when it is queued and
 * holds no lock: there an order of a race gets in between.
 */
final class RigClock implements Ticker {
  /** Called at every look; null while nobody wants to get in between, and whenever threads race. */
  @Nullable Runnable beforeLook;

  @Override
  public long nanos(ClockId clock) {
    Runnable action = beforeLook;
    if (action != null) {
      action.run();
    }
    return Ticker.system().nanos(clock);
  }
}
