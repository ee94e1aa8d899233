package org.jfutex.kernel;

import org.jfutex.Futex;
import org.jfutex.FutexProvider;

/** Offers the kernel backend to {@link Futex#kernel()}. */
public final class KernelFutexProvider implements FutexProvider {
  /** Made by the service loader, on any system. */
  public KernelFutexProvider() {}

  @Override
  public String name() {
    return "kernel";
  }

  @Override
  public Futex futex() {
    return Support.kernelFutex();
  }
}
