package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntConsumer;
import org.jfutex.kernel.Syscalls;
import sun.misc.Signal;

/**
 * The signals of jfutex itself. What it was started with is what the program gets; what a terminal
 * sends goes to the program too and is none of our business; what is sent to jfutex alone is handed
 * on.
 */
final class HostSignals {
  static final int SIGHUP = 1;
  static final int SIGINT = 2;
  static final int SIGQUIT = 3;
  static final int SIGTERM = 15;

  private static final int SIG_IGN = 1;

  /** sa_handler, sa_flags, sa_restorer, sa_mask. */
  private static final int SIGACTION_BYTES = 32;

  /** Tells the signals that were ignored when the launcher began, where the JVM forgot them. */
  private static final String IGNORED_PROPERTY = "jfutex.ignoredSignals";

  private HostSignals() {}

  /** The mask this process was started with: the JVM does not touch its first thread. */
  static long blocked() {
    return own().blocked();
  }

  /** The signals this process was started with ignored: bit n-1 for signal n. */
  static long ignored() {
    String told = System.getProperty(IGNORED_PROPERTY);
    return told != null ? Long.parseUnsignedLong(told, 16) : own().ignored();
  }

  private static ProcFs.Status own() {
    int pid = (int) ProcessHandle.current().pid();
    ProcFs.Status status = ProcFs.status(pid);
    if (status == null) {
      throw new IllegalStateException("/proc/" + pid + "/status cannot be read");
    }
    return status;
  }

  /** Lets the keys of a terminal, Ctrl-C and Ctrl-\, end the program and not jfutex. */
  static void ignoreTerminal() {
    ignore(SIGINT);
    ignore(SIGQUIT); // the JVM would print the stacks of its threads among the program's output
  }

  private static void ignore(int signal) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(SIGACTION_BYTES, Long.BYTES);
      action.set(ValueLayout.JAVA_LONG, 0, SIG_IGN);
      long result = Syscalls.call(Nr.RT_SIGACTION, signal, action.address(), 0, Long.BYTES, 0, 0);
      if (result != 0) {
        throw new IllegalStateException(
            "rt_sigaction of signal " + signal + " failed with errno " + -result);
      }
    }
  }

  /**
   * Hands on what asks a program to end.
   *
   * @param program takes the signal's number
   */
  static void forward(IntConsumer program) {
    Signal.handle(new Signal("TERM"), signal -> program.accept(SIGTERM));
    if ((ignored() >>> (SIGHUP - 1) & 1) == 0) {
      Signal.handle(new Signal("HUP"), signal -> program.accept(SIGHUP));
    }
  }

  /**
   * Answers SIGUSR1.
   *
   * @param report is run for each
   */
  static void onReportRequest(Runnable report) {
    Signal.handle(new Signal("USR1"), signal -> report.run());
  }
}
