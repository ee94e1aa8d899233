package org.jfutex.cli;

/** The exit statuses of the command line, after sysexits(3) and POSIX. Listed in the help. */
public final class ExitStatus {
  /** All went well. */
  public static final int OK = 0;

  /** The command did its work and found a problem. */
  public static final int PROBLEM = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** Something needed is missing: jfutex is not built, or an input cannot be read (EX_NOINPUT). */
  public static final int NO_INPUT = 66;

  /** An error in jfutex, or its build failed (EX_SOFTWARE). */
  public static final int INTERNAL = 70;

  /** This system cannot do what was asked (EX_CONFIG). */
  public static final int UNSUPPORTED = 78;

  /** The program to run was found and could not be executed (POSIX). */
  public static final int NOT_EXECUTABLE = 126;

  /** The program to run was not found (POSIX). */
  public static final int NOT_FOUND = 127;

  /** The program was ended by signal n: 128 + n. */
  public static final int SIGNAL_BASE = 128;

  private ExitStatus() {}
}
