package org.jfutex.bench.frame;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The peers written in C, compiled where a C compiler is found: a library of those that run on the
 * thread that measures ({@code peers.c}), and beside it the programs of those that are threads or
 * processes of their own ({@link #PROGRAMS}).
 *
 * @param file the shared library, or empty
 * @param text the compiler and its flags, or why there is no library
 */
public record CLibrary(Optional<Path> file, String text) {
  private static final List<String> COMPILERS = List.of("gcc", "cc");
  private static final List<String> FLAGS = List.of("-O2", "-shared", "-fPIC");
  private static final String SOURCE = "peers.c";
  private static final List<String> PROGRAM_FLAGS = List.of("-O2", "-pthread");

  /** Two processes, two threads, and a program that is supervised. */
  private static final List<String> PROGRAMS = List.of("processes", "threads", "guest");

  private static final long PATIENCE_SECONDS = 60;

  /**
   * No library.
   *
   * @param reason why
   * @return a library from which everything is skipped
   */
  public static CLibrary missing(String reason) {
    return new CLibrary(Optional.empty(), reason);
  }

  /**
   * Compiles the peers.
   *
   * @param folder where the source and the library go
   * @param path the folders where a compiler is looked for, as in PATH
   * @return the library, or the reason why there is none
   * @throws IOException if the folder cannot be written
   */
  public static CLibrary compile(Path folder, String path) throws IOException {
    Optional<Path> compiler =
        COMPILERS.stream().flatMap(name -> Commands.find(name, path).stream()).findFirst();
    if (compiler.isEmpty()) {
      return missing("no C compiler: neither " + String.join(" nor ", COMPILERS) + " is on PATH");
    }
    Path library = folder.resolve("peers.so");
    String name = compiler.get().getFileName().toString();
    String told = compile(compiler.get(), FLAGS, library, SOURCE);
    if (!Files.exists(library)) {
      return missing(name + " failed: " + firstLine(told));
    }
    for (String program : PROGRAMS) {
      String _ = compile(compiler.get(), PROGRAM_FLAGS, folder.resolve(program), program + ".c");
    }
    String version = firstLine(run(folder, List.of(compiler.get().toString(), "--version")));
    return new CLibrary(Optional.of(library), version + ", " + String.join(" ", FLAGS));
  }

  /** Returns what the compiler says. */
  private static String compile(Path compiler, List<String> flags, Path target, String source)
      throws IOException {
    Path folder = target.resolveSibling("");
    Path copy = folder.resolve(source);
    try (InputStream in = CLibrary.class.getResourceAsStream(source)) {
      if (in == null) {
        throw new IllegalStateException("resource " + source + " is missing from this build");
      }
      Files.copy(in, copy);
    }
    List<String> command = new ArrayList<>();
    command.add(compiler.toString());
    command.addAll(flags);
    command.addAll(List.of("-o", target.toString(), copy.toString()));
    return run(folder, command);
  }

  /**
   * A program.
   *
   * @param name its name
   * @return its file
   * @throws SkippedException if there is none
   */
  Path program(String name) throws SkippedException {
    Path program = file.orElseThrow(() -> new SkippedException(text)).resolveSibling(name);
    if (!Files.exists(program)) {
      throw new SkippedException(name + ".c could not be compiled by " + text);
    }
    return program;
  }

  private static String run(Path folder, List<String> command) throws IOException {
    Path output = Files.createTempFile(folder, "cc", ".out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return "no answer within " + PATIENCE_SECONDS + " s";
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("nothing was said");
  }
}
