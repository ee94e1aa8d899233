package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jfutex.cli.ExitStatus;
import org.jfutex.cli.Main;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fuzzer finds every fault that is planted in the engine, and shrinks it. */
class PlantedFaultTest {
  private static final int SECONDS = 120;
  private static final int MOST_STEPS = 8;

  private static final Pattern SHRUNK = Pattern.compile("shrunk to ([0-9]+) steps, after ([0-9]+)");

  /** Those of the normal run: found at once. */
  private static final Set<String> QUICK =
      Set.of(
          "a wake of 0 wakes nobody",
          "a requeue moves one too many",
          "the arguments of a wake-op have no sign",
          "a failing try clears WAITERS",
          "a hand-over leaves the old owner's id",
          "the heir of a dead owner is not told");

  @TempDir private Path folder;

  static List<PlantedFault> quick() {
    return PlantedFault.ALL.stream().filter(fault -> QUICK.contains(fault.name())).toList();
  }

  static List<PlantedFault> all() {
    return PlantedFault.ALL;
  }

  @ParameterizedTest
  @MethodSource("quick")
  void aCoarseFaultIsFound(PlantedFault fault) throws IOException, InterruptedException {
    find(fault);
  }

  @ParameterizedTest
  @MethodSource("all")
  @Tag("long")
  @Tag("faults") // by luck within the time given, most at once, a few in a minute
  void everyFaultIsFound(PlantedFault fault) throws IOException, InterruptedException {
    find(fault);
  }

  @Test
  void everyFaultStillFitsTheSources() {
    assertThat(quick()).hasSameSizeAs(QUICK);
    assertThat(PlantedFault.ALL).hasSizeGreaterThanOrEqualTo(30);
    for (PlantedFault fault : PlantedFault.ALL) {
      assertThat(fault.changed()).as(fault.name()).isNotEmpty();
    }
  }

  private void find(PlantedFault fault) throws IOException, InterruptedException {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Path output = folder.resolve("output");
    fault.compile(classes);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(classes + File.pathSeparator + System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of("fuzz", "--for", SECONDS + "s", "--out", folder.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(2 * SECONDS, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    assertThat(process.exitValue()).as(text).isEqualTo(ExitStatus.PROBLEM);
    Matcher shrunk = SHRUNK.matcher(text);
    assertThat(shrunk.find()).as(text).isTrue();
    assertThat(Integer.parseInt(shrunk.group(1))).as(text).isLessThanOrEqualTo(MOST_STEPS);
    assertThat(Integer.parseInt(shrunk.group(2))).as(text).isLessThanOrEqualTo(SECONDS);
    assertThat(folder).as(text).isDirectoryContaining("glob:**.ftx");
    System.out.println(fault + ": " + shrunk.group() + " s");
  }
}
