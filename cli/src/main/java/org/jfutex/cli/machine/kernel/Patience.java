package org.jfutex.cli.machine.kernel;

/** How long this side tries what before the next thing. */
final class Patience {
  /** How often it reads a mailbox before it looks into procfs or sleeps: some microseconds. */
  static final int SPINS = 100;

  /** How long it sleeps between two looks at a thread that runs, at first and at most. */
  static final long FIRST_NANOS = 20_000;

  static final long MAX_NANOS = 1_000_000;

  /** How long it sleeps between two looks at whether a thread still exists. */
  static final long LOOK_NANOS = 20_000_000;

  /** How long a worker may take for what it does at once if it gets a CPU. */
  static final long LIMIT_NANOS = 10_000_000_000L;

  private Patience() {}
}
