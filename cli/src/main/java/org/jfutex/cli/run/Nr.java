package org.jfutex.cli.run;

/** Linux system call numbers of x86-64, and of i386 where a 32-bit program's calls are seen. */
final class Nr {
  static final int RT_SIGRETURN = 15;
  static final int IOCTL = 16;
  static final int PREAD64 = 17;
  static final int CLONE = 56;
  static final int EXECVE = 59;
  static final int WAIT4 = 61;
  static final int KILL = 62;
  static final int FCNTL = 72;
  static final int RT_SIGACTION = 13;
  static final int CLOSE = 3;
  static final int POLL = 7;
  static final int SCHED_GETPARAM = 143;
  static final int SCHED_GETSCHEDULER = 145;
  static final int PRCTL = 157;
  static final int FUTEX = 202;
  static final int SET_TID_ADDRESS = 218;
  static final int CLOCK_GETTIME = 228;
  static final int EXIT_GROUP = 231;
  static final int EPOLL_WAIT = 232;
  static final int EPOLL_CTL = 233;
  static final int TGKILL = 234;
  static final int OPENAT = 257;
  static final int FACCESSAT2 = 439;
  static final int EPOLL_CREATE1 = 291;
  static final int PRLIMIT64 = 302;
  static final int PROCESS_VM_READV = 310;
  static final int PROCESS_VM_WRITEV = 311;
  static final int KCMP = 312;
  static final int SECCOMP = 317;
  static final int MEMFD_CREATE = 319;
  static final int EXECVEAT = 322;
  static final int WRITE = 1;
  static final int PIDFD_OPEN = 434;
  static final int CLONE3 = 435;
  static final int PIDFD_GETFD = 438;
  static final int FUTEX_WAITV = 449;
  static final int FUTEX_WAKE = 454;
  static final int FUTEX_WAIT = 455;
  static final int FUTEX_REQUEUE = 456;

  static final int I386_FUTEX = 240;
  static final int I386_EXECVE = 11;
  static final int I386_EXECVEAT = 358;
  static final int I386_SET_TID_ADDRESS = 258;
  static final int I386_FUTEX_TIME64 = 422;

  private Nr() {}
}
