package org.jfutex.bench.frame;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/** What the contenders of one case are made of: memory, peers in C, and other processes. */
public final class Workbench implements AutoCloseable {
  /** How far apart two cells are, in bytes; {@code peers.c} knows it too. */
  private static final int STRIDE = 256;

  /** FUTEX_PRIVATE_FLAG of linux/futex.h, and FUTEX2_PRIVATE too. */
  private static final long FUTEX_PRIVATE_FLAG = 128;

  private static final int CELLS = 8;
  private static final long BYTES = STRIDE * CELLS;

  /** Which memory cells are in. */
  public enum Memory {
    /** Native memory of this process. */
    PRIVATE,
    /** A file mapped for sharing. */
    SHARED
  }

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate(BYTES, STRIDE);
  private final CLibrary library;
  private final List<Partner> partners = new ArrayList<>();
  private final List<Path> files = new ArrayList<>();
  private @Nullable MappedFile file;
  private @Nullable SymbolLookup symbols;

  /**
   * An empty workbench.
   *
   * @param library the peers in C
   */
  public Workbench(CLibrary library) {
    this.library = library;
  }

  /**
   * The word in a cell: 32 bits, zero at first, on cache lines of its own. The peers in C use the
   * same cells.
   *
   * @param kind which memory
   * @param index which cell, from 0
   * @return the word
   */
  public Word word(Memory kind, int index) {
    long offset = (long) index * STRIDE;
    return kind == Memory.PRIVATE ? Word.of(memory, offset) : Word.of(mapped(), offset);
  }

  /** A file that has no name any more. */
  private MappedFile mapped() {
    MappedFile known = file;
    if (known == null) {
      try {
        Path path = Files.createTempFile("jfutex-bench", ".cells");
        try {
          known = MappedFile.open(path, 0, BYTES);
        } finally {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      file = known;
    }
    return known;
  }

  /**
   * A loop in C over the cells: {@code long FUNCTION(void *cells, long operations, long flag)},
   * which returns how many operations gave the right result. It runs on the thread that measures,
   * without a thread or process in between.
   *
   * @param function its name in {@code peers.c}
   * @param kind which memory; the flag is FUTEX_PRIVATE_FLAG where it is private, else 0
   * @return the contender
   * @throws SkippedException if there is no C compiler, its library cannot be loaded here, or the
   *     operation does not give the right result on this kernel
   */
  public Contender c(String function, Memory kind) throws SkippedException {
    MemorySegment cells = kind == Memory.PRIVATE ? memory : mapped().segment();
    long flag = kind == Memory.PRIVATE ? FUTEX_PRIVATE_FLAG : 0;
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                symbols().findOrThrow(function),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG));
    if (call(handle, cells, 1, flag) != 1) {
      throw new SkippedException(function + " in C does not give the right result on this kernel");
    }
    return new Loop("C " + function, operations -> call(handle, cells, operations, flag));
  }

  private static long call(MethodHandle handle, MemorySegment cells, int operations, long flag) {
    try {
      return (long) handle.invokeExact(cells, (long) operations, flag);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function throws nothing checked", e);
    }
  }

  /**
   * Starts a JVM that works with this one, until this is closed.
   *
   * @param program a class with a main method, which calls {@link Jvm#endWithParent}
   * @param arguments its arguments
   * @return the process
   */
  public Partner java(Class<?> program, String... arguments) {
    return partner(Jvm.command(List.of(), program, List.of(arguments)));
  }

  /**
   * Starts a program in C, until this is closed.
   *
   * @param name its name, without the {@code .c} of its source
   * @param arguments its arguments
   * @return the process
   * @throws SkippedException if there is no C compiler
   */
  public Partner program(String name, String... arguments) throws SkippedException {
    return programUnder(List.of(), name, arguments);
  }

  /**
   * Starts a program in C by another program, until this is closed.
   *
   * @param wrapper the command that the program's own is added to
   * @param name its name, without the {@code .c} of its source
   * @param arguments its arguments
   * @return the process
   * @throws SkippedException if there is no C compiler
   */
  public Partner programUnder(List<String> wrapper, String name, String... arguments)
      throws SkippedException {
    List<String> command = new ArrayList<>(wrapper);
    command.add(library.program(name).toString());
    command.addAll(List.of(arguments));
    return partner(command);
  }

  private Partner partner(List<String> command) {
    Partner partner = Partner.start(command);
    partners.add(partner);
    return partner;
  }

  /**
   * A file that does not exist yet, deleted when this is closed.
   *
   * @return its path
   */
  public Path file() {
    try {
      Path path = Files.createTempFile("jfutex-bench", ".shared");
      Files.delete(path);
      files.add(path);
      return path;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SymbolLookup symbols() throws SkippedException {
    SymbolLookup known = symbols;
    if (known == null) {
      Path file = library.file().orElseThrow(() -> new SkippedException(library.text()));
      try {
        known = SymbolLookup.libraryLookup(file, arena);
      } catch (IllegalArgumentException e) {
        throw new SkippedException(file + " cannot be loaded: " + e.getMessage());
      }
      symbols = known;
    }
    return known;
  }

  @Override
  public void close() {
    partners.forEach(Partner::close);
    for (Path path : files) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    if (file != null) {
      file.close();
    }
    arena.close();
  }
}
