package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts a program with posix_spawn(3), so that it inherits what {@code ProcessBuilder} would not
 * let through: every open file descriptor, the environment byte for byte, and a chosen signal mask.
 */
public final class Spawn {
  /** POSIX_SPAWN_SETSIGDEF and POSIX_SPAWN_SETSIGMASK of spawn.h, the same in glibc and musl. */
  private static final short SET_SIGNALS = 0x04 | 0x08;

  /** Room for posix_spawnattr_t and posix_spawn_file_actions_t: 336 and 80 bytes, at most. */
  private static final long OPAQUE_BYTES = 1024;

  /** Size of sigset_t of the C library, of which the kernel uses the first 8 bytes. */
  private static final long SIGSET_BYTES = 128;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBC = LINKER.defaultLookup();
  private static final MethodHandle SPAWN = function("posix_spawn", 6);
  private static final MethodHandle ATTR_INIT = function("posix_spawnattr_init", 1);
  private static final MethodHandle ATTR_DESTROY = function("posix_spawnattr_destroy", 1);
  private static final MethodHandle SET_MASK = function("posix_spawnattr_setsigmask", 2);
  private static final MethodHandle SET_DEFAULT = function("posix_spawnattr_setsigdefault", 2);
  private static final MethodHandle ACTIONS_INIT = function("posix_spawn_file_actions_init", 1);
  private static final MethodHandle ACTIONS_DESTROY =
      function("posix_spawn_file_actions_destroy", 1);
  private static final MethodHandle SET_FLAGS =
      LINKER.downcallHandle(
          LIBC.findOrThrow("posix_spawnattr_setflags"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_SHORT));
  private static final MethodHandle ADD_CLOSE =
      LINKER.downcallHandle(
          LIBC.findOrThrow("posix_spawn_file_actions_addclose"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

  private Spawn() {}

  private static MethodHandle function(String name, int pointers) {
    ValueLayout[] arguments = new ValueLayout[pointers];
    Arrays.fill(arguments, ValueLayout.ADDRESS);
    return LINKER.downcallHandle(
        LIBC.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
  }

  /**
   * What the new process gets that differs from what this one has.
   *
   * @param blockedSignals its signal mask: bit n-1 for signal n
   * @param defaultSignals the signals set to their default action, likewise; caught signals become
   *     default in any case
   * @param closedDescriptors the file descriptors it does not inherit
   * @param environment its environment, each NAME=VALUE without the terminating zero; null for that
   *     of this process, byte for byte
   */
  public record Attributes(
      long blockedSignals,
      long defaultSignals,
      List<Integer> closedDescriptors,
      @Nullable List<byte[]> environment) {
    /** Copies the list of descriptors. */
    public Attributes {
      closedDescriptors = List.copyOf(closedDescriptors);
    }
  }

  /**
   * Starts a program.
   *
   * @param path the file, without a search
   * @param arguments its arguments, from argv[0], each without the terminating zero
   * @param attributes what it does not inherit
   * @return its process id, or a negative errno if it could not be started
   */
  public static long spawn(String path, List<byte[]> arguments, Attributes attributes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attr = arena.allocate(OPAQUE_BYTES, Long.BYTES);
      MemorySegment actions = arena.allocate(OPAQUE_BYTES, Long.BYTES);
      check((int) ATTR_INIT.invokeExact(attr), "posix_spawnattr_init");
      check((int) ACTIONS_INIT.invokeExact(actions), "posix_spawn_file_actions_init");
      try {
        fill(arena, attr, actions, attributes);
        MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
        MemorySegment environment =
            attributes.environment == null ? environment() : vector(arena, attributes.environment);
        int error =
            (int)
                SPAWN.invokeExact(
                    pid,
                    arena.allocateFrom(path),
                    actions,
                    attr,
                    vector(arena, arguments),
                    environment);
        return error != 0 ? -error : pid.get(ValueLayout.JAVA_INT, 0);
      } finally {
        check((int) ACTIONS_DESTROY.invokeExact(actions), "posix_spawn_file_actions_destroy");
        check((int) ATTR_DESTROY.invokeExact(attr), "posix_spawnattr_destroy");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function throws nothing checked", e);
    }
  }

  private static void fill(
      Arena arena, MemorySegment attr, MemorySegment actions, Attributes attributes)
      throws Throwable {
    check((int) SET_FLAGS.invokeExact(attr, SET_SIGNALS), "posix_spawnattr_setflags");
    MemorySegment mask = signalSet(arena, attributes.blockedSignals);
    check((int) SET_MASK.invokeExact(attr, mask), "posix_spawnattr_setsigmask");
    MemorySegment defaults = signalSet(arena, attributes.defaultSignals);
    check((int) SET_DEFAULT.invokeExact(attr, defaults), "posix_spawnattr_setsigdefault");
    for (int descriptor : attributes.closedDescriptors) {
      check((int) ADD_CLOSE.invokeExact(actions, descriptor), "posix_spawn_file_actions_addclose");
    }
  }

  private static MemorySegment signalSet(Arena arena, long signals) {
    MemorySegment set = arena.allocate(SIGSET_BYTES, Long.BYTES);
    set.set(ValueLayout.JAVA_LONG, 0, signals);
    return set;
  }

  private static MemorySegment vector(Arena arena, List<byte[]> strings) {
    MemorySegment vector = arena.allocate(ValueLayout.ADDRESS, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      byte[] bytes = strings.get(i);
      MemorySegment string = arena.allocate(bytes.length + 1L);
      MemorySegment.copy(bytes, 0, string, ValueLayout.JAVA_BYTE, 0, bytes.length);
      vector.setAtIndex(ValueLayout.ADDRESS, i, string);
    }
    return vector;
  }

  /** The C library's own environment: what Java's is decoded from, before anything was lost. */
  private static MemorySegment environment() {
    return LIBC.findOrThrow("environ")
        .reinterpret(ValueLayout.ADDRESS.byteSize())
        .get(ValueLayout.ADDRESS, 0);
  }

  private static void check(int error, String function) {
    if (error != 0) {
      throw new IllegalStateException(function + " failed with errno " + error);
    }
  }
}
