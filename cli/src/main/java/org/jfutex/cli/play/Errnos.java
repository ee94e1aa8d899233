package org.jfutex.cli.play;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names of errors, asm-generic/errno-base.h and errno.h: those a call of a scenario can give. */
final class Errnos {
  private static final long MAX_ERRNO = 4095;

  private static final Map<String, Integer> NUMBERS = new LinkedHashMap<>();

  static {
    NUMBERS.put("EPERM", 1);
    NUMBERS.put("ENOENT", 2);
    NUMBERS.put("ESRCH", 3);
    NUMBERS.put("EINTR", 4);
    NUMBERS.put("EIO", 5);
    NUMBERS.put("E2BIG", 7);
    NUMBERS.put("EBADF", 9);
    NUMBERS.put("EAGAIN", 11);
    NUMBERS.put("EWOULDBLOCK", 11);
    NUMBERS.put("ENOMEM", 12);
    NUMBERS.put("EACCES", 13);
    NUMBERS.put("EFAULT", 14);
    NUMBERS.put("EBUSY", 16);
    NUMBERS.put("EEXIST", 17);
    NUMBERS.put("ENODEV", 19);
    NUMBERS.put("EINVAL", 22);
    NUMBERS.put("ENOSPC", 28);
    NUMBERS.put("ERANGE", 34);
    NUMBERS.put("EDEADLK", 35);
    NUMBERS.put("EDEADLOCK", 35);
    NUMBERS.put("ENOSYS", 38);
    NUMBERS.put("EOVERFLOW", 75);
    NUMBERS.put("EOPNOTSUPP", 95);
    NUMBERS.put("ETIMEDOUT", 110);
    NUMBERS.put("EOWNERDEAD", 130);
    NUMBERS.put("ENOTRECOVERABLE", 131);
  }

  private Errnos() {}

  static Set<String> names() {
    return Collections.unmodifiableSet(NUMBERS.keySet());
  }

  /** The number of a name, positive; null for no name. */
  static @Nullable Integer number(String name) {
    return NUMBERS.get(name);
  }

  /** A raw result for people: an error by its name, anything else as a number. */
  static String text(long result) {
    if (result >= 0 || result < -MAX_ERRNO) {
      return Long.toString(result);
    }
    return NUMBERS.entrySet().stream()
        .filter(entry -> entry.getValue() == -result)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse("errno " + -result);
  }
}
