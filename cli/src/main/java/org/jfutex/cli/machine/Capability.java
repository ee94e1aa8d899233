package org.jfutex.cli.machine;

/** What not every machine can do, by the names of a scenario's {@code needs}. */
public enum Capability {
  /** The priority-inheritance operations. */
  PI,
  /** Robust lists, and what happens at a thread's exit. */
  ROBUST,
  /** futex_waitv. */
  WAITV,
  /** futex_wake, futex_wait and futex_requeue. */
  FUTEX2,
  /** FUTEX2_NUMA. */
  NUMA,
  /** FUTEX2_MPOL. */
  MPOL,
  /** Words of 8 bits. */
  SIZE8,
  /** Words of 16 bits. */
  SIZE16,
  /** Words of 64 bits. */
  SIZE64,
  /** Real-time priorities. */
  RT,
  /** Signals, stop and continue. */
  SIGNALS,
  /** More than one process. */
  PROCESSES,
  /** The private hash of a process. */
  HASH
}
