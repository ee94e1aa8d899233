package org.jfutex;

import java.util.ServiceLoader;

/** Finds the backends, each once and only when it is asked for: one may not work on a system. */
final class Backends {
  private Backends() {}

  /** Asks the provider each time: what keeps it from working is told each time. */
  static Futex jvm() {
    return Jvm.PROVIDER.futex();
  }

  /** As above. */
  static Futex kernel() {
    return Kernel.PROVIDER.futex();
  }

  private static FutexProvider find(String name) {
    for (FutexProvider provider :
        ServiceLoader.load(FutexProvider.class, Futex.class.getClassLoader())) {
      if (provider.name().equals(name)) {
        return provider;
      }
    }
    throw new IllegalStateException("backend " + name + " is missing from this build of jfutex");
  }

  /** Initialized by the first who asks for the engine. */
  private static final class Jvm {
    static final FutexProvider PROVIDER = find("jvm");
  }

  /** Initialized by the first who asks for the kernel. */
  private static final class Kernel {
    static final FutexProvider PROVIDER = find("kernel");
  }
}
