package org.jfutex.cli.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What proc(5) tells about other processes. They may end at any time: then there is no answer. */
final class ProcFs {
  /** Where a thread whose state cannot be read is said to be. */
  static final char GONE = 'X';

  private static final String LISTENER_LINK = "anon_inode:seccomp notify";

  private static final int SYSCALL_FIELDS = 9;

  private ProcFs() {}

  /**
   * The lines of /proc/TID/status that matter here.
   *
   * @param tgid the process
   * @param blocked the blocked signals: bit n-1 for signal n
   * @param ignored the ignored signals
   * @param caught the signals with a handler
   * @param pending the signals that wait for the thread or for its process
   */
  record Status(int tgid, long blocked, long ignored, long caught, long pending) {
    static Status parse(String text) {
      int tgid = 0;
      long blocked = 0;
      long ignored = 0;
      long caught = 0;
      long pending = 0;
      for (String line : text.lines().toList()) {
        int colon = line.indexOf(':');
        String value = line.substring(colon + 1).strip();
        switch (line.substring(0, Math.max(colon, 0))) {
          case "Tgid" -> tgid = Integer.parseInt(value);
          case "SigBlk" -> blocked = Long.parseUnsignedLong(value, 16);
          case "SigIgn" -> ignored = Long.parseUnsignedLong(value, 16);
          case "SigCgt" -> caught = Long.parseUnsignedLong(value, 16);
          case "SigPnd", "ShdPnd" -> pending |= Long.parseUnsignedLong(value, 16);
          default -> {
            // the other lines are not needed
          }
        }
      }
      return new Status(tgid, blocked, ignored, caught, pending);
    }

    /** Whether a handler of the program is about to run. */
    boolean hasHandlerToRun() {
      return (pending & ~blocked & caught) != 0;
    }
  }

  /** The status of a thread; null if there is no such thread. */
  static @Nullable Status status(int tid) {
    String text = read(Path.of("/proc/" + tid + "/status"));
    return text == null ? null : Status.parse(text);
  }

  /** The name of a thread, as in comm; empty if there is no such thread. */
  static String name(int tid) {
    String text = read(Path.of("/proc/" + tid + "/comm"));
    return text == null ? "" : text.stripTrailing();
  }

  /** The state letter of a thread, as in stat; {@link #GONE} if there is no such thread. */
  static char state(int tid) {
    String text = read(Path.of("/proc/" + tid + "/stat"));
    return text == null ? GONE : stateIn(text);
  }

  /** The third field of stat; the second is a name that may hold blanks and parentheses. */
  static char stateIn(String stat) {
    int afterName = stat.lastIndexOf(") ");
    return afterName < 0 || afterName + 2 >= stat.length() ? GONE : stat.charAt(afterName + 2);
  }

  /** Where a thread sleeps in the kernel; "0" if it does not, null if there is no such thread. */
  static @Nullable String sleepsIn(int tid) {
    return read(Path.of("/proc/" + tid + "/wchan"));
  }

  /** The nanoseconds a thread has run, the first number of schedstat; -1 if it has gone. */
  static long runNanos(int tid) {
    String text = read(Path.of("/proc/" + tid + "/schedstat"));
    return text == null ? -1 : Long.parseLong(text.substring(0, text.indexOf(' ')));
  }

  /** The stack pointer of a thread in a system call; 0 if it is in none, or cannot be asked. */
  static long stackPointer(int tid) {
    String text = read(Path.of("/proc/" + tid + "/syscall"));
    return text == null ? 0 : stackPointerIn(text);
  }

  /**
   * The last but one field of proc's syscall: number, six arguments, stack pointer, program
   * counter.
   */
  static long stackPointerIn(String syscall) {
    String[] fields = syscall.strip().split(" ");
    return fields.length == SYSCALL_FIELDS
        ? Long.parseUnsignedLong(fields[SYSCALL_FIELDS - 2].substring(2), 16)
        : 0;
  }

  /** The threads of a process; empty if it has gone. */
  static List<Integer> threads(int tgid) {
    return numbersIn(Path.of("/proc/" + tgid + "/task"));
  }

  /** The descriptor by which a process holds a seccomp listener; -1 if it has none. */
  static int listenerOf(int pid) {
    return descriptors(pid).entrySet().stream()
        .filter(entry -> entry.getValue().equals(LISTENER_LINK))
        .mapToInt(Map.Entry::getKey)
        .findFirst()
        .orElse(-1);
  }

  /** What a process has open: what proc calls it, by descriptor. */
  static Map<Integer, String> descriptors(int pid) {
    Path directory = Path.of("/proc/" + pid + "/fd");
    Map<Integer, String> open = new TreeMap<>();
    for (int fd : numbersIn(directory)) {
      try {
        open.put(fd, Files.readSymbolicLink(directory.resolve("" + fd)).toString());
      } catch (IOException e) {
        open.remove(fd); // closed since the directory was read
      }
    }
    return open;
  }

  private static List<Integer> numbersIn(Path directory) {
    List<Integer> numbers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        numbers.add(Integer.parseInt(String.valueOf(entry.getFileName())));
      }
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // the process has gone
    }
    return numbers;
  }

  /** The arguments of this process, byte for byte. */
  static List<byte[]> ownArguments() {
    try {
      return split(Files.readAllBytes(Path.of("/proc/self/cmdline")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Splits what zero bytes end. */
  static List<byte[]> split(byte[] joined) {
    List<byte[]> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < joined.length; i++) {
      if (joined[i] == 0) {
        byte[] part = new byte[i - start];
        System.arraycopy(joined, start, part, 0, part.length);
        parts.add(part);
        start = i + 1;
      }
    }
    return parts;
  }

  private static @Nullable String read(Path file) {
    try {
      // names are bytes: Latin-1 takes any
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return null; // a process may end at any time
    }
  }
}
