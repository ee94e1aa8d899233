package org.jfutex.engine;

import org.jfutex.Futex;
import org.jfutex.FutexProvider;
import org.jfutex.park.ThreadParker;

/** Provides the engine behind {@link Futex#jvm()}. */
public final class JvmFutexProvider implements FutexProvider {
  /** For the service loader. */
  public JvmFutexProvider() {}

  @Override
  public String name() {
    return "jvm";
  }

  @Override
  public Futex futex() {
    ThreadParker.checkChoice(); // an error of a class that cannot be made would hide the reason
    return Shared.ENGINE;
  }

  /** Made when first asked for. */
  private static final class Shared {
    static final JvmFutex ENGINE = new JvmFutex();
  }
}
