package org.jfutex.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher and the built command line, run as a user runs them. */
class LauncherIT {
  /** A java that tells what it was given instead of running it. */
  private static final String TELLING_JAVA =
      """
      #!/bin/sh
      echo "pid=$$"
      echo "cwd=$(pwd -P)"
      for arg; do echo "arg=$arg"; done
      tr '\\0' '\\n' <"/proc/$$/environ" | sed 's/^/env=/'
      for fd in /proc/$$/fd/[0-9]; do echo "fd=${fd##*/}"; done
      grep 'open files' /proc/$$/limits
      """;

  @TempDir private Path temp;
  private final List<Process> started = new ArrayList<>();
  private int runs;

  @BeforeEach
  void everybodyMayEnterTheFolder() throws IOException {
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void nothingIsLeftRunning() {
    for (Process process : started) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void versionNamesJfutexAndTheJdk() throws Exception {
    Result result = jfutex("--version");
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.out).startsWith("jfutex ").contains("JDK 2");
    assertThat(result.err).isEmpty();
  }

  @Test
  void helpListsCommandsAndExitStatuses() throws Exception {
    Result result = jfutex("--help");
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.out)
        .contains("Usage: jfutex", "help", "generate-completion", "Exit statuses:")
        .contains(" 2 ", " 66 ", " 70 ", " 78 ");
    assertThat(result.out).as("colour only on a terminal").doesNotContain("\u001b");
    assertThat(jfutex("help").out).isEqualTo(result.out);
  }

  @Test
  void helpExplainsEveryCommandItLists() throws Exception {
    List<String> commands =
        jfutex("--help")
            .out
            .lines()
            .dropWhile(line -> !line.equals("Commands:"))
            .skip(1)
            .takeWhile(line -> !line.isEmpty())
            .filter(line -> line.matches("  \\S.*"))
            .map(line -> line.strip().split("\\s")[0])
            .toList();
    assertThat(commands).contains("help", "generate-completion");
    for (String command : commands) {
      Result result = jfutex("help", command);
      assertThat(result.status).as(command + ": " + result.err).isZero();
      assertThat(result.out).contains("Usage: jfutex " + command);
    }
  }

  @ParameterizedTest
  @CsvSource({"--nope, --nope", "hepl, help", "'', no command"})
  void wrongCommandLinesAreStatus2(String argument, String told) throws Exception {
    Result result = argument.isEmpty() ? jfutex() : jfutex(argument);
    assertThat(result.status).isEqualTo(ExitStatus.USAGE);
    assertThat(result.out).isEmpty();
    assertThat(result.err).startsWith("jfutex: ").contains(told);
  }

  /** The JVM's own status for it is that of a problem that was found. */
  @Test
  void noMemoryIsAnInternalError() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 64; i++) {
      text.append("region r%d private size=16777216%n".formatted(i));
    }
    Path scenario = Files.writeString(temp.resolve("large.ftx"), text);
    Map<String, String> small = Map.of("JFUTEX_OPTS", "-Xmx32m");
    Result result = jfutex(small, "play", "--on=jvm", scenario.toString());
    assertThat(result.err).startsWith("jfutex: internal error: java.lang.OutOfMemoryError");
    assertThat(result.status).isEqualTo(ExitStatus.INTERNAL);
  }

  @Test
  void completionIsAScriptBashAccepts() throws Exception {
    Tools.require("bash");
    Path script = temp.resolve("completion");
    Files.writeString(script, jfutex("generate-completion").out);
    Result result = run(temp, Map.of(), List.of("bash", "-n", script.toString()));
    assertThat(result.status).as(result.err).isZero();
    assertThat(script).content().contains("complete -F");
  }

  @Test
  void argumentsReachPicocliAsTheyAre() throws Exception {
    Path file = Files.writeString(temp.resolve("args"), "--version\n");
    assertThat(jfutex("@" + file).status).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void theClassCacheFitsTheFlagsOfTheLauncher() throws Exception {
    Result result = jfutex(Map.of("JFUTEX_OPTS", "-XX:AOTMode=on"), "--version");
    assertThat(result.status).as(result.out + result.err).isZero();
  }

  @Test
  void anUnusableClassCacheIsNotMentioned() throws Exception {
    Result result = jfutex(Map.of("JFUTEX_OPTS", "-XX:-UseCompactObjectHeaders"), "--version");
    assertThat(result.status).isZero();
    assertThat(result.err).isEmpty();
  }

  /** In processor time, beside that of a JVM that does nothing, since machines differ so much. */
  @Test
  void startsAsFastAsAFewEmptyJvms() throws Exception {
    Tools.require("bash");
    double java =
        processorSeconds(System.getProperty("java.home") + "/bin/java -XX:+UseSerialGC -version");
    double jfutex = processorSeconds("'" + Tools.root().resolve("jfutex") + "' --version");
    System.out.println("--version: " + jfutex + " s, an empty JVM: " + java + " s");
    assertThat(jfutex).as("s, beside %s s", java).isLessThan(5.5 * java);
  }

  /** The least that several runs took. */
  private double processorSeconds(String command) throws Exception {
    String timed = "TIMEFORMAT='%U %S'; time " + command + " >/dev/null 2>&1";
    double best = Double.MAX_VALUE;
    for (int i = 0; i < 8; i++) {
      String[] times = run(temp, Map.of(), List.of("bash", "-c", timed)).err.strip().split(" ");
      best = Math.min(best, Double.parseDouble(times[0]) + Double.parseDouble(times[1]));
    }
    return best;
  }

  @ParameterizedTest
  @CsvSource({"25", "25.0.2", "25.0.2.9", "25.0", "24.9.9", "17.0.15", "1.8.0_392"})
  void aTooOldJdkIsNamedAndRefused(String version) throws Exception {
    Path jdk = fakeJdk("old", version);
    Result result = jfutex(Map.of("JFUTEX_JAVA_HOME", jdk.toString()), "--version");
    String plain = version.replaceFirst("_.*", "");
    assertThat(result.status).isEqualTo(ExitStatus.UNSUPPORTED);
    assertThat(result.err)
        .startsWith(
            "jfutex: JDK " + plain + " at " + jdk + " is too old: 25.0.3 or newer is needed");
  }

  @ParameterizedTest
  @CsvSource({"25.0.3", "25.0.3.1", "25.0.10", "25.1", "26", "100.0.1"})
  void aNewEnoughJdkIsTaken(String version) throws Exception {
    Path jdk = fakeJdk("new", version);
    Result result = jfutex(Map.of("JFUTEX_JAVA_HOME", jdk.toString()), "--print-java-home");
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.out).isEqualTo(jdk + "\n");
  }

  @Test
  void aWrongChoiceOfJdkIsFinal() throws Exception {
    Result result = jfutex(Map.of("JFUTEX_JAVA_HOME", "/nonexistent"), "--version");
    assertThat(result.status).isEqualTo(ExitStatus.UNSUPPORTED);
    assertThat(result.err).contains("/nonexistent").contains("25.0.3");
  }

  @Test
  void aTooOldJavaHomeDoesNotHideTheNextOne() throws Exception {
    Path jdk = fakeJdk("next", "25.0.3");
    Result result =
        jfutex(
            Map.of(
                "JAVA_HOME", fakeJdk("old", "25.0.2").toString(),
                "PATH", "/usr/bin:/bin",
                "JAVA25_HOME", jdk.toString()),
            "--print-java-home");
    assertThat(result.out).isEqualTo(jdk + "\n");
    assertThat(result.err).isEmpty();
  }

  @Test
  void withoutAnyJdkTheStatusIs78AndTheOldOnesAreNamed() throws Exception {
    Path launcher = temp.resolve("jfutex");
    String text = Files.readString(Tools.root().resolve("jfutex"));
    Files.writeString(launcher, text.replaceAll("/usr/lib/jvm/\\*.*", temp + "/jvm/* \\\\"));
    Path old = fakeJdk("jvm/temurin-25", "25.0.2");
    Result result =
        run(
            temp,
            Map.of("HOME", temp.toString(), "PATH", "/usr/bin:/bin", "JAVA_HOME", ""),
            List.of("sh", launcher.toString(), "--version"));
    assertThat(result.status).as(result.out).isEqualTo(ExitStatus.UNSUPPORTED);
    assertThat(result.err)
        .contains("jfutex: JDK 25.0.2 at " + old + " is too old: 25.0.3 or newer is needed\n")
        .contains("no JDK 25.0.3 or newer found", "JFUTEX_JAVA_HOME");
  }

  @Test
  void theJvmReplacesTheLauncherInAnUnchangedWorld() throws Exception {
    Path jdk = fakeJdk("telling", "25.0.3");
    Map<String, String> environment =
        new TreeMap<>(
            Map.of("JFUTEX_JAVA_HOME", jdk.toString(), "PATH", "/usr/bin:/bin", "PWD", "" + temp));
    environment.put("ODD", "two\nlines");
    environment.put("app", "theirs"); // also a name the launcher uses
    environment.put("version", "theirs");
    Path launcher = tree(true).resolve("jfutex");
    List<String> command = new ArrayList<>(List.of("env", "-i"));
    environment.forEach((name, value) -> command.add(name + "=" + value));
    command.addAll(List.of(launcher.toString(), "run", "--", "a  b", "", "@x", "*"));
    Result result = run(temp, Map.of(), command);
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.told("pid")).containsExactly("" + result.pid);
    assertThat(result.told("cwd")).containsExactly(temp.toRealPath().toString());
    assertThat(result.told("arg")).endsWith("run", "--", "a  b", "", "@x", "*");
    List<String> expected =
        environment.entrySet().stream()
            .flatMap(e -> Arrays.stream((e.getKey() + "=" + e.getValue()).split("\n")))
            .toList();
    assertThat(result.told("env")).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(result.told("fd")).startsWith("0", "1", "2");
    assertThat(result.out).doesNotContain("closedFds");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"<&- | 0", "2>&- | 2", "<&- 2>&- | 0,2", "0<&- 1>&- 2>&- | 0,1,2"})
  void aClosedStandardDescriptorIsFilledAndTold(String redirections, String closed)
      throws Exception {
    Path jdk = temp.resolve("quiet");
    Path told = temp.resolve("told");
    write(jdk.resolve("bin/java"), "#!/bin/sh\nfor arg; do echo \"$arg\"; done >" + told + "\n");
    write(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
    String launcher = tree(true).resolve("jfutex").toString();
    Result result =
        run(
            temp,
            Map.of("JFUTEX_JAVA_HOME", jdk.toString()),
            List.of("sh", "-c", "exec \"$0\" " + redirections, launcher));
    assertThat(result.status).as(result.err).isZero();
    assertThat(told).content().contains("-Djfutex.closedFds=" + closed + "\n");
  }

  @Test
  void ignoredSignalsAreTold() throws Exception {
    Path jdk = fakeJdk("telling", "25.0.3");
    String launcher = tree(true).resolve("jfutex").toString();
    Result result =
        run(
            temp,
            Map.of("JFUTEX_JAVA_HOME", jdk.toString()),
            List.of("sh", "-c", "trap '' PIPE; trap - USR2; exec \"$0\"", launcher));
    String property = "-Djfutex.ignoredSignals=";
    assertThat(result.told("arg"))
        .filteredOn(arg -> arg.startsWith(property))
        .singleElement()
        .satisfies(
            arg -> {
              long ignored = Long.parseUnsignedLong(arg.substring(property.length()), 16);
              assertThat(ignored >>> 12 & 1).as("SIGPIPE").isEqualTo(1);
              assertThat(ignored >>> 11 & 1).as("SIGUSR2").isEqualTo(0);
            });
  }

  @Test
  void aFailedBuildIsStatus70WithItsLog() throws Exception {
    Path tree = tree(false);
    Result result = build(tree, "echo 'boom at line 7'; exit 1");
    assertThat(result.status).isEqualTo(ExitStatus.INTERNAL);
    assertThat(result.err)
        .startsWith("jfutex: building (first use) ...\n")
        .contains("boom at line 7", "the build failed");
    assertThat(result.out).isEmpty();
  }

  @Test
  void newerSourcesAreBuiltOnce() throws Exception {
    Path tree = tree(true);
    setAge(tree.resolve("cli/target/app/jfutex-cli-1.jar"), -60);
    String mvn = "echo >>" + temp + "/calls; : >" + tree + "/cli/target/app/jfutex-cli-1.jar";
    Result result = build(tree, mvn);
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.err).isEqualTo("jfutex: building (sources are newer) ...\n");
    assertThat(build(tree, mvn).err).isEmpty();
    for (String module : List.of("core", "bench")) {
      try (Stream<Path> sources = Files.list(tree.resolve(module + "/src/main"))) {
        Files.delete(sources.findFirst().orElseThrow());
      }
      assertThat(build(tree, mvn).err).as("after a deletion").contains("sources are newer");
    }
    assertThat(Files.readAllLines(temp.resolve("calls"))).hasSize(3);
  }

  @Test
  void twoLaunchersBuildOnce() throws Exception {
    Tools.require("flock");
    Path tree = tree(false);
    String mvn =
        "echo >>calls; while [ ! -e go ]; do sleep 0.02; done\n"
            + "mkdir -p T/cli/target/app; : >T/cli/target/app/jfutex-cli-1.jar";
    mvn = mvn.replace("T/", tree + "/").replaceAll("(?=calls|go )", temp + "/");
    Process first = start(temp, building(tree, mvn), List.of(tree + "/jfutex"));
    Path calls = temp.resolve("calls");
    await(() -> Files.exists(calls));
    Process second = start(temp, building(tree, mvn), List.of(tree + "/jfutex"));
    await(() -> waitsForLock(second) || Files.readAllLines(calls).size() > 1);
    Files.createFile(temp.resolve("go"));
    assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(first.exitValue()).isZero();
    assertThat(second.exitValue()).isZero();
    assertThat(Files.readAllLines(calls)).hasSize(1);
  }

  private static boolean waitsForLock(Process launcher) {
    return launcher
        .descendants()
        .anyMatch(child -> child.info().command().orElse("").endsWith("/flock"));
  }

  @Test
  void whoMayNotWriteRunsWhatIsBuilt() throws Exception {
    Path tree = tree(true);
    setAge(tree.resolve("cli/target/app/jfutex-cli-1.jar"), -60);
    Result result = asNobody(tree);
    assertThat(result.status).as(result.err).isZero();
    assertThat(result.told("arg")).contains("org.jfutex.cli/org.jfutex.cli.Main");
    assertThat(result.err).isEmpty();
  }

  @Test
  void whoMayNotWriteIsToldThatNothingIsBuilt() throws Exception {
    Result result = asNobody(tree(false));
    assertThat(result.status).isEqualTo(ExitStatus.NO_INPUT);
    assertThat(result.err).startsWith("jfutex: not built, and ").contains("cannot be written");
  }

  /** Runs the launcher of a tree as a user who can read it only. */
  private Result asNobody(Path tree) throws Exception {
    Tools.require("setpriv");
    Path jdk = fakeJdk("telling", "25.0.3");
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(
          List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"));
    } else {
      Files.setPosixFilePermissions(
          tree.resolve("cli"), PosixFilePermissions.fromString("r-xr-xr-x"));
    }
    command.add(tree.resolve("jfutex").toString());
    return run(temp, Map.of("JFUTEX_JAVA_HOME", jdk.toString()), command);
  }

  private Result build(Path tree, String mvn) throws Exception {
    return run(temp, building(tree, mvn), List.of(tree.resolve("jfutex").toString()));
  }

  private Map<String, String> building(Path tree, String mvn) throws IOException {
    write(temp.resolve("bin/mvn"), "#!/bin/sh\n" + mvn + "\n");
    return Map.of(
        "JFUTEX_JAVA_HOME",
        fakeJdk("telling", "25.0.3").toString(),
        "PATH",
        temp.resolve("bin") + ":" + System.getenv("PATH"));
  }

  /** A small checkout with the real launcher. */
  private Path tree(boolean built) throws IOException {
    Path tree = temp.resolve("tree");
    write(tree.resolve("jfutex"), Files.readString(Tools.root().resolve("jfutex")));
    for (String file : List.of("pom.xml", "core/pom.xml", "bench/pom.xml", "cli/pom.xml")) {
      write(tree.resolve(file), "");
    }
    write(tree.resolve("core/src/main/A.java"), "");
    write(tree.resolve("bench/src/main/C.java"), "");
    write(tree.resolve("cli/src/main/B.java"), "");
    if (built) {
      write(tree.resolve("cli/target/app/jfutex-cli-1.jar"), "");
      setAge(tree.resolve("cli/target/app/jfutex-cli-1.jar"), 60);
    }
    return tree;
  }

  private Path fakeJdk(String name, String version) throws IOException {
    Path jdk = temp.resolve(name);
    write(jdk.resolve("bin/java"), TELLING_JAVA);
    write(jdk.resolve("release"), "OTHER=\"1\"\nJAVA_VERSION=\"" + version + "\"\nLIBC=\"gnu\"\n");
    return jdk;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    if (!Files.exists(file)) {
      Files.writeString(file, text);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static void setAge(Path file, long seconds) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(seconds)));
  }

  private Result jfutex(String... arguments) throws Exception {
    return jfutex(Map.of(), arguments);
  }

  private Result jfutex(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of(Tools.root().resolve("jfutex").toString()), Stream.of(arguments))
            .toList();
    return run(temp, environment, command);
  }

  private Result run(Path folder, Map<String, String> environment, List<String> command)
      throws Exception {
    Process process = start(folder, environment, command);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command + " ends").isTrue();
    return new Result(
        process.exitValue(),
        process.pid(),
        Files.readString(temp.resolve("out." + runs)),
        Files.readString(temp.resolve("err." + runs)));
  }

  private Process start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    runs++;
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(temp.resolve("out." + runs).toFile())
            .redirectError(temp.resolve("err." + runs).toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("time limit").isLessThan(end);
      Thread.sleep(5);
    }
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private record Result(int status, long pid, String out, String err) {
    List<String> told(String what) {
      return out.lines()
          .filter(line -> line.startsWith(what + "="))
          .map(line -> line.substring(what.length() + 1))
          .toList();
    }
  }
}
