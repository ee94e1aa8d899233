package org.jfutex.bench.frame;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The JVMs of a run: each is started by another one, with the same flags, and ends with it. */
public final class Jvm {
  private Jvm() {}

  /**
   * A JVM as users start it, with what keeps the batches of an area apart from the loop around them
   * ({@link Loop}), and the options users give to the command line.
   *
   * @return the flags
   */
  public static List<String> flags() {
    List<String> flags = new ArrayList<>();
    flags.add("-XX:CompileCommand=quiet");
    flags.add("-XX:CompileCommand=dontinline,org.jfutex.bench.area.*::lambda*");
    flags.add(
        isModule()
            ? "--enable-native-access=org.jfutex,org.jfutex.bench"
            : "--enable-native-access=ALL-UNNAMED");
    String options = System.getenv().getOrDefault("JFUTEX_OPTS", "");
    Arrays.stream(options.split("\\s+")).filter(each -> !each.isEmpty()).forEach(flags::add);
    return flags;
  }

  private static boolean isModule() {
    return Jvm.class.getModule().isNamed();
  }

  /**
   * What starts a JVM.
   *
   * @param more flags besides {@link #flags}
   * @param program a class of this module with a main method
   * @param arguments its arguments
   * @return the command
   */
  public static List<String> command(List<String> more, Class<?> program, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags());
    command.addAll(more);
    if (isModule()) {
      command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
      command.addAll(List.of("-m", "org.jfutex.bench/" + program.getName()));
    } else {
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add(program.getName());
    }
    command.addAll(arguments);
    return command;
  }

  /** Ends this JVM when its standard input ends, to which the parent never writes. */
  public static void endWithParent() {
    Thread.ofPlatform()
        .daemon()
        .name("parent")
        .start(
            () -> {
              try (InputStream in = System.in) {
                in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                System.err.println("standard input: " + e.getMessage());
              }
              Runtime.getRuntime().halt(1);
            });
  }
}
