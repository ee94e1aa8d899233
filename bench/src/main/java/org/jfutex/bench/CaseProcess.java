package org.jfutex.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Jvm;
import org.jfutex.bench.frame.Rounds;
import org.jfutex.bench.frame.Samples;

/** Measures each case in a JVM of its own, which ends when this one does. */
final class CaseProcess implements CaseRunner {
  private static final String ROUND = "round\t";

  private final Rounds rounds;
  private final CLibrary library;
  private final Path folder;

  /** The JVMs have their temporary files in the folder. */
  CaseProcess(Rounds rounds, CLibrary library, Path folder) {
    this.rounds = rounds;
    this.library = library;
    this.folder = folder;
  }

  @Override
  public Samples run(Area area, int index, IntConsumer progress) throws IOException {
    List<String> flags = new ArrayList<>(area.cases().get(index).terms().flags());
    flags.add("-Djava.io.tmpdir=" + folder);
    List<String> command =
        Jvm.command(flags, CaseMain.class, CaseMain.arguments(area, index, rounds, library));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      return read(process, area.name() + ", " + area.cases().get(index).name(), progress);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static Samples read(Process process, String what, IntConsumer progress)
      throws IOException, InterruptedException {
    Wire.Reader answer = new Wire.Reader();
    try (BufferedReader in = process.inputReader()) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(ROUND)) {
          progress.accept(Integer.parseInt(line.substring(ROUND.length())));
        } else if (!answer.take(line)) {
          System.err.println(line); // the JVM has something to say
        }
      }
    }
    int status = process.waitFor();
    return answer
        .samples()
        .filter(samples -> status == 0)
        .orElseThrow(
            () -> new IOException(what + ": its JVM ended with status " + status + ", see above"));
  }
}
