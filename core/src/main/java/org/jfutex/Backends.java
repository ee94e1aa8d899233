package org.jfutex;

import java.util.ServiceLoader;

/** Finds the backends, each once. */
final class Backends {
  static final Futex JVM = find("jvm");

  private Backends() {}

  private static Futex find(String name) {
    for (FutexProvider provider :
        ServiceLoader.load(FutexProvider.class, Futex.class.getClassLoader())) {
      if (provider.name().equals(name)) {
        return provider.futex();
      }
    }
    throw new IllegalStateException("backend " + name + " is missing from this build of jfutex");
  }
}
