package org.jfutex.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Asserts that calls make no garbage. */
public final class Allocation {
  private static final int WARM_UP = 20_000;
  private static final int CALLS = 10_000;
  private static final int ATTEMPTS = 10;

  private Allocation() {}

  /** Compiling may allocate once on this thread's account, so the best of some attempts counts. */
  public static void assertNone(Runnable call) {
    assertNone(WARM_UP, CALLS, call);
  }

  /** The same for calls that take long. */
  public static void assertNone(int warmUp, int calls, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < warmUp; i++) {
      call.run();
    }
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < ATTEMPTS && least > 0; attempt++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < calls; i++) {
        call.run();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).as("bytes in %s calls", calls).isZero();
  }
}
