package org.jfutex.cli.run;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jfutex.kernel.Syscalls;

/**
 * The files the JVM opened for itself. It does not mark all of them close-on-exec, and a program
 * must not find them among its own descriptors.
 */
final class OwnFiles {
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int STANDARD_DESCRIPTORS = 3;

  private static final int RLIMIT_NOFILE = 7;

  private OwnFiles() {}

  /**
   * Lets this process have as many files open as it may: one for each thread that is parked or
   * watched, one or two for each process. Only once the program has inherited the limit as it was.
   */
  static void raiseLimit() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(2 * Long.BYTES, Long.BYTES);
      if (Syscalls.call(Nr.PRLIMIT64, 0, RLIMIT_NOFILE, 0, limit.address(), 0, 0) == 0) {
        limit.set(ValueLayout.JAVA_LONG, 0, limit.get(ValueLayout.JAVA_LONG, Long.BYTES));
        var _ = Syscalls.call(Nr.PRLIMIT64, 0, RLIMIT_NOFILE, limit.address(), 0, 0, 0);
      }
    }
  }

  /** How many files this process may have open. */
  static long limit() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(2 * Long.BYTES, Long.BYTES);
      long result = Syscalls.call(Nr.PRLIMIT64, 0, RLIMIT_NOFILE, 0, limit.address(), 0, 0);
      if (result != 0) {
        throw new IllegalStateException("prlimit failed with errno " + -result);
      }
      return limit.get(ValueLayout.JAVA_LONG, 0) & Long.MAX_VALUE; // RLIM_INFINITY is -1
    }
  }

  /** Marks them close-on-exec, and leaves alone what jfutex was started with. */
  static void keepFromProgram() {
    List<String> own = ownPlaces();
    int pid = (int) ProcessHandle.current().pid();
    for (Map.Entry<Integer, String> entry : ProcFs.descriptors(pid).entrySet()) {
      if (entry.getKey() >= STANDARD_DESCRIPTORS && isWithin(own, entry.getValue())) {
        var _ = Syscalls.call(Nr.FCNTL, entry.getKey(), F_SETFD, FD_CLOEXEC);
      }
    }
  }

  /** Where a JVM reads its own code from: the JDK, and the modules or classes it was told. */
  private static List<String> ownPlaces() {
    String home = System.getProperty("java.home");
    String modules = System.getProperty("jdk.module.path", "");
    String classes = System.getProperty("java.class.path", "");
    return Arrays.stream(String.join(File.pathSeparator, home, modules, classes).split(":"))
        .filter(place -> !place.isEmpty())
        .map(place -> Path.of(place).toAbsolutePath().normalize().toString())
        .toList();
  }

  /** As strings: what proc calls a file need not be a path that Java can say. */
  private static boolean isWithin(List<String> places, String file) {
    return places.stream().anyMatch(place -> file.equals(place) || file.startsWith(place + "/"));
  }
}
