package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The collection of scenarios, on the engine with both kinds of thread and on the kernel. */
class ScenariosIT {
  private static final Path COLLECTION = Tools.root().resolve("scenarios");
  private static final int AT_LEAST = 250;

  /** A scenario as the documentation names it: folder and file, in backticks. */
  private static final Pattern NAMED = Pattern.compile("`([a-z_0-9]+/[a-z0-9_-]+)`");

  @Test
  void everyScenarioHoldsOnBothBackends() {
    StringWriter out = new StringWriter();
    int status =
        new CommandLine(new PlayCommand())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(out))
            .execute("--on", "both", "--threads", "both", COLLECTION.toString());
    List<String> lines = out.toString().lines().toList();
    String bad =
        lines.stream().filter(line -> !line.startsWith("PASS")).collect(Collectors.joining("\n"));
    assertThat(status).as(bad).isEqualTo(ExitStatus.OK);
    assertThat(lines.getLast()).matches("[0-9]+ passed, 0 failed, [0-9]+ skipped");
    long onKernel = lines.stream().filter(line -> line.startsWith("PASS kernel")).count();
    assertThat(onKernel).as(bad).isGreaterThanOrEqualTo(AT_LEAST);
    System.out.println("scenarios: " + lines.getLast());
  }

  @Test
  void whatTheDocumentationNamesIsThere() throws IOException {
    Set<String> names;
    try (Stream<Path> files = Files.walk(COLLECTION)) {
      names =
          files
              .map(file -> COLLECTION.relativize(file).toString())
              .filter(name -> name.endsWith(".ftx"))
              .map(name -> name.substring(0, name.length() - ".ftx".length()))
              .collect(Collectors.toSet());
    }
    String parity = Files.readString(Tools.root().resolve("docs/linux-parity.md"));
    Set<String> named =
        NAMED.matcher(parity).results().map(found -> found.group(1)).collect(Collectors.toSet());
    assertThat(named).hasSizeGreaterThan(AT_LEAST).isSubsetOf(names);
  }
}
