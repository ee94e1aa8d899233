package org.jfutex.cli.run;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jfutex.cli.ExitStatus;

/** What a system must have for programs to be served. */
final class Requirements {
  /** PROCMAP_QUERY, by which shared futexes are told apart. */
  private static final Version NEEDED = new Version(6, 11);

  /** The first without a race in SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, but for backports. */
  private static final Version SOUND = new Version(6, 18);

  private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

  private Requirements() {}

  /**
   * A kernel version, as far as it says what a kernel can do.
   *
   * @param major the first number
   * @param minor the second number
   */
  record Version(int major, int minor) {
    static Version parse(String release) {
      Matcher matcher = RELEASE.matcher(release);
      return matcher.matches()
          ? new Version(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
          : new Version(0, 0);
    }

    boolean isBefore(Version other) {
      return major < other.major || (major == other.major && minor < other.minor);
    }

    @Override
    public String toString() {
      return major + "." + minor;
    }
  }

  /**
   * Checks the system.
   *
   * @throws CannotRun if it cannot work here
   */
  static void check() throws CannotRun {
    check(
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("os.version"));
    if (!Space.isSupported()) {
      throw unsupported(
          "the kernel refuses PROCMAP_QUERY on /proc/self/maps: Linux " + NEEDED + " is needed");
    }
  }

  static void check(String system, String architecture, String release) throws CannotRun {
    if (!system.equals("Linux")) {
      throw unsupported("this is " + system + ": run needs Linux");
    }
    String lower = architecture.toLowerCase(Locale.ROOT);
    if (!lower.equals("amd64") && !lower.equals("x86_64")) {
      throw unsupported("this is a machine of type " + architecture + ": run needs x86-64");
    }
    if (Version.parse(release).isBefore(NEEDED)) {
      throw unsupported("this is Linux " + release + ": run needs " + NEEDED + " or newer");
    }
  }

  /** What to say of a kernel on which a wake may be lost; empty if it is sound. */
  static String warning(String release) {
    return Version.parse(release).isBefore(SOUND)
        ? "Linux "
            + release
            + " may lose a wake when a signal meets it, unless it has the fix made for "
            + SOUND
        : "";
  }

  static CannotRun unsupported(String message) {
    return new CannotRun(ExitStatus.UNSUPPORTED, message);
  }
}
