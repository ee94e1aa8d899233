package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/**
 * How a command came out.
 *
 * @param command what was run
 * @param status its exit status; of one that a signal ended, 128 and the signal's number
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 * @param report what jfutex wrote to the file of --report; empty for other commands
 */
record Outcome(List<String> command, int status, String out, String err, String report) {
  /** Fails, showing all of it, unless the status is 0. */
  Outcome succeeded() {
    return endedWith(0);
  }

  /** Fails, showing all of it, unless the status is the given one. */
  Outcome endedWith(int expected) {
    assertThat(status).as("status of %s", this).isEqualTo(expected);
    return this;
  }

  /** Fails, showing all of it, unless status and standard output are those of another outcome. */
  Outcome sameAs(Outcome expected) {
    assertThat(status + "\n" + out)
        .as("status and output of %s", this)
        .isEqualTo(expected.status + "\n" + expected.out);
    return this;
  }

  @Override
  public String toString() {
    return "%s%nstatus %d%n--- out%n%s%n--- err%n%s%n--- report%n%s"
        .formatted(String.join(" ", command), status, tail(out), tail(err), tail(report));
  }

  private static String tail(String text) {
    int most = 4000;
    return text.length() <= most ? text : "..." + text.substring(text.length() - most);
  }
}
