package org.jfutex.cli.machine.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.engine.JvmFutex;
import org.jfutex.linux.RawFutex;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * The Java engine as a machine. Each thread is a Java thread that enters the engine by its
 * system-call face; processes, memory, signals and real-time priorities are simulated around it.
 *
 * <p>Resetting it is cheap: IDLE threads can be used again and again, and of a process that is
 * killed, sleeping threads and all, a fork is the fresh copy.
 */
public final class JvmMachine implements Machine {
  /** Few, so that a look at all of them is quick, and that strangers meet in one. */
  static final int BUCKETS = 4;

  private static final int FIRST_TID = 1000;
  private static final int LAST_TID = (1 << 30) - 1;
  private static final long END_SECONDS = 20;

  private static final AtomicInteger MACHINES = new AtomicInteger();

  /** What the names of its threads begin with, in an engine that several machines may share. */
  private final String prefix = "machine-" + MACHINES.incrementAndGet() + "/";

  private final JvmFutex engine;
  private final RawFutex calls;
  private final ExecutorService executor;
  private final List<JvmProcess> processes = new ArrayList<>();
  private final ConcurrentMap<Integer, JvmThread> threads = new ConcurrentHashMap<>();
  private final JvmProcess first;
  private int nextTid = FIRST_TID;

  /**
   * A machine with an engine of its own.
   *
   * @param threads what its threads run on
   */
  public JvmMachine(JvmThreads threads) {
    this(threads, new JvmFutex(BUCKETS, Ticker.system()));
  }

  /**
   * A machine over an engine.
   *
   * @param threads what its threads run on
   * @param engine where they queue; best one with few buckets, as all are looked at often
   */
  public JvmMachine(JvmThreads threads, JvmFutex engine) {
    this.engine = engine;
    this.calls = new RawFutex(engine);
    this.executor = threads.executor();
    this.first = add(new JvmProcess(this, new Memory()));
  }

  /**
   * The engine it runs on.
   *
   * @return what was given, or its own
   */
  public JvmFutex engine() {
    return engine;
  }

  RawFutex calls() {
    return calls;
  }

  @Override
  public String name() {
    return "jvm";
  }

  @Override
  public @Nullable String lacks(Capability capability) {
    return switch (capability) {
      case SIZE8, SIZE16, SIZE64 ->
          "the system calls of the Java engine take words of 32 bits only, as the kernel's do";
      case PI, ROBUST, HASH, WAITV, FUTEX2, NUMA, MPOL, RT, SIGNALS, PROCESSES -> null;
    };
  }

  @Override
  public MachineProcess process() {
    return first;
  }

  /** The processes that have not been killed. */
  List<JvmProcess> processes() {
    return processes;
  }

  JvmProcess add(JvmProcess process) {
    processes.add(process);
    return process;
  }

  void remove(JvmProcess process) {
    processes.remove(process);
  }

  JvmThread newThread(JvmProcess process, String name, int fifo, long scratch) {
    if (nextTid > LAST_TID) {
      throw new IllegalStateException("no thread id left: expected at most " + LAST_TID);
    }
    int tid = nextTid++;
    JvmThread thread = new JvmThread(process, prefix + tid + " " + name, tid, fifo, scratch);
    threads.put(tid, thread);
    executor.execute(thread::run);
    return thread;
  }

  /**
   * Gives the next thread an id: that of the thread of another machine it is compared with, so that
   * words which name it are equal.
   *
   * @param tid from 1 to 2^30 - 1
   * @throws IllegalArgumentException if the id is out of range or a thread has it
   */
  public void nextTid(int tid) {
    if (tid < 1 || tid > LAST_TID || threads.containsKey(tid)) {
      throw new IllegalArgumentException(
          "id %d: expected a free one from 1 to %d".formatted(tid, LAST_TID));
    }
    nextTid = tid;
  }

  /** The thread of an id; null if there is none, or none any more. */
  @Nullable JvmThread thread(int tid) {
    return threads.get(tid);
  }

  /** A thread has ended. */
  void forget(JvmThread thread) {
    threads.remove(thread.tid());
  }

  @Override
  public void close() {
    try {
      List.copyOf(processes).forEach(JvmProcess::kill);
    } finally {
      executor.shutdown();
    }
    try {
      if (!executor.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            prefix + ": expected its threads to end within " + END_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the threads have gone; only their threads have not
    }
    assert engine.waiters().stream().noneMatch(waiter -> waiter.name().startsWith(prefix))
        : "a thread that has gone is queued: " + engine.waiters();
  }
}
