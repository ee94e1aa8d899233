package org.jfutex.word;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.time.ClockId;

/** Breaks every rule of the architecture test once, so that each is seen failing. */
public final class RuleBreaker {
  ClockId anArrowThatDoesNotExist = ClockId.MONOTONIC;
  Linker foreignLinker = Linker.nativeLinker();

  /** A rule breaker. */
  public RuleBreaker() {}

  MemorySegment reinterprets(MemorySegment segment) {
    return segment.reinterpret(1);
  }

  void parks() {
    LockSupport.parkNanos(1);
  }

  long readsTheClock() {
    return System.nanoTime();
  }

  void fences() {
    VarHandle.fullFence();
  }

  synchronized void isSynchronized() {}

  void waits(Object monitor) throws InterruptedException {
    monitor.wait();
  }

  void prints() {
    System.out.println();
  }
}
