package org.jfutex.park;

import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** How the platform threads of this JVM sleep, as its command line says; looked at once. */
record ParkerChoice(@Nullable PlatformParker parker, @Nullable String refused) {
  static final String PROPERTY = "jfutex.parker";

  private static final String BY_THREAD = "thread";
  private static final String BY_FUTEX = "futex";

  /**
   * The choice that a value of the property makes.
   *
   * @param value what the property says; null if it is not set
   */
  static ParkerChoice of(@Nullable String value) {
    return switch (value) {
      case null -> new ParkerChoice(null, null);
      case BY_THREAD -> new ParkerChoice(null, null);
      case BY_FUTEX -> byFutex(value);
      default -> refused(value, "expected " + BY_THREAD + " or " + BY_FUTEX);
    };
  }

  private static ParkerChoice byFutex(String value) {
    try {
      return ServiceLoader.load(PlatformParker.class, PlatformParker.class.getClassLoader())
          .findFirst()
          .map(parker -> new ParkerChoice(parker, null))
          .orElseGet(() -> refused(value, "this build of jfutex has no such parker"));
    } catch (ServiceConfigurationError e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return refused(value, String.valueOf(cause.getMessage()));
    }
  }

  private static ParkerChoice refused(String value, String why) {
    return new ParkerChoice(null, "-D" + PROPERTY + "=" + value + ": " + why);
  }
}
