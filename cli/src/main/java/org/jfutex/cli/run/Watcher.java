package org.jfutex.cli.run;

import java.util.List;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;

/**
 * The loop of the watching thread: what no notification tells. Ends of threads and processes arrive
 * by epoll, at once; signals to parked threads and silent exits are looked for.
 */
final class Watcher {
  /*
   * State       watching -> stopped, by stop; the loop ends at its next turn.
   * Guards      stopped: volatile. The signal watch is used by the watching thread alone.
   * Lock order  holds none when it calls the supervisor, which takes its own.
   * Ordering    none needed: a stop that is seen late costs one more look.
   * Progress    a look never waits for another process; an error ends the program, not only the
   *             watch.
   * Callbacks   none.
   * Checked by  ServedProgramsIT (signals, latency, exits), RepeatedRunsIT.
   */

  /**
   * A signal must reach a parked thread within 20 ms: one look may have just missed it. Few threads
   * are looked at more often, which costs no more.
   */
  private static final int LONGEST_TICK_MILLIS = 10;

  private static final int SHORTEST_TICK_MILLIS = 6;
  private static final int THREADS_PER_TICK_MILLI = 20;

  /** Silent exits are rare, and looking for them reads every word, in one call a space. */
  private static final int TICKS_BETWEEN_SILENT_EXITS = 2;

  /** An exit in a process that has no parked thread may change a word that another waits on. */
  private static final int TICKS_BETWEEN_FULL_LOOKS = 20;

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
        supervisor.awaitEnds(Math.clamp(left, 0, LONGEST_TICK_MILLIS));
        if (now() < nextTick) {
          continue;
        }
        List<RemoteCall> parked = supervisor.snapshot();
        signals.look(parked);
        ticks++;
        boolean full = ticks % TICKS_BETWEEN_FULL_LOOKS == 0;
        if (full || (ticks % TICKS_BETWEEN_SILENT_EXITS == 0 && signals.takeAnyHasRun())) {
          supervisor.lookForSilentExits();
        }
        if (full) {
          supervisor.forgetDeadThreads();
        }
        nextTick = now() + tickMillis(parked.size()) * MILLI_NANOS;
      }
    } catch (RuntimeException | Error e) {
      supervisor.fail(e);
    } finally {
      signals.close();
    }
  }

  static int tickMillis(int parked) {
    int millis = SHORTEST_TICK_MILLIS + parked / THREADS_PER_TICK_MILLI;
    return parked == 0 ? LONGEST_TICK_MILLIS : Math.min(millis, LONGEST_TICK_MILLIS);
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  /** Makes {@link #run} return, within a tick. */
  void stop() {
    stopped = true;
  }
}
