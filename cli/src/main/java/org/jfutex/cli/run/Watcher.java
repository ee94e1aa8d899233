package org.jfutex.cli.run;

import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;

/**
 * The loop of the watching thread: what no notification tells. Ends of threads and processes arrive
 * by epoll, at once; signals to parked threads and silent exits are looked for.
 */
final class Watcher {
  /** A signal must reach a parked thread within 20 ms: one look may have just missed it. */
  private static final int TICK_MILLIS = 14;

  /** Silent exits are rare, and looking for them reads every word waited on. */
  private static final int TICKS_BETWEEN_SILENT_EXITS = 14;

  /** An exit in a process that has no parked thread may change a word that another waits on. */
  private static final int TICKS_BETWEEN_FULL_LOOKS = 5 * TICKS_BETWEEN_SILENT_EXITS;

  private static final long MILLI_NANOS = 1_000_000;

  private final Supervisor supervisor;
  private final SignalWatch signals;
  private volatile boolean stopped;

  Watcher(Supervisor supervisor) {
    this.supervisor = supervisor;
    this.signals = new SignalWatch(supervisor::interrupt);
  }

  /** Watches until stopped. */
  void run() {
    try {
      long ticks = 0;
      long nextTick = now();
      while (!stopped) {
        long left = (nextTick - now() + MILLI_NANOS - 1) / MILLI_NANOS;
        supervisor.awaitEnds(Math.clamp(left, 0, TICK_MILLIS));
        if (now() < nextTick) {
          continue;
        }
        signals.look(supervisor.snapshot());
        ticks++;
        boolean full = ticks % TICKS_BETWEEN_FULL_LOOKS == 0;
        if (full || (ticks % TICKS_BETWEEN_SILENT_EXITS == 0 && signals.takeAnyHasRun())) {
          supervisor.lookForSilentExits();
        }
        if (full) {
          supervisor.forgetDeadThreads();
        }
        nextTick = now() + TICK_MILLIS * MILLI_NANOS;
      }
    } catch (RuntimeException | Error e) {
      supervisor.fail(e);
    } finally {
      signals.close();
    }
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  /** Makes {@link #run} return, within a tick. */
  void stop() {
    stopped = true;
  }
}
