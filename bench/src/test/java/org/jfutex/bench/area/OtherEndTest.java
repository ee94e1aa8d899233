package org.jfutex.bench.area;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jfutex.bench.frame.Jvm;
import org.jfutex.bench.frame.Processors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The other JVM does not outlive the one that measures. */
class OtherEndTest {
  private static final long PATIENCE_SECONDS = 30;

  @TempDir private Path temp;

  @Test
  void itEndsWithItsStandardInputThoughItSleeps() throws Exception {
    Path file = Files.createFile(temp.resolve("words"));
    String cpu = String.valueOf(Processors.allowed().nextSetBit(0));
    List<String> command =
        Jvm.command(List.of(), OtherEnd.class, List.of(OtherEnd.WORDS, file.toString(), cpu));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("ready");
      assertThat(process.isAlive()).isTrue();
      process.outputWriter().close();
      assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
    } finally {
      process.destroyForcibly();
    }
  }
}
