package org.jfutex.cli.machine.jvm;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What the threads of a {@link JvmMachine} run on. */
public enum JvmThreads {
  /** Threads of the operating system; one whose thread of the machine has gone is used again. */
  PLATFORM {
    @Override
    ExecutorService executor() {
      return Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());
    }
  },
  /** Virtual threads. */
  VIRTUAL {
    @Override
    ExecutorService executor() {
      return Executors.newVirtualThreadPerTaskExecutor();
    }
  };

  abstract ExecutorService executor();
}
