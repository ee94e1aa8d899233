package org.jfutex.kernel;

import org.jfutex.park.PlatformParker;

/** Provides the sleep of platform threads in futex(2). */
public final class FutexParkers implements PlatformParker {
  /**
   * For the service loader.
   *
   * @throws UnsupportedOperationException if the kernel backend cannot work here, with the reason
   */
  public FutexParkers() {
    KernelFutex _ = Support.kernelFutex();
  }

  @Override
  public Sleeping current() {
    return InterruptibleSleeper.current().parker();
  }
}
