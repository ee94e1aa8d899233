package org.jfutex.bench.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.Writer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that work with the one that measures, and the processors they do it on. */
class PartnerTest {
  private static final long PATIENCE_SECONDS = 30;

  @TempDir private Path temp;

  @Test
  void aPartnerIsToldHowMuchAndAnswersWithTimeAndOperations() {
    List<String> sevenEach = List.of("sh", "-c", "echo ready; read n; echo $((n * 7)) $n; read n");
    try (Partner partner = Partner.start(sevenEach)) {
      assertThat(partner.nanosPerOperation(6)).isEqualTo(7);
      assertThatThrownBy(() -> partner.nanosPerOperation(6))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected figures");
    }
    assertThatThrownBy(() -> Partner.start(List.of("sh", "-c", "echo steady")))
        .hasMessage("sh says steady: expected ready");
  }

  @Test
  void theProcessesInCMeasureAndEndTogether() throws Exception {
    CLibrary library = CLibrary.compile(temp, System.getenv().getOrDefault("PATH", "/usr/bin"));
    assumeTrue(library.file().isPresent(), library.text());
    String cpu = String.valueOf(Processors.allowed().nextSetBit(0));
    for (String what : List.of("handoff", "mutex", "crowd")) {
      for (boolean isKilled : List.of(false, true)) {
        String program = library.program("processes").toString();
        String file = temp.resolve(what).toString();
        Process process = new ProcessBuilder(program, what, file, cpu, cpu).start();
        BufferedReader in = process.inputReader();
        Writer out = process.outputWriter();
        assertThat(in.readLine()).isEqualTo("ready");
        out.write("1000\n");
        out.flush();
        assertThat(in.readLine()).as(what).matches("[1-9][0-9]* [1-9][0-9]*");
        List<ProcessHandle> children = process.children().toList();
        assertThat(children).hasSize(1);
        if (isKilled) {
          process.destroyForcibly();
        } else {
          out.close();
        }
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(what).isTrue();
        try {
          children.getFirst().onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } finally {
          children.getFirst().destroyForcibly();
        }
      }
    }
  }

  @Test
  void aThreadStaysWhereItIsAllowed() {
    BitSet before = Processors.allowed();
    assertThat(before.cardinality()).isPositive();
    int last = before.length() - 1;
    try {
      Processors.allow(Processors.only(last));
      assertThat(Processors.allowed().stream()).containsExactly(last);
    } finally {
      Processors.allow(before);
    }
    assertThat(Processors.allowed()).isEqualTo(before);
  }
}
