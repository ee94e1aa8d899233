package org.jfutex.cli.run;

import java.util.OptionalLong;

/**
 * The supervisor's side of what {@link Stub} says before it becomes the program. Used by the
 * receiving thread; the outcome is read after the program has ended.
 */
final class Handshake {
  /*
   * State       the stub runs -> started, at the first call that is not the stub's, or -> errno
   *             set, after execve failed; with ENOEXEC the shell is tried once before.
   * Guards      started, shellTried: the supervisor's lock. errno: volatile, written under it.
   * Lock order  takes none.
   * Ordering    errno is written before the stub's call is answered, so before it exits; it is read
   *             after the exit has been waited for.
   * Progress    answers at once.
   * Callbacks   none.
   * Checked by  StubTest, RunOptionsIT.
   */
  private static final int ENOENT = 2;
  private static final int ENOEXEC = 8;
  private static final int NOT_FOUND = 127;

  private final int pid;
  private final long cookie;
  private boolean started;
  private boolean shellTried;
  private volatile int errno;

  Handshake(int pid, long cookie) {
    this.pid = pid;
    this.cookie = cookie;
  }

  /** The process of the stub, while it is known to no one else; 0 once it is the program. */
  int stub() {
    return started ? 0 : pid;
  }

  /** Whether a call is the stub's execve, which is nobody's business but the kernel's. */
  boolean isExecution(Notification call) {
    return !started && call.tid() == pid && call.nr() == Nr.EXECVE;
  }

  /** The answer to a call of the stub; empty if the call is an ordinary one. */
  OptionalLong answer(Notification call) {
    if (started || call.tid() != pid) {
      return OptionalLong.empty();
    }
    if (call.nr() != Nr.FUTEX || call.args()[0] != cookie) {
      started = true; // the program itself: nothing it does is meant for us any more
      return OptionalLong.empty();
    }
    return switch ((int) call.args()[1]) {
      case Stub.HELLO -> OptionalLong.of(0);
      case Stub.EXEC_FAILED -> OptionalLong.of(failed((int) call.args()[2]));
      default -> OptionalLong.empty();
    };
  }

  private long failed(int error) {
    if (error == ENOEXEC && !shellTried) {
      shellTried = true;
      return 0;
    }
    errno = error;
    return error == ENOENT ? NOT_FOUND : Stub.CANNOT_EXECUTE;
  }

  /** Why the program could not be executed; 0 if it was. */
  int errno() {
    return errno;
  }
}
