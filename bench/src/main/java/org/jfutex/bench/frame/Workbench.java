package org.jfutex.bench.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What the contenders of one case are made of: memory they share, and the peers in C. */
public final class Workbench implements AutoCloseable {
  /** How far apart two cells are, in bytes; {@code peers.c} knows it too. */
  private static final int STRIDE = 256;

  private static final int CELLS = 8;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate((long) STRIDE * CELLS, STRIDE);
  private final CLibrary library;
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
   * Native memory of a cell, zero at first, on cache lines of its own. The peers in C use the same.
   *
   * @param index which, from 0
   * @return its memory
   */
  public MemorySegment cell(int index) {
    return memory.asSlice((long) index * STRIDE, STRIDE);
  }

  /**
   * A loop in C over {@link #cell}s: {@code long FUNCTION(void *cells, long operations, long
   * argument)}, which returns how many operations gave the right result. It runs on the thread that
   * measures, without a thread or process in between.
   *
   * @param function its name in {@code peers.c}
   * @param argument handed over as it is
   * @return the contender
   * @throws SkippedException if there is no C compiler, or its library cannot be loaded here
   */
  public Contender c(String function, long argument) throws SkippedException {
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                symbols().findOrThrow(function),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG));
    return new Loop("C " + function, operations -> call(handle, operations, argument));
  }

  private long call(MethodHandle handle, int operations, long argument) {
    try {
      return (long) handle.invokeExact(memory, (long) operations, argument);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function throws nothing checked", e);
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
    arena.close();
  }
}
