package org.jfutex.cli.probe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.jfutex.kernel.KernelFeatures;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What {@code jfutex probe} prints. */
class ProbeCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int probe(String... arguments) {
    return new CommandLine(new ProbeCommand())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  @Test
  void printsTheKernelItsFeaturesAndBothBackends() {
    assertThat(probe()).isZero();
    assertThat(err.toString()).isEmpty();
    List<String> lines = out.toString().lines().toList();
    assertThat(lines.getFirst()).isEqualTo("kernel " + System.getProperty("os.version"));
    for (KernelFeatures.Feature feature : KernelFeatures.probe()) {
      String start = feature.name() + (feature.present() ? " +yes +" : " +no +");
      assertThat(lines).anyMatch(line -> line.matches(start + ".{20,}"));
    }
    assertThat(lines).contains("backend             jvm           kernel");
    assertThat(lines).anyMatch(line -> line.matches("widths +8 16 32 64 +32"));
    assertThat(lines).allMatch(line -> line.equals(line.stripTrailing()));
  }

  /** Everything the kernels of the tests have, and what no kernel has yet. */
  @Test
  void findsWhatIsThere() {
    var features = KernelFeatures.probe();
    assertThat(features.stream().map(KernelFeatures.Feature::name)).doesNotHaveDuplicates();
    assertThat(features.stream().filter(KernelFeatures.Feature::present))
        .extracting(KernelFeatures.Feature::name)
        .contains("futex_waitv", "futex2", "pi", "lock_pi2", "robust_list")
        .doesNotContain("size_u8", "size_u16", "size_u64");
  }

  @Test
  void printsJsonThatParses() throws Exception {
    assertThat(probe("--json")).isZero();
    int objects = 0;
    try (JsonParser json = new JsonFactory().createParser(out.toString())) {
      while (json.nextToken() != null) {
        objects += json.currentToken() == JsonToken.START_OBJECT ? 1 : 0;
      }
    }
    assertThat(objects).isEqualTo(1 + KernelFeatures.probe().size() + 2);
    assertThat(out.toString()).contains("\"format\" : 1", "\"backend\" : \"kernel\"");
  }

  @Test
  void anotherSystemIsStatus78() {
    String os = System.setProperty("os.name", "Plan9");
    try {
      assertThat(probe()).isEqualTo(78);
    } finally {
      System.setProperty("os.name", os);
    }
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).startsWith("jfutex: ").contains("Plan9");
  }
}
