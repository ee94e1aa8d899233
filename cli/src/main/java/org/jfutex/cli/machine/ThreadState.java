package org.jfutex.cli.machine;

/** How a thread of a machine stands. */
public enum ThreadState {
  /** It has no call to make; its last result has been taken. */
  IDLE,
  /** It is in a call and not known to sleep in it. */
  RUNNING,
  /** It sleeps in its call, queued where the call queues it. */
  SLEEPING,
  /** Its call has returned and the result has not been taken. */
  RETURNED,
  /** It has exited or was killed. */
  GONE
}
