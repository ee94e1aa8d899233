package org.jfutex;

/**
 * The errors of the futex calls, of the C library's locks, and of polling and its sources, with
 * their Linux numbers (errno(3), asm-generic/errno.h).
 */
public enum Errno {
  /** Operation not permitted. */
  EPERM(1),
  /** No such entry. */
  ENOENT(2),
  /** No such process: a word names an owner that does not exist. */
  ESRCH(3),
  /** Interrupted. */
  EINTR(4),
  /** Input or output error. */
  EIO(5),
  /** Not a descriptor, or a closed one. */
  EBADF(9),
  /** The word does not hold the expected value. */
  EAGAIN(11),
  /** Out of memory. */
  ENOMEM(12),
  /** Bad address: memory that cannot be read or written. */
  EFAULT(14),
  /** In use. */
  EBUSY(16),
  /** Already there. */
  EEXIST(17),
  /** Invalid argument. */
  EINVAL(22),
  /** Too many descriptors. */
  EMFILE(24),
  /** Nobody reads the other end. */
  EPIPE(32),
  /** Resource deadlock avoided. */
  EDEADLK(35),
  /** Operation not implemented. */
  ENOSYS(38),
  /** A loop, or too deep. */
  ELOOP(40),
  /** A value too large: a semaphore that holds the most it can. */
  EOVERFLOW(75),
  /** Not a socket, or not one that can do this. */
  EOPNOTSUPP(95),
  /** The address is in use. */
  EADDRINUSE(98),
  /** The address is not of this machine. */
  EADDRNOTAVAIL(99),
  /** No way to the network. */
  ENETUNREACH(101),
  /** The connection was aborted. */
  ECONNABORTED(103),
  /** The connection was reset by the other end. */
  ECONNRESET(104),
  /** Already connected. */
  EISCONN(106),
  /** Not connected. */
  ENOTCONN(107),
  /** The deadline was reached. */
  ETIMEDOUT(110),
  /** Nobody listens there. */
  ECONNREFUSED(111),
  /** No way to the host. */
  EHOSTUNREACH(113),
  /** Already under way. */
  EALREADY(114),
  /** Under way. */
  EINPROGRESS(115),
  /** Cancelled. */
  ECANCELED(125),
  /** The previous owner died. */
  EOWNERDEAD(130),
  /** A lock whose previous owner died and whose next one did not make its state consistent. */
  ENOTRECOVERABLE(131);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /**
   * The Linux number of this error.
   *
   * @return a positive number
   */
  public int number() {
    return number;
  }
}
