package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.machine.Capability;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** What a user sees of playing: lines, the report, the exit status. */
class PlayCommandTest {
  private static final String GOOD = "word a\nt: wait a 1 = EAGAIN\n";
  private static final String BAD = "word a\nt: wait a 1 = EINVAL\n";

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void noScenariosYet() {
    assertThat(folder).isEmptyDirectory();
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private int play(Object... args) {
    CommandLine command =
        new CommandLine(new PlayCommand())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    return command.execute(List.of(args).stream().map(Object::toString).toArray(String[]::new));
  }

  @Test
  void aFolderIsPlayedInOrderAndCounted() throws IOException {
    Path second = file("b.ftx", BAD);
    Path first = file("a/z.ftx", GOOD);
    Path third = file("c.ftx", "only kernel\n");
    file("no-scenario.txt", "x");
    assertThat(play("--on", "jvm", folder)).isEqualTo(ExitStatus.PROBLEM);
    assertThat(out.toString().lines())
        .containsExactly(
            "PASS jvm " + first,
            "FAIL jvm "
                + second
                + ":2: t: wait a 1 = EINVAL: expected no sleep, and EINVAL, got EAGAIN",
            "SKIP jvm " + third + ": only for kernel",
            "1 passed, 1 failed, 1 skipped");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void allIsWellWithStatus0() throws IOException {
    assertThat(play(file("a.ftx", GOOD), "--on=jvm", "--threads=both")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).endsWith("2 passed, 0 failed, 0 skipped\n");
    assertThat(out.toString()).contains("PASS jvm-virtual ");
  }

  @Test
  void traceTellsEveryStep() throws IOException {
    assertThat(play("--on=jvm", "--trace", file("a.ftx", GOOD))).isZero();
    assertThat(out.toString()).startsWith("  jvm 2: t: wait a 1 = EAGAIN -> EAGAIN\n");
  }

  @Test
  void aTextThatIsNoScenarioIsStatus2AndNothingIsPlayed() throws IOException {
    Path bad = file("bad.ftx", "word a\nt: wiat a 0\n");
    Path worse = file("worse.ftx", "wrod a\n");
    file("good.ftx", GOOD);
    assertThat(play("--on=jvm", folder)).isEqualTo(ExitStatus.USAGE);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines())
        .containsExactly(
            "jfutex: "
                + bad
                + ":2:4: expected an operation such as 'wait', found 'wiat';"
                + " did you mean 'wait'?",
            "jfutex: "
                + worse
                + ":1:1: expected a declaration, a step or 'THREAD: OPERATION',"
                + " found 'wrod'; did you mean 'word'?");
  }

  @Test
  void whatCannotBeReadIsStatus2() throws IOException {
    assertThat(play(folder.resolve("none.ftx"))).isEqualTo(ExitStatus.USAGE);
    assertThat(play(folder)).isEqualTo(ExitStatus.USAGE);
    Files.write(folder.resolve("latin.ftx"), new byte[] {(byte) 0xe4, 'a'});
    assertThat(play(folder.resolve("latin.ftx"))).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .contains("none.ftx: no such file or folder", "expected a scenario (*.ftx)", "UTF-8");
  }

  @Test
  void aFileThatNeverEndsIsReadNoFurtherThanAScenarioMayBeLong() {
    Path endless = Path.of("/dev/zero");
    assumeTrue(Files.isReadable(endless));
    assertThat(play("--on=jvm", endless)).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .isEqualTo("jfutex: /dev/zero: expected a scenario of at most 4194304 bytes\n");
  }

  @Test
  void whatCannotBeReadIsNamedAndNotTheFolderItIsIn() throws IOException {
    file("a.ftx", GOOD);
    Path list = folder.resolve(KnownDifferences.FILE);
    Files.write(list, new byte[] {(byte) 0xe4, 'a'});
    assertThat(play("--on=jvm", folder)).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString()).isEqualTo("jfutex: " + list + ": expected text in UTF-8\n");
  }

  @Test
  void aByteOrderMarkIsNoWord() throws IOException {
    assertThat(play("--on=jvm", file("a.ftx", "\uFEFFtitle made elsewhere\r\n" + GOOD)))
        .as("%s", err)
        .isZero();
  }

  @Test
  void nothingMoreIsPlayedOnceNobodyReadsButForAReport() throws IOException {
    file("a.ftx", GOOD);
    file("b.ftx", GOOD);
    CommandLine command =
        new CommandLine(new PlayCommand()).setOut(new PrintWriter(new Unread(), false));
    assertThat(command.execute("--on=jvm", folder.toString())).isEqualTo(141);
    Path report = folder.resolve("r.json");
    assertThat(command.execute("--on=jvm", "--report=" + report, folder.toString())).isZero();
    assertThat(Files.readString(report)).contains("\"passed\" : 2");
  }

  /** A pipe whose other end was closed. */
  private static final class Unread extends Writer {
    @Override
    public void write(char[] text, int from, int length) throws IOException {
      throw new IOException("Broken pipe");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void wrongOptionsAreStatus2() throws IOException {
    Path good = file("a.ftx", GOOD);
    assertThat(play()).isEqualTo(ExitStatus.USAGE);
    assertThat(play("--on=moon", good)).isEqualTo(ExitStatus.USAGE);
    assertThat(play("--limit=5", good)).isEqualTo(ExitStatus.USAGE);
    assertThat(play("--report", folder.resolve("none/r.json"), "--on=jvm", good))
        .isEqualTo(ExitStatus.USAGE);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString())
        .contains("'5' is no time: expected one such as 500ms", "the report cannot be written");
  }

  @Test
  void theReportIsJson() throws IOException {
    Path report = folder.resolve("r.json");
    Path bad = file("b.ftx", "title it fails\n" + BAD);
    assertThat(play("--on=jvm", "--report", report, bad)).isEqualTo(ExitStatus.PROBLEM);
    assertThat(Files.readString(report).replaceAll("\"nanos\" : \\d+", "\"nanos\" : 1"))
        .isEqualTo(
            """
            {
              "format" : 1,
              "passed" : 0,
              "failed" : 1,
              "skipped" : 0,
              "scenarios" : [ {
                "file" : "%s",
                "title" : "it fails",
                "runs" : [ {
                  "backend" : "jvm",
                  "result" : "failed",
                  "nanos" : 1,
                  "failure" : {
                    "line" : 3,
                    "statement" : "t: wait a 1 = EINVAL",
                    "expected" : "no sleep, and EINVAL",
                    "got" : "EAGAIN"
                  }
                } ],
                "differences" : [ ],
                "outdated" : [ ]
              } ]
            }
            """
                .formatted(bad));
  }

  // on machines that do what the test says

  private Verdict session(Path file, Consumer<FakeMachine> jvm, Consumer<FakeMachine> kernel)
      throws IOException {
    KnownDifferences known = new KnownDifferences();
    known.readFor(file);
    Session session =
        new Session(
            List.of(fake("jvm", jvm), fake("kernel", kernel)),
            Duration.ofSeconds(20),
            known,
            (_, _) -> {});
    return session.play(file, ScenarioParser.parse("", Files.readString(file)));
  }

  private static Backend fake(String name, Consumer<FakeMachine> script) {
    return new Backend(
        name,
        name,
        () -> {
          FakeMachine machine = new FakeMachine(name);
          script.accept(machine);
          return machine;
        });
  }

  private static void nothing(FakeMachine machine) {
    machine.returns("other", 0);
  }

  @Test
  void aDifferenceFailsUnlessItIsListed() throws IOException {
    Path file = file("deep/d.ftx", "word a\nt: wake a 1\nt: wake a 0\n");
    Verdict verdict = session(file, m -> m.returns("t", 1), PlayCommandTest::nothing);
    assertThat(PlayText.summary(List.of(verdict))).isEqualTo("2 passed, 1 failed, 0 skipped");
    assertThat(PlayText.lines(verdict, Ansi.OFF))
        .contains("DIFF jvm " + file + ":2: t: wake a 1: jvm 1, kernel 0");

    file(KnownDifferences.FILE, "# right\ndeep/d.ftx 2 the engine counts better # yes\n");
    verdict = session(file, m -> m.returns("t", 1), PlayCommandTest::nothing);
    assertThat(PlayText.summary(List.of(verdict))).isEqualTo("2 passed, 0 failed, 0 skipped");
    assertThat(PlayText.lines(verdict, Ansi.OFF))
        .contains(
            "SAME jvm "
                + file
                + ":2: t: wake a 1: jvm 1, kernel 0 (known: the engine counts"
                + " better)");
  }

  @Test
  void aListedDifferenceThatIsNoneFails() throws IOException {
    Path file = file("d.ftx", "word a\nt: wake a 1\n");
    file(KnownDifferences.FILE, "d.ftx the engine counts better\n");
    Verdict verdict = session(file, PlayCommandTest::nothing, PlayCommandTest::nothing);
    assertThat(PlayText.summary(List.of(verdict))).isEqualTo("2 passed, 1 failed, 0 skipped");
    assertThat(verdict.outdated())
        .containsExactly(folder.resolve(KnownDifferences.FILE) + ":1: 'd.ftx' no longer differs");
    Consumer<FakeMachine> unable = m -> m.lacks(Capability.PI, "not here");
    Path skipped = file("d.ftx", "needs pi\nword a\nt: wake a 1\n");
    assertThat(session(skipped, unable, PlayCommandTest::nothing).outdated()).isEmpty();
  }

  @Test
  void aListedLineCoversNoOther() throws IOException {
    Path file = file("d.ftx", "word a\nt: wake a 1\nt: wake a 0\n");
    file(KnownDifferences.FILE, "d.ftx 3 the engine counts better\n");
    Verdict verdict = session(file, m -> m.returns("t", 1), PlayCommandTest::nothing);
    assertThat(verdict.differences()).singleElement().matches(judged -> judged.known() == null);
    assertThat(verdict.outdated()).hasSize(1);
    assertThat(PlayText.failed(List.of(verdict))).isEqualTo(2);
  }

  @Test
  void aListedFailureOfTheEngineIsNone() throws IOException {
    Path file = file("d.ftx", "word a\nt: wake a 1 = 0\n");
    file(KnownDifferences.FILE, "d.ftx 2 the engine counts better\n");
    Verdict verdict = session(file, m -> m.returns("t", 1), PlayCommandTest::nothing);
    assertThat(PlayText.summary(List.of(verdict))).isEqualTo("2 passed, 0 failed, 0 skipped");
    verdict = session(file, PlayCommandTest::nothing, m -> m.returns("t", 1));
    assertThat(PlayText.failed(List.of(verdict))).as("the kernel is right").isOne();
  }

  @Test
  void aFailureIsNotCountedAgainAsADifference() throws IOException {
    Path file = file("d.ftx", "word a\nt: wake a 1 = 0\n");
    Verdict verdict = session(file, m -> m.returns("t", 1), PlayCommandTest::nothing);
    assertThat(PlayText.summary(List.of(verdict))).isEqualTo("1 passed, 1 failed, 0 skipped");
    assertThat(verdict.differences()).hasSize(1);
  }

  @Test
  void aListThatNamesNothingIsStatus2() throws IOException {
    file("a.ftx", GOOD);
    file(KnownDifferences.FILE, "\nb.ftx 2 why\n");
    assertThat(play("--on=jvm", folder)).isEqualTo(ExitStatus.USAGE);
    file(KnownDifferences.FILE, "a.ftx 2\n");
    assertThat(play("--on=jvm", folder)).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .contains(
            FILE_LINE + "2: expected a scenario below this folder, found 'b.ftx'",
            FILE_LINE + "1: expected SCENARIO [LINE] REASON, found no reason");
  }

  private static final String FILE_LINE = KnownDifferences.FILE + ":";

  @Test
  void aMachineThatCannotBeHadIsSkipped() throws IOException {
    Path file = file("a.ftx", GOOD);
    Backend none =
        new Backend(
            "kernel",
            "kernel",
            () -> {
              throw new UnsupportedOperationException("this is no Linux");
            });
    Session session =
        new Session(List.of(none), Duration.ofSeconds(1), new KnownDifferences(), (_, _) -> {});
    Verdict verdict = session.play(file, ScenarioParser.parse("", GOOD));
    assertThat(PlayText.lines(verdict, Ansi.OFF))
        .containsExactly("SKIP kernel " + file + ": this is no Linux");
  }
}
