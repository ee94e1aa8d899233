package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jfutex.cli.ExitStatus;
import org.jfutex.kernel.Spawn;
import org.jfutex.kernel.Syscalls;

/**
 * Starts the program: {@link Stub} with the filter, which becomes the program when the supervisor
 * answers it. The program is a child of this process.
 *
 * @param pid its process id
 * @param listener where its calls arrive
 * @param handshake what the stub has to say
 */
record Launch(int pid, Listener listener, Handshake handshake) {
  private static final int MFD_CLOEXEC = 1;

  /** MFD_EXEC of linux/memfd.h, Linux 6.3: where the default is not executable. */
  private static final int MFD_EXEC = 0x10;

  private static final int WNOHANG = 1;
  private static final int EINTR = 4;
  private static final int NOT_YET = -1;
  private static final int STATUS_BYTES = 4;
  private static final String SHELL = "/bin/sh";
  private static final String CLOSED_PROPERTY = "jfutex.closedFds";

  /** The stub has three calls to make before the listener is there. */
  private static final int LOOK_AGAIN_MILLIS = 1;

  /**
   * Starts a program.
   *
   * @param program its path, and its arguments from argv[0]
   * @param signals the signals it inherits
   * @return the program, waiting in its stub
   * @throws CannotRun if it could not be started
   */
  static Launch start(Program program, HostSignals.Inherited signals) throws CannotRun {
    long cookie = ThreadLocalRandom.current().nextLong(); // SecureRandom would open files
    byte[] image = Stub.image(Bpf.program(), cookie, signals.ignored());
    OwnFiles.keepFromProgram();
    Spawn.Attributes attributes =
        new Spawn.Attributes(
            signals.blocked(),
            ~signals.ignored(),
            closedDescriptors(),
            HostEnvironment.inherited());
    int stub = memoryFile(image);
    long pid;
    try {
      pid = Spawn.spawn("/proc/self/fd/" + stub, program.stubArguments(), attributes);
    } finally {
      RawFile.close(stub);
    }
    if (pid < 0) {
      throw new CannotRun(
          ExitStatus.NOT_EXECUTABLE, program.name() + ": " + ErrorText.of((int) -pid));
    }
    OwnFiles.raiseLimit();
    return new Launch((int) pid, fetchListener((int) pid), new Handshake((int) pid, cookie));
  }

  /**
   * What to execute.
   *
   * @param path the file
   * @param arguments its arguments, from argv[0]
   */
  @SuppressWarnings("ArrayRecordComponent") // a name in Linux is bytes; compared by nobody
  record Program(byte[] path, List<byte[]> arguments) {
    List<byte[]> stubArguments() {
      List<byte[]> all = new ArrayList<>(arguments.size() + 3);
      all.add("jfutex-stub".getBytes(StandardCharsets.US_ASCII));
      all.add(SHELL.getBytes(StandardCharsets.US_ASCII));
      all.add(path);
      all.addAll(arguments);
      return all;
    }

    String name() {
      return new String(arguments.getFirst(), StandardCharsets.UTF_8);
    }
  }

  /** The standard descriptors that were closed before the launcher put /dev/null there. */
  private static List<Integer> closedDescriptors() {
    String told = System.getProperty(CLOSED_PROPERTY, "");
    return told.isEmpty()
        ? List.of()
        : Arrays.stream(told.split(",")).map(Integer::valueOf).toList();
  }

  /** A file that exists in memory only; a file open for writing cannot be executed. */
  private static int memoryFile(byte[] content) throws CannotRun {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom("jfutex-stub").address();
      int writable = (int) Syscalls.call(Nr.MEMFD_CREATE, name, MFD_CLOEXEC | MFD_EXEC, 0);
      if (writable < 0) {
        throw Requirements.unsupported(
            "an executable memory file was refused: " + ErrorText.of(-writable));
      }
      try {
        MemorySegment bytes = arena.allocate(content.length);
        MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, 0, content.length);
        long written = Syscalls.call(Nr.WRITE, writable, bytes.address(), content.length);
        if (written != content.length) {
          throw new IllegalStateException(
              "writing the stub returned " + written + ", expected " + content.length);
        }
        return RawFile.open("/proc/self/fd/" + writable);
      } finally {
        RawFile.close(writable);
      }
    }
  }

  private static Listener fetchListener(int pid) throws CannotRun {
    int pidfd = (int) Syscalls.call(Nr.PIDFD_OPEN, pid, 0, 0);
    try {
      int remote = ProcFs.listenerOf(pid);
      while (remote < 0) {
        int status = waitFor(pid, WNOHANG);
        if (status != NOT_YET) {
          throw refused(status);
        }
        var _ = Syscalls.call(Nr.POLL, 0, 0, LOOK_AGAIN_MILLIS); // a sleep, nothing more
        remote = ProcFs.listenerOf(pid);
      }
      int own = (int) Syscalls.call(Nr.PIDFD_GETFD, pidfd, remote, 0);
      if (own < 0) {
        end(pid);
        throw Requirements.unsupported(
            "taking over the seccomp listener was refused: " + ErrorText.of(-own));
      }
      return new Listener(own);
    } finally {
      RawFile.close(pidfd);
    }
  }

  /** The stub's status is the errno of seccomp(2); a signal means somebody killed it. */
  private static CannotRun refused(int status) {
    int code = exitStatus(status);
    return code > ExitStatus.SIGNAL_BASE
        ? new CannotRun(code, "the program was killed before it began")
        : Requirements.unsupported("seccomp user notification was refused: " + ErrorText.of(code));
  }

  private static void end(int pid) {
    var _ = Syscalls.call(Nr.KILL, pid, 9, 0);
    var _ = waitFor(pid, 0);
  }

  /** Sends the program a signal. Its id is its own until {@link #await} has returned. */
  void signal(int signal) {
    var _ = Syscalls.call(Nr.KILL, pid, signal, 0);
  }

  /** Waits until the program has ended, and returns its exit status, 128 + n for signal n. */
  int await() {
    return exitStatus(waitFor(pid, 0));
  }

  /** The wait status of a child, {@link #NOT_YET} if it has not ended. */
  private static int waitFor(int pid, int options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(STATUS_BYTES, STATUS_BYTES);
      long result;
      do {
        result = Syscalls.call(Nr.WAIT4, pid, status.address(), options, 0, 0, 0);
      } while (result == -EINTR);
      if (result < 0) {
        throw new IllegalStateException("wait4 of " + pid + " failed with errno " + -result);
      }
      return result == 0 ? NOT_YET : status.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** WIFSIGNALED, WTERMSIG and WEXITSTATUS of wait(2). */
  static int exitStatus(int waitStatus) {
    int signal = waitStatus & 0x7f;
    return signal != 0 ? ExitStatus.SIGNAL_BASE + signal : waitStatus >>> 8 & 0xff;
  }
}
