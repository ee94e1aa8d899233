package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jfutex.cli.ExitStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code jfutex run} tells of a program, and how it is told to. */
class RunOptionsIT {
  @TempDir private Path temp;

  @Test
  void theReportNamesProcessesCallsAndWords() throws Exception {
    Outcome outcome = Execution.of(NativeProgram.c("locks")).underJfutex().run().succeeded();
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.report())
        .startsWith("jfutex: 1 process, ")
        .contains(
            "Processes", "locks", "FUTEX_WAIT", "FUTEX_WAKE", "Words waited on most", "woken");
  }

  @Test
  void withoutAFileTheReportGoesToStandardError() throws Exception {
    List<String> command = Execution.jfutexRun();
    Outcome outcome =
        Execution.of(Stream.of(command, NativeProgram.c("pi")).flatMap(List::stream).toList())
            .run()
            .succeeded();
    assertThat(outcome.out()).endsWith("ok\n").doesNotContain("jfutex");
    assertThat(outcome.err()).startsWith("jfutex: 1 process, ").contains("passed to the kernel");
  }

  @Test
  void quietPrintsNothing() throws Exception {
    Outcome outcome =
        Execution.of(NativeProgram.c("odd", "filter")).underJfutex("--quiet").run().succeeded();
    assertThat(outcome.err()).isEmpty();
  }

  /** The sums of the report are those of the program: each wait that was woken was counted once. */
  @Test
  void theJsonReportAddsUp() throws Exception {
    Outcome outcome = Execution.of(NativeProgram.c("raw")).underJfutex("--json").run().succeeded();
    Map<String, Long> numbers = new HashMap<>();
    int operations = 0;
    try (JsonParser json = new JsonFactory().createParser(outcome.report())) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.VALUE_NUMBER_INT) {
          numbers.putIfAbsent(json.currentName(), json.getLongValue());
        } else if (token == JsonToken.FIELD_NAME && json.currentName().equals("operation")) {
          operations++;
        }
      }
    }
    assertThat(numbers).containsEntry("format", 1L).containsEntry("processes", 1L);
    assertThat(numbers).containsEntry("threads", 33L); // 32 sleepers, and who wakes them
    assertThat(numbers.get("calls")).isGreaterThan(100);
    assertThat(operations).isGreaterThanOrEqualTo(6);
  }

  @Test
  void theTraceHasALineForEveryCall() throws Exception {
    Path trace = temp.resolve("trace");
    Outcome outcome =
        Execution.of(NativeProgram.c("raw")).underJfutex("--trace=" + trace, "--json").run();
    outcome.succeeded();
    List<String> lines = Files.readAllLines(trace);
    try (JsonParser json = new JsonFactory().createParser(outcome.report())) {
      while (!"calls".equals(json.currentName())
          || json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        assertThat(json.nextToken()).as("the field 'calls' comes").isNotNull();
      }
      assertThat(lines).hasSize(json.getIntValue());
    }
    assertThat(lines)
        .anyMatch(line -> line.contains("FUTEX_WAIT") && line.contains("EAGAIN"))
        .anyMatch(line -> line.contains("FUTEX_CMP_REQUEUE"))
        .anyMatch(line -> line.contains("ENOSYS"));
  }

  @Test
  void anOperationTakenAwayIsAnsweredWithEnosys() throws Exception {
    Outcome outcome =
        Execution.of(NativeProgram.c("futex2"))
            .underJfutex("--without=futex_wake,futex-waitv")
            .run()
            .succeeded();
    assertThat(outcome.out()).isEqualTo("no futex2 here\nok\n");
    assertThat(outcome.report()).contains("ENOSYS").contains("main");
  }

  @Test
  void an32BitProgramRunsAndIsReportedAsUnserved() throws Exception {
    Execution program = Execution.of(NativeProgram.c32("elf32"));
    Outcome alone = program.run();
    Outcome outcome = program.underJfutex().run().sameAs(alone);
    // IA-32 emulation can be built into a kernel and switched off; a shell then tries in vain
    assumeThat(alone.status()).as("status of a 32-bit program on this kernel").isZero();
    assertThat(outcome.out()).isEqualTo("32 bits\n");
    assertThat(outcome.report()).contains("elf32").containsAnyOf("32-bit", "32 bit", "unserved");
  }

  @Test
  void aSignalAsksForTheReportSoFar() throws Exception {
    List<String> command =
        Stream.of(Execution.jfutexRun(), NativeProgram.c("crowd", "park", "20", "60"))
            .flatMap(List::stream)
            .toList();
    try (Execution.Running running = Execution.of(command).start()) {
      running.awaitLine("parked ");
      Execution.of("kill", "-USR1", Long.toString(running.handle().pid())).run().succeeded();
      long end = System.nanoTime() + 20_000_000_000L;
      while (!running.errSoFar().contains("Words waited on most") && System.nanoTime() < end) {
        Thread.sleep(5);
      }
      assertThat(running.errSoFar()).containsPattern("jfutex: 1 process, 2[01] threads");
      assertThat(running.handle().isAlive()).isTrue();
    }
  }

  @Test
  void aWrongCommandLineIsStatus2() throws Exception {
    Execution.of(Execution.launcher(), "run").run().endedWith(ExitStatus.USAGE);
    Execution.of(Execution.launcher(), "run", "--without=nap", "--", "true")
        .run()
        .endedWith(ExitStatus.USAGE);
  }
}
