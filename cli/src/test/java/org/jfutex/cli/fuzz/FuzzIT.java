package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jfutex.cli.ExitStatus;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The fuzzer against the kernel of this machine, with a fresh seed, and its command line. */
class FuzzIT {
  @TempDir private Path folder;

  private record Run(int status, String out, String err) {}

  private Run fuzz(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        new CommandLine(new FuzzCommand())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Run(status, out.toString(), err.toString());
  }

  @Test
  void engineAndKernelAgree() {
    Run run = fuzz("--for", "8s", "--out", folder.toString());
    System.out.println(run.out);
    assertThat(run.status).as(run.out + run.err).isEqualTo(ExitStatus.OK);
    assertThat(run.out).contains("no difference").containsPattern("seed [0-9]+");
  }

  @Test
  @Tag("long")
  void engineAndKernelAgreeForLong() {
    String seconds = System.getProperty("jfutex.long.seconds", "");
    String time = (seconds.isEmpty() ? "600" : seconds) + "s";
    Run run = fuzz("--for", time, "--out", folder.toString());
    System.out.println(run.out);
    assertThat(run.status).as(run.out + run.err).isEqualTo(ExitStatus.OK);
    Matcher figures =
        Pattern.compile("; ([0-9]+) calls, [0-9]+ a second, ([0-9]+)").matcher(run.out);
    assertThat(figures.find()).as(run.out).isTrue();
    assertThat(Integer.parseInt(figures.group(2))).as("overlapping").isGreaterThanOrEqualTo(50);
  }

  @Test
  void aSeedAndANumberMakeOneProgram() {
    Run first = fuzz("--seed", "5", "--program", "17", "--out", folder.toString());
    Run second = fuzz("--seed", "5", "--program", "17", "--out", folder.toString());
    assertThat(first.status).as(first.out + first.err).isEqualTo(ExitStatus.OK);
    assertThat(List.of(first.out.split("a second"))).hasSizeGreaterThan(1);
    String figures = "results by operation";
    assertThat(second.out.substring(second.out.indexOf(figures)).replaceAll("in [0-9]+ s", ""))
        .isEqualTo(first.out.substring(first.out.indexOf(figures)).replaceAll("in [0-9]+ s", ""));
  }

  @Test
  void aWrongCommandLineIsRefused() {
    assertThat(fuzz("--threads", "1").status).isEqualTo(ExitStatus.USAGE);
    assertThat(fuzz("--for", "soon").err).contains("'soon' is no time: expected one such as 500ms");
    assertThat(fuzz("--out", folder.resolve("none").toString()).err).contains("expected a folder");
  }
}
