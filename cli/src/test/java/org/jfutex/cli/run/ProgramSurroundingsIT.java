package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a program sees of its surroundings, and its surroundings of it, with jfutex in between. */
class ProgramSurroundingsIT {
  @TempDir private Path temp;

  /** Each line is run by a shell; "$@" starts the program, directly or through jfutex. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"$@\" one '' 'two words'",
        "cd /; exec \"$@\" ../$PWD",
        "ulimit -S -n 100; ulimit -S -c 0; ulimit -S -s 4096; exec \"$@\"",
        "trap '' HUP INT QUIT PIPE USR1 USR2 TERM; exec \"$@\"",
        "exec \"$@\" 3</etc/passwd 7>/dev/null 9<&0",
        "exec \"$@\" <&-",
        "exec \"$@\" 2>&-",
        "umask 027; exec nice -n 5 \"$@\"",
        "exec env -i A=1 Z=2 C= PATH=/usr/bin:/bin \"$@\"",
      })
  void aProgramFindsTheProcessItWouldHaveFound(String script) throws Exception {
    List<String> program = NativeProgram.c("state");
    Outcome without = shell(script, program);
    Outcome served = shell(script, concat(Execution.jfutexRun("--quiet"), program));
    served.sameAs(without.succeeded());
  }

  private static List<String> concat(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static Outcome shell(String script, List<String> arguments) throws Exception {
    return Execution.of(concat(List.of("sh", "-c", script, "sh"), arguments)).run();
  }

  @ParameterizedTest
  @CsvSource({
    "exit, 7, 7", "exit, 255, 255", "thread-exit, 4, 4",
    "signal, 6, 134", "signal, 9, 137", "signal, 15, 143"
  })
  void theStatusIsThatOfTheProgram(String how, String number, int status) throws Exception {
    Execution program = Execution.of(NativeProgram.c("ends", how, number));
    program.run().endedWith(status);
    program.underJfutex().run().endedWith(status);
  }

  @Test
  void aProgramThatCannotStartIsReportedAsShellsDo() throws Exception {
    Path plain = Files.writeString(temp.resolve("plain"), "text");
    Outcome missing = Execution.of("no-such-program").underJfutex("--quiet").run();
    missing.endedWith(ExitStatus.NOT_FOUND);
    assertThat(missing.err()).startsWith("jfutex: ").contains("no-such-program");
    Outcome refused = Execution.of(plain.toString()).underJfutex("--quiet").run();
    refused.endedWith(ExitStatus.NOT_EXECUTABLE);
    assertThat(refused.err()).startsWith("jfutex: ").contains(plain.toString());
    assertThat(missing.err().lines()).hasSize(1);
    assertThat(refused.err().lines()).hasSize(1);
  }

  @Test
  void bytesPassThroughStandardInputAndOutput() throws Exception {
    byte[] bytes = new byte[8 << 20];
    new Random(1).nextBytes(bytes);
    Path input = Files.write(temp.resolve("input"), bytes);
    Path copy = temp.resolve("copy");
    String script = "\"$@\" cat <" + input + " | cat >" + copy;
    shell(script, Execution.jfutexRun("--quiet")).succeeded();
    assertThat(Files.mismatch(input, copy)).isEqualTo(-1);
  }

  @Test
  void standardErrorIsTheProgramsAlone() throws Exception {
    Outcome outcome = Execution.of("sh", "-c", "echo one >&2; echo two").underJfutex().run();
    assertThat(outcome.succeeded().err()).isEqualTo("one\n");
    assertThat(outcome.out()).isEqualTo("two\n");
  }

  /** Handlers without SA_RESTART meet calls that never fail with EINTR. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "seq 1 20000 | cat | head -n 1; echo a | cat | (cat; exit 5)",
        "i=0; while [ $i -lt 40 ]; do (exit 3) & : | cat; i=$((i + 1)); done; wait; exit 4",
        "for i in 1 2 3; do sh -c 'sh -c \"exit 6\"; exit $?' || a=$?; done; exit $a",
      })
  void aTreeOfShellsEndsAsItWould(String script) throws Exception {
    Execution program = Execution.of("sh", "-c", script);
    program.underJfutex().run().sameAs(program.run());
  }

  @Test
  void makeRunsItsRecipesInParallel() throws Exception {
    Tools.require("make");
    Path makefile =
        Files.writeString(
            temp.resolve("Makefile"),
            """
            all: $(addprefix part,1 2 3 4 5 6 7 8)
            \t@cat $(addprefix %1$s/part,1 2 3 4 5 6 7 8) | tr '\\n' ' '
            part%%:
            \t@echo $* | cat >%1$s/$@
            """
                .formatted(temp));
    Execution.of("make", "-j3", "-f", makefile.toString()).underJfutex().run().succeeded();
    for (int i = 1; i <= 8; i++) {
      assertThat(temp.resolve("part" + i)).content().isEqualTo(i + "\n");
    }
  }

  @Test
  void aDescendantThatOutlivesTheProgramIsServedToItsEnd() throws Exception {
    Path file = temp.resolve("outlived");
    Execution.of(NativeProgram.c("ends", "outlive", file.toString(), "300"))
        .underJfutex()
        .run()
        .endedWith(3);
    assertThat(file).content().isEqualTo("served\n");
  }

  @Test
  void aKilledSupervisorLeavesNoHangingProgram() throws Exception {
    Execution program = Execution.of(NativeProgram.c("ends", "asleep")).underJfutex("--quiet");
    try (Execution.Running running = program.start()) {
      long pid = Long.parseLong(running.awaitLine("asleep "));
      ProcessHandle asleep = ProcessHandle.of(pid).orElseThrow();
      running.handle().destroyForcibly();
      running.await().endedWith(128 + 9);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!hasEnded(asleep) && System.nanoTime() < end) {
        Thread.sleep(5);
      }
      assertThat(hasEnded(asleep)).isTrue();
    }
  }

  /** Also of a process that nobody has waited for yet. */
  private static boolean hasEnded(ProcessHandle process) throws IOException {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return !process.isAlive() || stat.startsWith("Z", stat.lastIndexOf(')') + 2);
    } catch (NoSuchFileException e) {
      return true;
    }
  }

  @Test
  void anOrdinaryUserIsServedToo() throws Exception {
    Tools.require("setpriv", "python3");
    Tools.require("gcc");
    String script = "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"";
    if (!System.getProperty("user.name").equals("root")) {
      script = "exec \"$@\"";
    }
    Path pipeline = Tools.root().resolve("examples/native/pipeline.py");
    if (!othersMayRead(pipeline)) {
      Tools.missing("the checkout can be read by its owner only");
    }
    List<String> run = Execution.jfutexRun("--quiet");
    Outcome python = shell(script, concat(run, List.of("python3", pipeline.toString(), "20000")));
    assertThat(python.succeeded().out()).endsWith("ok\n");
    shell(script, concat(run, NativeProgram.c("odd", "undumpable"))).succeeded();
    shell(script, concat(run, NativeProgram.c("shared"))).succeeded();
  }

  private static boolean othersMayRead(Path file) throws Exception {
    for (Path p = file.toRealPath(); p != null; p = p.getParent()) {
      String needed = Files.isDirectory(p) ? "x" : "r";
      String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(p)).substring(6);
      if (!mode.contains(needed)) {
        return false;
      }
    }
    return true;
  }
}
