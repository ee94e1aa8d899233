package org.jfutex.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./jfutex bench} as a user runs it. Speeds are not judged: the machine may be busy. */
class BenchIT {
  private static final String LAST_LINE = "\\d+ held, \\d+ noise, \\d+ missed";

  @TempDir private Path temp;

  private record Result(int status, String out, String err) {}

  @Test
  void anAreaRunsThroughWithItsPeersInC() throws Exception {
    Tools.require("gcc");
    Path tsv = temp.resolve("rows.tsv");
    Path html = temp.resolve("rows.html");
    Result result =
        bench("kernel-call", "--quick", "--tsv", tsv.toString(), "--html", html.toString());
    assertThat(result.status).as(result.err).isIn(ExitStatus.OK, ExitStatus.PROBLEM);
    assertThat(result.err).isEmpty();
    List<String> lines = result.out.lines().toList();
    assertThat(lines.getLast()).matches(LAST_LINE);
    assertThat(result.out).doesNotContain("\r").doesNotContain("\u001b").doesNotContain("skipped");
    assertThat(lines).anyMatch(line -> line.startsWith("C          gcc"));
    boolean isMissed = !lines.getLast().endsWith(" 0 missed");
    assertThat(result.status).isEqualTo(isMissed ? ExitStatus.PROBLEM : ExitStatus.OK);
    assertThat(Files.readAllLines(tsv))
        .anyMatch(line -> line.startsWith("# JDK: "))
        .anyMatch(line -> line.startsWith("kernel-call\t"));
    assertThat(html).content().contains("<h2>kernel-call</h2>").endsWith("</html>\n");
    assertNothingIsLeft();
  }

  @Test
  void helpListsTheAreas() throws Exception {
    Result result = bench("--help");
    assertThat(result.status).isZero();
    assertThat(result.out)
        .contains(
            "kernel-call, fast-path",
            "Usage: jfutex bench",
            "--quick",
            "--tsv=FILE",
            "--html=FILE");
  }

  @Test
  void anUnknownAreaIsStatus2WithTheNames() throws Exception {
    Result result = bench("fast-track");
    assertThat(result.status).isEqualTo(ExitStatus.USAGE);
    assertThat(result.err).startsWith("jfutex: 'fast-track' is not an area; there are ");
    assertThat(result.out).isEmpty();
  }

  @Test
  void aFileThatCannotBeWrittenIsToldBeforeAnythingIsMeasured() throws Exception {
    Path missing = temp.resolve("missing/rows.tsv");
    Result result = bench("--tsv", missing.toString());
    assertThat(result.status).isEqualTo(ExitStatus.USAGE);
    assertThat(result.err)
        .startsWith("jfutex: " + missing + " cannot be written: no such file or folder\n");
    assertThat(result.out).isEmpty();
  }

  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith("jfutex-bench"));
    }
  }

  private Result bench(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Tools.root().resolve("jfutex").toString());
    command.add("bench");
    command.addAll(List.of(arguments));
    Path out = temp.resolve("out");
    Path err = temp.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().merge("JFUTEX_OPTS", "-Djava.io.tmpdir=" + temp, (a, b) -> a + " " + b);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
