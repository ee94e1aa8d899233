package org.jfutex.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The house style, as far as a program can judge it. */
class TidyTest {
  private static final String HEADINGS =
      """
        /*
         * State       none
         * Guards      none
         * Lock order  none
         * Ordering    none
         * Progress    none
         * Callbacks   none
         * Checked by  none
         */
      """;

  @Test
  void theSourcesAreTidy() throws IOException {
    Path root = Path.of(System.getProperty("jfutex.root"));
    List<String> findings = new ArrayList<>();
    int files = 0;
    for (String folder :
        List.of("core/src/main/java", "cli/src/main/java", "bench/src/main/java")) {
      try (Stream<Path> tree = Files.walk(root.resolve(folder))) {
        for (Path file : tree.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
          findings.addAll(Tidy.findings(root.relativize(file).toString(), Files.readString(file)));
          files++;
        }
      }
    }
    assertThat(files).isGreaterThan(20);
    assertThat(findings).isEmpty();
  }

  record Sample(String text, String finding) {}

  static List<Sample> untidy() {
    return List.of(
        new Sample("class A {}\n".repeat(601), "more than 600 lines"),
        new Sample("class A { void m() {" + "\n".repeat(70) + "} }", "m has more than 70 lines"),
        new Sample("class A {} //" + " ".repeat(90), "more than 100 columns"),
        new Sample("class A {\tint a; }", "a tab"),
        new Sample("class A {} // TO" + "DO later", "work left for later"),
        new Sample("class A { String s = \"/ro" + "ot/x\"; }", "a path of one machine"),
        new Sample("class A { synchronized void m() {} }", "a synchronized method"),
        new Sample("class A { void m() { synchronized (this) {} } }", "a synchronized block"),
        new Sample("class A { void m() { VarHandle.fullFence(); } }", "pairs with"),
        new Sample("class A { void m() { X.setRelease(this, 1); } }", "pairs with"),
        new Sample("class A { void m() { X.compareAndExchangeAcquire(this, 1); } }", "pairs with"),
        new Sample("class A { void m() { x.getOpaque(); } }", "pairs with"),
        new Sample("class A { VarHandle X; void m() { X.get(this); } }", "pairs with"),
        new Sample("class A { volatile int a; }", "the heading State"),
        new Sample("class A { final ReentrantLock l = null; }", "the heading State"),
        new Sample("class A { class B { Lock l; } }", "the heading State"),
        new Sample(
            "class A { volatile int a;\n" + HEADINGS.replace("Progress", "Pace") + "}",
            "the heading Progress"));
  }

  @ParameterizedTest
  @MethodSource("untidy")
  void anUntidyFileIsFound(Sample sample) throws IOException {
    assertThat(Tidy.findings("A.java", sample.text))
        .singleElement()
        .asString()
        .startsWith("A.java:")
        .contains(sample.finding);
  }

  @Test
  void aTidyFileIsLeftAlone() throws IOException {
    String text =
        "class A {\n"
            + HEADINGS
            + """
              volatile int a;
              VarHandle X;
              void m() {
                VarHandle.fullFence(); // (B) pairs with (A) in n
                // (C) pairs with (D)
                X.get(this);
                map.get(this);
                Reference.reachabilityFence(this);
                int volatileInName = X.getVolatile(this);
              }
            }
            """;
    assertThat(Tidy.findings("A.java", text)).isEmpty();
  }
}
