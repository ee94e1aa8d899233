package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;
import org.jfutex.kernel.Syscalls;

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

  /**
   * What this process was started with, and its program is to be: bit n-1 for signal n.
   *
   * @param blocked the signal mask
   * @param ignored the signals that are ignored
   */
  record Inherited(long blocked, long ignored) {
    boolean ignores(int signal) {
      return (ignored >>> (signal - 1) & 1) != 0;
    }
  }

  /**
   * Reads what this process was started with, before any of it is changed here. The JVM leaves the
   * mask of its first thread alone, but not all that was ignored: that the launcher tells.
   */
  static Inherited inherited() {
    ProcFs.Status own = own();
    String told = System.getProperty(IGNORED_PROPERTY);
    return new Inherited(
        own.blocked(), told == null ? own.ignored() : Long.parseUnsignedLong(told, 16));
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
   * @param inherited what is ignored already stays so
   * @param program takes the signal's number
   */
  static void forward(Inherited inherited, IntConsumer program) {
    if (!inherited.ignores(SIGTERM)) {
      handle("TERM", () -> program.accept(SIGTERM));
    }
    if (!inherited.ignores(SIGHUP)) {
      handle("HUP", () -> program.accept(SIGHUP));
    }
  }

  /**
   * Answers SIGUSR1.
   *
   * @param report is run for each
   */
  static void onReportRequest(Runnable report) {
    handle("USR1", report);
  }

  /**
   * sun.misc.Signal.handle, which is exported and has no successor. By reflection, because javac
   * warns of any mention of it and offers no way to accept the warning.
   */
  private static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              HostSignals.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                action.run();
                return null;
              });
      Object named = signal.getConstructor(String.class).newInstance(name);
      signal.getMethod("handle", signal, handler).invoke(null, named, proxy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no handler can be set for SIG" + name, e);
    }
  }
}
