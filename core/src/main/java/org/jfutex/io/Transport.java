package org.jfutex.io;

import org.jfutex.kernel.EpollCalls;

/** Who carries the bytes of TCP. */
public enum Transport {
  /**
   * The sockets of the Linux kernel, on x86-64: all events of poll(2), as the kernel says them, and
   * failures as {@link ErrnoIOException}.
   */
  KERNEL,
  /**
   * The channels of {@code java.nio}, anywhere: {@link org.jfutex.poll.Events#IN} and {@link
   * org.jfutex.poll.Events#OUT}, and both where the other end has gone or something is wrong, which
   * they do not tell apart. Failures are theirs.
   */
  NIO;

  /**
   * The best that there is.
   *
   * @return KERNEL on Linux on x86-64, else NIO
   */
  public static Transport best() {
    return EpollCalls.areHere() ? KERNEL : NIO;
  }

  /** The same, if it is here. */
  Transport checked() {
    if (this == KERNEL && !EpollCalls.areHere()) {
      throw new UnsupportedOperationException(
          "KERNEL on %s, %s: expected Linux, amd64"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    return this;
  }
}
