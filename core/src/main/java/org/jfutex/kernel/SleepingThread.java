package org.jfutex.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jfutex.Errno;
import org.jfutex.FutexException;

/** Looks in procfs whether a thread of this process sleeps in FUTEX_WAIT_BITSET. */
final class SleepingThread {
  private static final Path TASKS = Path.of("/proc/self/task");

  private SleepingThread() {}

  /**
   * Whether a thread sleeps in a wait on one word. The first file shows a call only of a thread
   * that has left its processor in it; the second tells a sleep in the queue (S) from one for a
   * page (D). A thread that has come out in between and sleeps elsewhere is taken for one that
   * still sleeps.
   *
   * @param thread what the kernel calls it
   * @param address that of the word
   * @return false if it runs, does something else or has ended
   * @throws FutexException with ENOSYS if there is no procfs
   */
  static boolean isIn(int thread, long address) {
    String call = "%d 0x%x ".formatted(FutexCalls.NR_FUTEX, address);
    return read(thread, "syscall").startsWith(call) && state(read(thread, "stat")) == 'S';
  }

  private static char state(String stat) {
    int name = stat.lastIndexOf(')'); // which may contain anything
    return name < 0 ? '?' : stat.charAt(name + 2);
  }

  private static String read(int thread, String file) {
    Path path = TASKS.resolve(Integer.toString(thread), file);
    try {
      return Files.readString(path);
    } catch (NoSuchFileException e) {
      if (Files.exists(TASKS)) {
        return ""; // the thread has ended
      }
      throw unreadable(path, e);
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No such process")) {
        return ""; // it has ended since the file was opened
      }
      throw unreadable(path, e);
    }
  }

  private static FutexException unreadable(Path path, IOException e) {
    return new FutexException(
        Errno.ENOSYS,
        "a future with a bitset, where io_uring is refused: expected to be able to read " + path,
        e);
  }
}
