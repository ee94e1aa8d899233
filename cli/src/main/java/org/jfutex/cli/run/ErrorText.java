package org.jfutex.cli.run;

/** What the errors of starting a program mean, as strerror(3) says it. */
public final class ErrorText {
  private ErrorText() {}

  /**
   * The text of an errno.
   *
   * @param errno its number, positive
   * @return what it means, for people
   */
  public static String of(int errno) {
    return switch (errno) {
      case 1 -> "operation not permitted";
      case 2 -> "no such file or directory";
      case 5 -> "input/output error";
      case 7 -> "argument list too long";
      case 8 -> "exec format error";
      case 11 -> "resource temporarily unavailable";
      case 12 -> "cannot allocate memory";
      case 13 -> "permission denied";
      case 16 -> "device or resource busy";
      case 20 -> "not a directory";
      case 21 -> "is a directory";
      case 22 -> "invalid argument";
      case 23 -> "too many open files in system";
      case 24 -> "too many open files";
      case 26 -> "text file busy";
      case 36 -> "file name too long";
      case 38 -> "function not implemented";
      case 40 -> "too many levels of symbolic links";
      default -> "errno " + errno;
    };
  }
}
