package org.jfutex.cli.run;

/** Linux system call numbers of x86-64, and of i386 where a 32-bit program's calls are seen. */
public final class Nr {
  public static final int RT_SIGRETURN = 15;
  public static final int IOCTL = 16;
  public static final int PREAD64 = 17;
  public static final int CLONE = 56;
  public static final int EXECVE = 59;
  public static final int WAIT4 = 61;
  public static final int KILL = 62;
  public static final int FCNTL = 72;
  public static final int RT_SIGACTION = 13;
  public static final int CLOSE = 3;
  public static final int POLL = 7;
  public static final int SCHED_GETPARAM = 143;
  public static final int SCHED_GETSCHEDULER = 145;
  public static final int PRCTL = 157;
  public static final int FUTEX = 202;
  public static final int SET_TID_ADDRESS = 218;
  public static final int CLOCK_GETTIME = 228;
  public static final int EXIT_GROUP = 231;
  public static final int EPOLL_WAIT = 232;
  public static final int EPOLL_CTL = 233;
  public static final int TGKILL = 234;
  public static final int OPENAT = 257;
  public static final int FACCESSAT2 = 439;
  public static final int EPOLL_CREATE1 = 291;
  public static final int PRLIMIT64 = 302;
  public static final int PROCESS_VM_READV = 310;
  public static final int PROCESS_VM_WRITEV = 311;
  public static final int KCMP = 312;
  public static final int SECCOMP = 317;
  public static final int MEMFD_CREATE = 319;
  public static final int EXECVEAT = 322;
  public static final int WRITE = 1;
  public static final int MMAP = 9;
  public static final int MPROTECT = 10;
  public static final int MUNMAP = 11;
  public static final int PWRITE64 = 18;
  public static final int MREMAP = 25;
  public static final int EXIT = 60;
  public static final int FTRUNCATE = 77;
  public static final int UNLINK = 87;
  public static final int SETPGID = 109;
  public static final int SCHED_SETSCHEDULER = 144;
  public static final int RESTART_SYSCALL = 219;
  public static final int GET_ROBUST_LIST = 274;
  public static final int PIPE2 = 293;
  public static final int CLOSE_RANGE = 436;
  public static final int PIDFD_OPEN = 434;
  public static final int CLONE3 = 435;
  public static final int PIDFD_GETFD = 438;
  public static final int FUTEX_WAITV = 449;
  public static final int FUTEX_WAKE = 454;
  public static final int FUTEX_WAIT = 455;
  public static final int FUTEX_REQUEUE = 456;

  public static final int I386_FUTEX = 240;
  public static final int I386_EXECVE = 11;
  public static final int I386_EXECVEAT = 358;
  public static final int I386_SET_TID_ADDRESS = 258;
  public static final int I386_FUTEX_TIME64 = 422;

  private Nr() {}
}
