package org.jfutex.cli.run;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jfutex.kernel.Syscalls;

/**
 * Tells when threads and processes end, by pidfd_open(2). Used with the supervisor's lock held, but
 * for {@link #await}, which is the watching thread's.
 */
final class ExitWatch {
  /** PIDFD_THREAD of linux/pidfd.h, Linux 6.9: of a thread that need not lead its process. */
  private static final int PIDFD_THREAD = 0x80;

  private static final int ESRCH = 3;
  private static final int THREAD = 1;
  private static final int PROCESS = 0;

  private final Epoll epoll = new Epoll();
  private final Map<Integer, Integer> threads = new HashMap<>();
  private final Map<Integer, Integer> processes = new HashMap<>();

  /**
   * What ended.
   *
   * @param processes process ids; all their threads have ended
   * @param threads thread ids, of the watched threads
   */
  record Ended(Set<Integer> processes, Set<Integer> threads) {}

  /**
   * Watches a process.
   *
   * @return false if it has ended already
   */
  boolean watchProcess(int tgid) {
    return processes.containsKey(tgid) || watch(tgid, 0, PROCESS, processes);
  }

  /** Whether a thread is watched, so that its end is still to be told. */
  boolean isThreadWatched(int tid) {
    return threads.containsKey(tid);
  }

  /**
   * Watches a thread of any process. Of a leader that ends before its other threads, nothing is
   * told until they have ended too (since Linux 6.15).
   *
   * @return false if there is no such thread, or it cannot be watched: its exit is then found late
   */
  boolean watchThread(int tid) {
    return watch(tid, PIDFD_THREAD, THREAD, threads);
  }

  private boolean watch(int pid, int flags, int kind, Map<Integer, Integer> watched) {
    int fd = (int) Syscalls.call(Nr.PIDFD_OPEN, pid, flags, 0);
    if (fd == -ESRCH || (fd < 0 && kind == THREAD)) {
      return false;
    }
    if (fd < 0) {
      throw new IllegalStateException("pidfd_open of " + pid + " failed with errno " + -fd);
    }
    if (!epoll.add(fd, (long) pid << 1 | kind)) {
      RawFile.close(fd);
      return false;
    }
    watched.put(pid, fd);
    return true;
  }

  /** Waits for the next ends, without the lock. What it returns is then to be {@link #forget}. */
  Ended await(int millis) {
    Ended ended = new Ended(new HashSet<>(), new HashSet<>());
    for (long data : epoll.await(millis)) {
      Set<Integer> ids = (data & 1) == THREAD ? ended.threads : ended.processes;
      ids.add((int) (data >>> 1));
    }
    return ended;
  }

  /** Stops watching what has ended. */
  void forget(Ended ended) {
    ended.processes.forEach(tgid -> closeOf(tgid, processes));
    ended.threads.forEach(tid -> closeOf(tid, threads));
  }

  private static void closeOf(int id, Map<Integer, Integer> watched) {
    Integer fd = watched.remove(id);
    if (fd != null) {
      RawFile.close(fd);
    }
  }

  /** Stops watching anything. */
  void close() {
    threads.values().forEach(RawFile::close);
    processes.values().forEach(RawFile::close);
    epoll.close();
  }
}
