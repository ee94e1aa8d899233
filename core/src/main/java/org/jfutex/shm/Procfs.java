package org.jfutex.shm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/** What proc(5) says of processes, and of the machine whose numbers they have. */
final class Procfs {
  private static final Path PROC = Path.of("/proc");

  /** Fields of a process's stat, counted from the one behind its name, which is the third. */
  private static final int STATE = 0;

  private static final int THREADS = 17;
  private static final int START = 19;

  private Procfs() {}

  /** Which boot of the machine this is: process ids are given anew after the next. */
  static UUID boot() throws IOException {
    return UUID.fromString(Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip());
  }

  /** The pid namespace of this process, by its inode: another one has other numbers. */
  static long pidNamespace() throws IOException {
    String link =
        Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString(); // pid:[4026531836]
    return Long.parseLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
  }

  /** When this process was started, in ticks since the machine was. */
  static long startOfSelf() {
    try {
      return Long.parseLong(stat("self")[START]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Whether a process has ended with all its threads, even if its parent has not asked for its
   * status.
   *
   * @param pid its number, which another may have by now
   * @param start when it was started
   */
  static boolean hasEnded(int pid, long start) {
    try {
      String[] stat = stat(Integer.toString(pid));
      boolean isZombie = stat[STATE].equals("Z") || stat[STATE].equals("X");
      return Long.parseLong(stat[START]) != start
          || (isZombie && Integer.parseInt(stat[THREADS]) <= 1);
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) { // maybe it has ended since the file was opened
      return !Files.exists(PROC.resolve(Integer.toString(pid)));
    }
  }

  private static String[] stat(String process) throws IOException {
    Path file = PROC.resolve(process).resolve("stat");
    String stat = Files.readString(file, StandardCharsets.ISO_8859_1); // cuts names anywhere
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1); // a name may hold anything
  }
}
