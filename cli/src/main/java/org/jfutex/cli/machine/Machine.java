package org.jfutex.cli.machine;

import org.jspecify.annotations.Nullable;

/**
 * What a scenario runs on. Both implementations take the same raw system calls and give the same
 * raw results, so everything above this seam is written once. Closing a machine ends its processes.
 */
public interface Machine extends AutoCloseable {
  /** How much memory of its own each thread has for what its calls read. */
  int SCRATCH_BYTES = 4096;

  /** The size of a page. */
  int PAGE_BYTES = 4096;

  /**
   * Its name in scenarios and reports.
   *
   * @return "jvm" or "kernel"
   */
  String name();

  /**
   * Why it cannot do something.
   *
   * @param capability what
   * @return the reason, for people; null if it can
   */
  @Nullable String lacks(Capability capability);

  /**
   * The process that is there from the start.
   *
   * @return always the same one
   */
  MachineProcess process();

  @Override
  void close();
}
