package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jfutex.cli.Tools;

/**
 * The test programs of {@code src/test/native}, compiled once per build. A program is handed out as
 * a command line that a {@link Execution} runs with or without jfutex.
 */
final class NativeProgram {
  private static final Path SOURCES = Tools.root().resolve("cli/src/test/native");
  private static final Path TARGET = Tools.root().resolve("cli/target/native");
  private static final List<String> COMMON = List.of("-O1", "-g", "-Wall", "-Wextra", "-Werror");
  private static final Map<String, Path> COMPILED = new ConcurrentHashMap<>();

  private NativeProgram() {}

  /** A C program, linked dynamically. */
  static List<String> c(String name, String... arguments) {
    return command(compiled("gcc", name + ".c", name, "-pthread"), arguments);
  }

  /** A C program with its C library linked in. */
  static List<String> staticC(String name, String... arguments) {
    return command(
        compiled("gcc", name + ".c", name + "-static", "-pthread", "-static"), arguments);
  }

  /** A C++ program. */
  static List<String> cpp(String name, String... arguments) {
    return command(compiled("g++", name + ".cc", name, "-std=c++20", "-pthread"), arguments);
  }

  /** A 32-bit C program without a C library, which needs no 32-bit files of the machine. */
  static List<String> c32(String name) {
    return command(
        compiled(
            "gcc",
            name + ".c",
            name,
            "-m32",
            "-nostdlib",
            "-static",
            "-ffreestanding",
            "-fno-pie",
            "-no-pie",
            "-fno-stack-protector"));
  }

  /** A Java program, on the JDK that runs the test. */
  static List<String> java(String name) {
    String bin = System.getProperty("java.home") + "/bin/";
    compile(name + ".java", name + ".class", List.of(bin + "javac", "-d", TARGET.toString()));
    return List.of(bin + "java", "-cp", TARGET.toString(), name);
  }

  /** The source of a program that needs no compiler. */
  static String source(String name) {
    return SOURCES.resolve(name).toString();
  }

  private static List<String> command(Path program, String... arguments) {
    return Stream.concat(Stream.of(program.toString()), Arrays.stream(arguments)).toList();
  }

  private static Path compiled(String compiler, String source, String name, String... options) {
    Tools.require(compiler);
    List<String> command = new ArrayList<>();
    command.add(compiler);
    command.addAll(COMMON);
    command.addAll(List.of(options));
    command.addAll(List.of("-o", TARGET.resolve(name).toString()));
    return compile(source, name, command);
  }

  private static Path compile(String source, String result, List<String> compiler) {
    return COMPILED.computeIfAbsent(
        result,
        name -> {
          List<String> command = new ArrayList<>(compiler);
          command.add(SOURCES.resolve(source).toString());
          try {
            Files.createDirectories(TARGET);
            Outcome outcome = Execution.of(command).run();
            assertThat(outcome.status()).as(outcome.toString()).isZero();
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot compile " + source, e);
          }
          return TARGET.resolve(name);
        });
  }
}
