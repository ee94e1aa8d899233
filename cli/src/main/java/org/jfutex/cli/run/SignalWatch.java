package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * Finds the parked threads that a signal, a stop or a debugger wants. The kernel tells nobody: with
 * SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV such a thread only goes from an interruptible to an
 * uninterruptible sleep (S to D in stat), and stays there until it is answered.
 *
 * <p>Reading stat of every thread would cost too much. A thread that changes its sleep runs for a
 * moment, so first the CPU clock of the whole process is read: if it stands still, nothing happened
 * to any thread of it. Otherwise schedstat tells which threads have run, and only their stat is
 * read. For the watching thread alone.
 */
final class SignalWatch {
  /** CPUCLOCK_SCHED of linux/posix-timers.h: with it an inverted process id is a clock. */
  private static final int CPUCLOCK_SCHED = 2;

  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final char UNINTERRUPTIBLE = 'D';
  private static final int BUFFER_BYTES = 512;

  /**
   * How many looks a thread may be missing before its descriptor is closed: it may be back soon.
   */
  private static final int KEPT_LOOKS = 64;

  private static final long UNKNOWN = -1;

  private final Consumer<RemoteCall> wanted;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, Long.BYTES);
  private final Map<RemoteThread, Watched> threads = new HashMap<>();
  private Map<RemoteProcess, Long> clocks = new HashMap<>();
  private long looks;

  /** A thread that is, or lately was, parked. */
  private static final class Watched {
    final int schedstat;
    @Nullable RemoteCall call;
    long runNanos;
    long lastLook;

    Watched(int tid) {
      schedstat = RawFile.open("/proc/" + tid + "/schedstat");
    }
  }

  /**
   * A watch.
   *
   * @param wanted takes each call whose thread is wanted elsewhere
   */
  SignalWatch(Consumer<RemoteCall> wanted) {
    this.wanted = wanted;
  }

  /** Looks at the threads of all parked calls. */
  void look(List<RemoteCall> parked) {
    looks++;
    Map<RemoteProcess, Long> now = new HashMap<>();
    for (RemoteCall call : parked) {
      RemoteProcess process = call.thread().process();
      // read before any thread of it: what runs from here on moves it
      long clock = now.computeIfAbsent(process, each -> clockOf(each.tgid()));
      boolean stoodStill = clock != UNKNOWN && clock == clocks.getOrDefault(process, UNKNOWN);
      look(call, stoodStill);
    }
    clocks = now;
    threads.values().removeIf(this::closeIfUnused);
  }

  private void look(RemoteCall call, boolean stoodStill) {
    int tid = call.thread().tid();
    Watched watched = threads.computeIfAbsent(call.thread(), unused -> new Watched(tid));
    watched.lastLook = looks;
    if (watched.call == call && stoodStill) {
      return;
    }
    long runNanos = runNanos(watched);
    if (watched.call != call || runNanos == UNKNOWN || runNanos != watched.runNanos) {
      watched.call = call;
      watched.runNanos = runNanos; // read before the state, which may change at any time
      if (stateOf(tid) == UNINTERRUPTIBLE) {
        wanted.accept(call);
      }
    }
  }

  private long clockOf(int tgid) {
    int clock = ~tgid << 3 | CPUCLOCK_SCHED;
    if (Syscalls.call(Nr.CLOCK_GETTIME, clock, buffer.address(), 0) != 0) {
      return UNKNOWN;
    }
    return buffer.get(ValueLayout.JAVA_LONG, 0) * SECOND_NANOS
        + buffer.get(ValueLayout.JAVA_LONG, Long.BYTES);
  }

  /** The first number in schedstat: how long the thread has run. */
  private long runNanos(Watched watched) {
    int length = watched.schedstat < 0 ? 0 : RawFile.read(watched.schedstat, buffer);
    long nanos = 0;
    for (int i = 0; i < length; i++) {
      byte digit = buffer.get(ValueLayout.JAVA_BYTE, i);
      if (digit == ' ') {
        return nanos;
      }
      nanos = nanos * 10 + digit - '0';
    }
    return UNKNOWN;
  }

  private char stateOf(int tid) {
    int stat = RawFile.open("/proc/" + tid + "/stat");
    if (stat < 0) {
      return ProcFs.GONE;
    }
    int length = RawFile.read(stat, buffer);
    RawFile.close(stat);
    byte[] text = buffer.asSlice(0, Math.max(length, 0)).toArray(ValueLayout.JAVA_BYTE);
    return ProcFs.stateIn(new String(text, StandardCharsets.ISO_8859_1));
  }

  private boolean closeIfUnused(Watched watched) {
    boolean unused = looks - watched.lastLook > KEPT_LOOKS;
    if (unused) {
      RawFile.close(watched.schedstat);
    }
    return unused;
  }

  /** Closes every descriptor. */
  void close() {
    threads.values().forEach(watched -> RawFile.close(watched.schedstat));
    threads.clear();
  }
}
