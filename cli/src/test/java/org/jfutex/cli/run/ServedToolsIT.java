package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs nobody wrote for jfutex. */
class ServedToolsIT {
  @Test
  void theExamplePipelineGivesTheRightAnswer() throws Exception {
    Tools.require("python3");
    String pipeline = Tools.root().resolve("examples/native/pipeline.py").toString();
    Execution program = Execution.of("python3", pipeline);
    program.underJfutex().run().sameAs(program.run().succeeded());
  }

  @Test
  void perfWakesEveryThread() throws Exception {
    Tools.require("perf");
    assertEveryThreadWoken(perf("wake", "-t", "8"));
  }

  static void assertEveryThreadWoken(Outcome outcome) {
    List<String> expected =
        IntStream.rangeClosed(1, 10)
            .mapToObj("[Run %d]: Wokeup 8 of 8 threads"::formatted)
            .toList();
    assertThat(outcome.succeeded().out().lines().filter(line -> line.startsWith("[Run")))
        .zipSatisfy(expected, (line, start) -> assertThat(line).startsWith(start));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"wake-parallel -t 4", "requeue -t 8", "hash -t 2 -r 1", "lock-pi -t 2 -r 1"})
  void perfBenchRunsToItsEnd(String arguments) throws Exception {
    Tools.require("perf");
    Outcome outcome = perf(arguments.split(" ")).succeeded();
    if (arguments.startsWith("requeue")) {
      assertThat(outcome.out()).contains("[Run 10]: Requeued 8 of 8 threads");
    }
  }

  static Outcome perf(String... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of("perf", "bench", "futex"), Stream.of(arguments)).toList();
    return Execution.of(command).underJfutex().run();
  }

  @Test
  void stressNgFindsNothing() throws Exception {
    Tools.require("stress-ng");
    Execution.of("stress-ng", "--futex", "2", "-t", "3", "--verify")
        .underJfutex()
        .run()
        .succeeded();
  }
}
