package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jfutex.kernel.Syscalls;

/**
 * Finds the parked threads that a signal, a stop or a debugger wants. The kernel tells nobody: with
 * SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV such a thread only goes from an interruptible to an
 * uninterruptible sleep (S to D in stat), and stays there until it is answered.
 *
 * <p>Reading stat of every thread would cost too much. A thread that changes its sleep runs for a
 * moment, so first the CPU clock of the whole process is read: if it stands still, nothing happened
 * to any thread of it. Otherwise schedstat tells which threads have run, and only their stat is
 * read. On a virtual machine the clock can miss a short run, which is then taken for time stolen by
 * the host: so it is not asked where there are few threads, and now and then where there are many;
 * schedstat also counts how often a thread was put on a processor, which misses nothing. For the
 * watching thread alone.
 */
final class SignalWatch {
  private static final int EMFILE = 24;
  private static final int ENFILE = 23;
  private static final int NO_FILE = -1;

  /** CPUCLOCK_SCHED of linux/posix-timers.h: with it an inverted process id is a clock. */
  private static final int CPUCLOCK_SCHED = 2;

  /** So few threads are all looked at every time, whatever the clock of their process says. */
  private static final int FEW_THREADS = 48;

  /** How often all threads are looked at: a clock may stand still over a short run. */
  private static final int LOOKS_BETWEEN_ALL = 10;

  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final char UNINTERRUPTIBLE = 'D';
  private static final char RUNNING = 'R';
  private static final int BUFFER_BYTES = 512;

  /** In how many lists a thread may be missing before its descriptor is closed: it may be back. */
  private static final int KEPT_LISTS = 64;

  private static final long UNKNOWN = -1;

  private final Consumer<RemoteCall> wanted;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, Long.BYTES);
  private final Map<RemoteThread, Watched> threads = new HashMap<>();
  private Map<RemoteProcess, Clock> clocks = new HashMap<>();
  private List<RemoteCall> parked = List.of();

  /** The others have their state read each time; there must be descriptors left for that. */
  private final long mostFiles = OwnFiles.limit() / 2;

  private List<Watched> watched = List.of();
  private boolean anyHasRun;
  private long lists;
  private long looks;

  /** The CPU clock of a process. */
  private static final class Clock {
    long nanos = UNKNOWN;
    boolean moved;
  }

  /** A thread that is, or lately was, parked. */
  private static final class Watched {
    final int schedstat;
    RemoteCall call;
    Clock clock;
    boolean isNew;
    long runs;
    long lastList;

    Watched(RemoteCall call, Clock clock, boolean keepsFile) {
      this.schedstat =
          keepsFile ? RawFile.open("/proc/" + call.thread().tid() + "/schedstat") : NO_FILE;
      this.call = call;
      this.clock = clock;
      this.isNew = true;
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

  /**
   * Looks at the threads of all parked calls.
   *
   * @param calls the calls; the same list as before if they are the same
   */
  @SuppressWarnings("ReferenceEquality") // the question is whether the list was made anew
  void look(List<RemoteCall> calls) {
    if (calls != parked) {
      watch(calls);
    }
    // before any thread: what runs from here on moves its clock past what is read now
    for (Map.Entry<RemoteProcess, Clock> entry : clocks.entrySet()) {
      read(entry.getValue(), entry.getKey().tgid());
      anyHasRun |= entry.getValue().moved;
    }
    boolean all = watched.size() <= FEW_THREADS || ++looks % LOOKS_BETWEEN_ALL == 0;
    for (Watched each : watched) {
      if (all || each.isNew || each.clock.moved) {
        look(each);
      }
    }
  }

  /** Whether a process with parked threads has run since this was last asked. */
  boolean takeAnyHasRun() {
    boolean result = anyHasRun;
    anyHasRun = false;
    return result;
  }

  private void watch(List<RemoteCall> calls) {
    lists++;
    Map<RemoteProcess, Clock> known = clocks;
    clocks = new HashMap<>();
    List<Watched> present = new ArrayList<>(calls.size());
    for (RemoteCall call : calls) {
      RemoteProcess process = call.thread().process();
      Clock clock = clocks.computeIfAbsent(process, each -> known.getOrDefault(each, new Clock()));
      Watched thread =
          threads.computeIfAbsent(
              call.thread(), _ -> new Watched(call, clock, threads.size() < mostFiles));
      thread.isNew |= thread.call != call;
      thread.call = call;
      thread.clock = clock;
      thread.lastList = lists;
      present.add(thread);
    }
    parked = calls;
    watched = present;
    threads.values().removeIf(this::closeIfUnused);
  }

  private void look(Watched thread) {
    long runs = runs(thread); // before the state, which may change at any time
    if (thread.isNew || runs == UNKNOWN || runs != thread.runs) {
      thread.isNew = false;
      char state = stateOf(thread.call.thread().tid());
      // who runs just now goes to sleep without being counted once more, so it is looked at again
      thread.runs = state == RUNNING ? UNKNOWN : runs;
      if (state == UNINTERRUPTIBLE) {
        wanted.accept(thread.call);
      }
    }
  }

  private void read(Clock clock, int tgid) {
    int id = ~tgid << 3 | CPUCLOCK_SCHED;
    long nanos = UNKNOWN;
    if (Syscalls.call(Nr.CLOCK_GETTIME, id, buffer.address(), 0) == 0) {
      nanos =
          buffer.get(ValueLayout.JAVA_LONG, 0) * SECOND_NANOS
              + buffer.get(ValueLayout.JAVA_LONG, Long.BYTES);
    }
    clock.moved = nanos == UNKNOWN || nanos != clock.nanos;
    clock.nanos = nanos;
  }

  /** The last number in schedstat: how often the thread was put on a processor. */
  private long runs(Watched thread) {
    int length = thread.schedstat < 0 ? 0 : RawFile.read(thread.schedstat, buffer);
    if (length <= 0) {
      return UNKNOWN;
    }
    long number = 0;
    for (int i = 0; i < length; i++) {
      byte next = buffer.get(ValueLayout.JAVA_BYTE, i);
      if (next == ' ') {
        number = 0;
      } else if (next != '\n') {
        number = number * 10 + next - '0';
      }
    }
    return number;
  }

  private char stateOf(int tid) {
    int stat = RawFile.open("/proc/" + tid + "/stat");
    if (stat == -EMFILE || stat == -ENFILE) {
      throw new IllegalStateException("too many open files to see the state of thread " + tid);
    }
    if (stat < 0) {
      return ProcFs.GONE;
    }
    int length = RawFile.read(stat, buffer);
    RawFile.close(stat);
    byte[] text = buffer.asSlice(0, Math.max(length, 0)).toArray(ValueLayout.JAVA_BYTE);
    return ProcFs.stateIn(new String(text, StandardCharsets.ISO_8859_1));
  }

  private boolean closeIfUnused(Watched thread) {
    boolean unused = lists - thread.lastList > KEPT_LISTS;
    if (unused) {
      RawFile.close(thread.schedstat);
    }
    return unused;
  }

  /** Closes every descriptor. */
  void close() {
    threads.values().forEach(thread -> RawFile.close(thread.schedstat));
    threads.clear();
  }
}
