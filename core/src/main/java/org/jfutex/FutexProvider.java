package org.jfutex;

/** The service by which {@link Futex} finds its backends, so that the contract depends on none. */
public interface FutexProvider {
  /**
   * The name {@link Futex} asks for.
   *
   * @return "jvm" or "kernel"
   */
  String name();

  /**
   * The backend.
   *
   * @return always the same one
   * @throws UnsupportedOperationException if it cannot work on this system, with the reason
   */
  Futex futex();
}
