package org.jfutex.cli.fuzz;

/** A machine did not answer within the limit. */
final class Hang extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String machine;

  Hang(String machine, String what) {
    super(machine + ": " + what);
    this.machine = machine;
  }

  /** Which machine it was. */
  String machine() {
    return machine;
  }
}
