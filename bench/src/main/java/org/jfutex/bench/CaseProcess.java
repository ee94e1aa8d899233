package org.jfutex.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Rounds;
import org.jfutex.bench.frame.Samples;

/** Measures each case in a JVM of its own, which ends when this one does. */
final class CaseProcess implements CaseRunner {
  private static final String ROUND = "round\t";

  private final Rounds rounds;
  private final CLibrary library;
  private final List<String> flags;

  CaseProcess(Rounds rounds, CLibrary library) {
    this.rounds = rounds;
    this.library = library;
    this.flags = findFlags(System.getenv().getOrDefault("JFUTEX_OPTS", ""));
  }

  /**
   * A JVM as users start it, with what keeps the batches of an area apart from the loop around them
   * ({@code Loop}), and the options users give to the command line.
   */
  private static List<String> findFlags(String options) {
    List<String> flags = new ArrayList<>();
    flags.add("-XX:CompileCommand=quiet");
    flags.add("-XX:CompileCommand=dontinline,org.jfutex.bench.area.*::lambda*");
    flags.add(
        isModule()
            ? "--enable-native-access=org.jfutex,org.jfutex.bench"
            : "--enable-native-access=ALL-UNNAMED");
    Arrays.stream(options.split("\\s+")).filter(each -> !each.isEmpty()).forEach(flags::add);
    return flags;
  }

  private static boolean isModule() {
    return CaseProcess.class.getModule().isNamed();
  }

  /** The flags of the JVMs that measure. */
  List<String> flags() {
    return flags;
  }

  @Override
  public Samples run(Area area, int index, IntConsumer progress) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    if (isModule()) {
      command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
      command.addAll(List.of("-m", "org.jfutex.bench/" + CaseMain.class.getName()));
    } else {
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add(CaseMain.class.getName());
    }
    command.addAll(CaseMain.arguments(area, index, rounds, library));
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
