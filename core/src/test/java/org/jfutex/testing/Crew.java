package org.jfutex.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The helper threads of one test: starts them, joins every one, keeps what they threw, and when
 * something does not happen in time fails with the stacks of all threads. Used by one thread.
 */
public final class Crew implements AutoCloseable {
  private static final long POLL_NANOS = 100_000;
  private static final int POLLS_BEFORE_PARKING = 200;

  private final List<Job<?>> jobs = new ArrayList<>();

  /** One thread and what came of it. */
  public static final class Job<T> {
    private final Thread thread;
    private volatile T result;
    private volatile Throwable failure;

    private Job(ThreadKind kind, String name, Callable<T> body) {
      thread =
          kind.builder()
              .name(name)
              .unstarted(
                  () -> {
                    try {
                      result = body.call();
                    } catch (Throwable e) {
                      failure = e;
                    }
                  });
    }

    /** The thread. */
    public Thread thread() {
      return thread;
    }

    /** Whether it has ended, as {@link #join} sees it: isAlive may be true a moment longer. */
    public boolean isDone() {
      return thread.getState() == Thread.State.TERMINATED;
    }

    /** Whether it naps just now, as it does while the lock of a bucket is taken. */
    public boolean naps() {
      return thread.getState() == Thread.State.TIMED_WAITING;
    }

    /** Joins the thread; what it threw is thrown again, wrapped. */
    public T join() {
      return join(Delays.GIVE_UP);
    }

    /** Joins a thread that has a right to run for long. */
    public T join(Duration limit) {
      join(limit, () -> thread.getName() + " has not ended");
      if (failure != null) {
        throw new AssertionError(thread.getName() + " failed", failure);
      }
      return result;
    }

    private void join(Duration limit, Supplier<String> what) {
      try {
        if (!thread.join(limit)) {
          throw wedged(what.get());
        }
      } catch (InterruptedException e) {
        throw new AssertionError("the test itself was interrupted", e);
      }
    }
  }

  /** Starts a thread. */
  public <T> Job<T> start(ThreadKind kind, Callable<T> body) {
    Job<T> job = new Job<>(kind, "helper-" + jobs.size(), body);
    jobs.add(job);
    job.thread.start();
    return job;
  }

  /** Starts a platform thread. */
  public <T> Job<T> start(Callable<T> body) {
    return start(ThreadKind.PLATFORM, body);
  }

  /** Joins every thread so far; the first failure is thrown again. */
  public void joinAll() {
    for (Job<?> job : jobs) {
      job.join();
    }
  }

  /** Waits for something that other threads bring about; fails with all stacks if they do not. */
  public static void until(String what, BooleanSupplier happened) {
    long start = System.nanoTime();
    for (int i = 0; !happened.getAsBoolean(); i++) {
      if (System.nanoTime() - start > Delays.GIVE_UP.toNanos()) {
        throw wedged("did not happen: " + what);
      }
      if (i < POLLS_BEFORE_PARKING) {
        Thread.yield();
      } else {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  /** Ends whatever still runs, and fails if anything did or if a helper had failed. */
  @Override
  public void close() {
    List<Job<?>> running = jobs.stream().filter(job -> !job.isDone()).toList();
    String stacks = running.isEmpty() ? "" : stacks();
    for (Job<?> job : running) {
      job.thread.interrupt();
    }
    for (Job<?> job : jobs) {
      job.join(Delays.GIVE_UP, () -> job.thread.getName() + " ignores interrupts");
    }
    if (!running.isEmpty()) {
      throw new AssertionError(running.size() + " helpers still ran when the test ended" + stacks);
    }
    joinAll();
  }

  private static AssertionError wedged(String what) {
    return new AssertionError(what + stacks());
  }

  /** The stacks of all threads, virtual ones too. */
  private static String stacks() {
    try {
      Path folder = Files.createTempDirectory("wedged");
      Path file = folder.resolve("threads.txt");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
        return "; all threads:\n" + Files.readString(file);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (java.io.IOException e) {
      return "; no thread dump: " + e;
    }
  }
}
