package org.jfutex.bench.frame;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.List;

/**
 * A process that works with the one that measures. It says {@code ready} in its first line, and
 * ends when its standard input does, at the latest when this process is killed.
 */
public final class Partner implements AutoCloseable {
  private final Process process;
  private final BufferedReader in;
  private final Writer out;

  private Partner(Process process) {
    this.process = process;
    this.in = process.inputReader();
    this.out = process.outputWriter();
  }

  /** Starts a process; it is ready when this returns. */
  static Partner start(List<String> command) {
    try {
      Partner partner =
          new Partner(
              new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
      String first = partner.in.readLine();
      if (!"ready".equals(first)) {
        partner.close();
        throw new IllegalStateException(
            "%s says %s: expected ready".formatted(command.getFirst(), first));
      }
      return partner;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Has a process measure: it is told how much to do, and answers with what it has done and how
   * long that took.
   *
   * @param amount how much
   * @return the nanoseconds for each operation
   */
  public double nanosPerOperation(long amount) {
    try {
      out.write(amount + "\n");
      out.flush();
      String answer = in.readLine();
      if (answer == null) {
        throw new IllegalStateException("a partner has ended: expected figures");
      }
      int blank = answer.indexOf(' ');
      return Double.parseDouble(answer.substring(0, blank))
          / Long.parseLong(answer.substring(blank + 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
