package org.jfutex.bench.area;

import java.io.File;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Commands;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Partner;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;

/**
 * A C program under {@code jfutex run}, against itself by itself, under a supervisor that only lets
 * its calls go on, and under strace. Each tells the medians of its own calls.
 */
final class Supervised implements Area {
  private static final String GUEST = "guest";
  private static final String WAKE = "wake";
  private static final String PARK = "park";
  private static final String CLI_MODULE = "org.jfutex.cli";
  private static final String CLI_CLASS = "org.jfutex.cli.Main";

  /** What one wake of a sleeper takes with the time to fall asleep. */
  private static final long PARK_NANOS = 400_000;

  @Override
  public String name() {
    return "run";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Case.nanos("empty wake, p50", "jfutex run", bench -> wake(bench, command()))
            .against(
                "bare CONTINUE",
                Target.atMost(1.15),
                bench -> wakes(bench.program(GUEST, "continue", WAKE)))
            .against(
                "strace -f",
                Target.timesFaster(15),
                bench -> wake(bench, List.of(Commands.require("strace"), "-f", "-o", "/dev/null")))
            .against("native", Target.none(), bench -> wake(bench, List.of())),
        Case.nanos("parked wake to running, p50", "jfutex run", bench -> park(bench, command()))
            .against("native", Target.atMost(4), bench -> park(bench, List.of()))
            .against(
                "bare CONTINUE",
                Target.none(),
                bench -> parks(bench.program(GUEST, "continue", PARK))));
  }

  private static Contender wake(Workbench bench, List<String> wrapper) throws SkippedException {
    return wakes(bench.programUnder(wrapper, GUEST, WAKE));
  }

  private static Contender park(Workbench bench, List<String> wrapper) throws SkippedException {
    return parks(bench.programUnder(wrapper, GUEST, PARK));
  }

  private static Contender wakes(Partner guest) {
    return new Paced(guest::nanosPerOperation);
  }

  private static Contender parks(Partner guest) {
    return slice -> guest.nanosPerOperation(Math.max(1, slice / PARK_NANOS));
  }

  /** The command line, as its launcher starts it. */
  private static List<String> command() throws SkippedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders"));
    command.addAll(List.of("-XX:-MaxFDLimit", "-XX:-UsePerfData"));
    String modules = System.getProperty("jdk.module.path", "");
    if (Supervised.class.getModule().isNamed()) {
      requireModule(modules);
      command.addAll(List.of("--enable-native-access=org.jfutex", "-p", modules));
      command.addAll(List.of("-m", CLI_MODULE + "/" + CLI_CLASS));
    } else {
      requireClass();
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), CLI_CLASS));
    }
    command.addAll(List.of("run", "--quiet", "--"));
    return command;
  }

  private static void requireModule(String modules) throws SkippedException {
    Path[] paths =
        Arrays.stream(modules.split(File.pathSeparator)).map(Path::of).toArray(Path[]::new);
    if (ModuleFinder.of(paths).find(CLI_MODULE).isEmpty()) {
      throw new SkippedException("the command line is not on the module path " + modules);
    }
  }

  private static void requireClass() throws SkippedException {
    if (ClassLoader.getSystemResource(CLI_CLASS.replace('.', '/') + ".class") == null) {
      throw new SkippedException("the command line is not on the class path");
    }
  }
}
