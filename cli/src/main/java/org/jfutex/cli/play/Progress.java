package org.jfutex.cli.play;

import java.io.PrintWriter;

/** Prints lines, and on a terminal what is being done below them. */
final class Progress {
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean terminal;
  private final int total;
  private int number;
  private boolean shown;

  Progress(PrintWriter out, boolean terminal, int total) {
    this.out = out;
    this.terminal = terminal;
    this.total = total;
  }

  /** Notes that the next of all things is being done. */
  void next(String what) {
    number++;
    if (terminal) {
      erase();
      out.print("[" + number + "/" + total + "] " + what);
      out.flush();
      shown = true;
    }
  }

  void line(String text) {
    erase();
    out.println(text);
    out.flush();
  }

  private void erase() {
    if (shown) {
      out.print(ERASE_LINE);
      shown = false;
    }
  }
}
