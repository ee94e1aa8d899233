package org.jfutex.cli.run.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stacks of a real program, asleep in a call chain that is known. */
class StackScanTest {
  private static final String CHAIN =
      """
      #define _GNU_SOURCE
      #include <linux/futex.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      #define APART __attribute__((noipa))
      static int word = 2;
      APART int lock_second(int *w) { return syscall(SYS_futex, w, FUTEX_WAIT, 2, 0, 0, 0) + 1; }
      APART int transfer(int *w) { char pad[500]; pad[*w] = 1; return lock_second(w) + pad[2]; }
      APART int by_pointer(int *w) { return transfer(w) + 3; }
      APART int outer(int (*f)(int *)) { return f(&word) + 4; }
      APART int outermost(void) { return outer(by_pointer) + 5; }
      int main(void) { return outermost() + 6; }
      """;

  private static final Pattern FRAME =
      Pattern.compile("(\\? )?([^ ?]+\\+0x[0-9a-f]+ \\(\\S+\\)|\\S+\\+0x[0-9a-f]+)");

  private final StackScan scan = new StackScan(new ProcMem());

  @TempDir private Path folder;

  private Path compile(String... flags) throws Exception {
    Tools.require("gcc");
    Path source = Files.writeString(folder.resolve("chain.c"), CHAIN);
    Path program = folder.resolve("chain");
    List<String> command = new ArrayList<>(List.of("gcc", "-o", "" + program, "" + source));
    command.addAll(Arrays.asList(flags));
    Process gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(gcc.getInputStream().readAllBytes());
    assertThat(gcc.waitFor()).as(output).isZero();
    return program;
  }

  /** The stack of the program's only thread, once it sleeps in futex(2). */
  private List<String> stackOf(Path program) throws Exception {
    Process process = new ProcessBuilder("" + program).start();
    try {
      int pid = (int) process.pid();
      awaitFutex(process);
      return scan.stackOf(pid, pid);
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void awaitFutex(Process process) throws IOException {
    Path syscall = Path.of("/proc", "" + process.pid(), "syscall");
    while (!Files.readString(syscall).startsWith("202 ")) {
      assertThat(process.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-O0", // frame pointers
        "-O2",
        "-O2 -fno-plt",
        "-O2 -static -no-pie",
        "-O2 -fcf-protection"
      })
  void functionsOfTheChainAppearInOrder(String flags) throws Exception {
    List<String> stack = stackOf(compile(flags.split(" ")));
    assertThat(stack).allMatch(frame -> FRAME.matcher(frame).matches());
    assertThat(stack.getFirst()).matches("syscall\\+0x[0-9a-f]+ \\(\\S+\\)");
    List<String> chain = stack.stream().filter(frame -> frame.contains("(chain)")).toList();
    List<String> names =
        chain.stream().map(frame -> frame.replaceAll("\\+0x[0-9a-f]+ .*", "")).toList();
    // from the call through a pointer on nothing can be told from a leftover
    assertThat(names)
        .containsSubsequence(
            "lock_second", "transfer", "by_pointer", "? outer", "? outermost", "? main");
    assertThat(names.stream().filter(name -> !name.startsWith("? ") && !name.equals("syscall")))
        .containsExactly("lock_second", "transfer", "by_pointer");
  }

  @Test
  void strippedProgramShowsAddresses() throws Exception {
    List<String> stack = stackOf(compile("-O2", "-s"));
    assertThat(stack.getFirst()).startsWith("syscall+0x");
    assertThat(stack).anyMatch(frame -> frame.matches("(\\? )?chain\\+0x[0-9a-f]+"));
  }

  @Test
  void replacedProgramIsNotNamedFromItsSuccessor() throws Exception {
    Path program = compile("-O2");
    Process process = new ProcessBuilder("" + program).start();
    try {
      awaitFutex(process);
      Files.delete(program);
      Files.writeString(program, "another one");
      int pid = (int) process.pid();
      assertThat(scan.stackOf(pid, pid))
          .noneMatch(frame -> frame.contains("lock_second"))
          .anyMatch(frame -> frame.contains("chain (deleted)+0x"));
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void processThatIsNotThereHasNoStack() {
    assertThat(scan.stackOf(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEmpty();
  }

  @Test
  void unreadableMemoryLeavesTheInnermostFrame() throws Exception {
    Process process = new ProcessBuilder("" + compile("-O2")).start();
    try {
      awaitFutex(process);
      int pid = (int) process.pid();
      StackScan blind = new StackScan((tid, address, bytes) -> new byte[0]);
      assertThat(blind.stackOf(pid, pid)).hasSize(1);
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
