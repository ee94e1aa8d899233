package org.jfutex.io;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import org.jfutex.Errno;
import org.jfutex.kernel.EpollCalls;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jspecify.annotations.Nullable;

/**
 * The end of a process, any one of this host, as a thing to wait for: ready for IN once it has
 * ended. On Linux HUP is added when its parent has waited for it (pidfd_open(2), of which this
 * takes one descriptor; kernels before 6.9 do not tell); elsewhere it comes together with IN. To be
 * closed.
 */
public final class ProcessExit implements Pollable, Closeable {
  private static final int GONE = Events.IN | Events.HUP;

  private final @Nullable Descriptor descriptor;
  private final Pollee pollee;

  private ProcessExit(Descriptor descriptor) {
    this.descriptor = descriptor;
    this.pollee = descriptor.pollee();
  }

  private ProcessExit(ProcessHandle process) {
    this.descriptor = null;
    this.pollee = new Pollee(Discipline.STATELESS, () -> process.isAlive() ? 0 : GONE);
    var _ = process.onExit().thenRun(() -> pollee.notifyEveryone(GONE));
  }

  /**
   * The end of a process.
   *
   * @param process the process, which may have ended
   * @return a new source
   * @throws IOException if there are too many descriptors
   */
  public static ProcessExit of(ProcessHandle process) throws IOException {
    return of(process, Transport.best());
  }

  /** Likewise: KERNEL with a descriptor, NIO with what Java has. */
  static ProcessExit of(ProcessHandle process, Transport means) throws IOException {
    if (means == Transport.KERNEL) {
      long number = EpollCalls.openProcess(Math.toIntExact(process.pid()));
      if (number >= 0) {
        Descriptor descriptor = new Descriptor((int) number, Discipline.HYBRID);
        if (process.isAlive()) { // its number is not another's yet
          return new ProcessExit(descriptor);
        }
        descriptor.close();
      } else if (number != -Errno.ESRCH.number()) {
        throw Descriptor.failure((int) -number, "the end of process " + process.pid());
      }
    }
    return new ProcessExit(process);
  }

  /**
   * The end of a process.
   *
   * @param pid its number
   * @return a new source
   * @throws IOException if there are too many descriptors; ErrnoIOException with ESRCH if there is
   *     no such process
   */
  public static ProcessExit of(long pid) throws IOException {
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    if (process.isEmpty()) {
      throw new ErrnoIOException(Errno.ESRCH, "process " + pid + ": expected one that there is");
    }
    return of(process.get());
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  /** Lets go of the process, and of who waits for it. Idempotent. */
  @Override
  public void close() {
    if (descriptor == null) {
      pollee.close();
    } else {
      descriptor.close();
    }
  }
}
