package org.jfutex.cli.run.stack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jfutex.cli.run.stack.ElfSymbols.Place;
import org.jfutex.cli.run.stack.ProcMaps.Mapping;
import org.jspecify.annotations.Nullable;

/**
 * The user stack of a thread that sleeps in a system call, without attaching to it. The kernel
 * tells its stack pointer and program counter; from there on every word that points behind a call
 * instruction is taken for a return address.
 *
 * <p>A frame is sure where its call goes to the start of the function of the last sure frame:
 * directly, through the procedure linkage table, or through the global offset table. Every other
 * frame starts with {@code "? "}: it may be right, as for a call through a pointer and everything
 * outside of it, or left over from a call that has long returned. No frame pointer and no unwind
 * table is needed; code compiled while the program runs shows as {@code [anon]}.
 *
 * <p>Frames read {@code function+0x1d (libc.so.6)}, or {@code libc.so.6+0x8a1d4} where the function
 * has no name: an address as addr2line(1) takes it. Bounds: {@value #MAX_FRAMES} frames, {@value
 * #MAX_STACK_BYTES} bytes of stack.
 */
public final class StackScan {
  /** Frames of one stack. */
  static final int MAX_FRAMES = 32;

  /** Bytes of stack looked at. */
  static final int MAX_STACK_BYTES = 64 * 1024;

  /** What /proc/PID/syscall ends with; only its first field has other forms. */
  private static final Pattern REGISTERS =
      Pattern.compile(".* 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})\\s*");

  private static final int HEX = 16;
  private static final String GUESS = "? ";

  private final MemoryReader memory;
  private final SymbolCache symbols = new SymbolCache();

  /**
   * A scanner, for any number of processes.
   *
   * @param memory reads their memory
   */
  public StackScan(MemoryReader memory) {
    this.memory = memory;
  }

  /**
   * The stack of a thread.
   *
   * @param tgid its process
   * @param tid the thread; must not run meanwhile
   * @return its frames, innermost first; empty where they cannot be read
   */
  public List<String> stackOf(int tgid, int tid) {
    try {
      Path syscall = Path.of("/proc", "" + tgid, "task", "" + tid, "syscall");
      Matcher registers = REGISTERS.matcher(Files.readString(syscall));
      if (!registers.matches()) {
        return List.of(); // "running"
      }
      long sp = Long.parseUnsignedLong(registers.group(1), HEX);
      long pc = Long.parseUnsignedLong(registers.group(2), HEX);
      return new Walk(tgid, tid, ProcMaps.of(tgid)).frames(sp, pc);
    } catch (IOException gone) {
      return List.of();
    }
  }

  /** One stack being read. */
  private final class Walk {
    private final int tgid;
    private final int tid;
    private final ProcMaps maps;
    private final CallSite calls;
    private final List<String> frames = new ArrayList<>();

    /** Where the function of the last sure frame starts; 0 where it has no name. */
    private long sure;

    Walk(int tgid, int tid, ProcMaps maps) {
      this.tgid = tgid;
      this.tid = tid;
      this.maps = maps;
      this.calls = new CallSite(memory, tid);
    }

    List<String> frames(long sp, long pc) {
      Mapping code = code(pc);
      if (code == null) {
        return List.of();
      }
      sure = add("", code, pc);
      Mapping stack = maps.at(sp);
      if (stack == null) {
        return List.copyOf(frames);
      }
      int bytes = (int) Math.min(MAX_STACK_BYTES, stack.end() - sp);
      ByteBuffer words = ByteBuffer.wrap(memory.read(tid, sp, bytes));
      words.order(ByteOrder.LITTLE_ENDIAN);
      while (words.remaining() >= Long.BYTES && frames.size() < MAX_FRAMES) {
        consider(words.getLong());
      }
      return List.copyOf(frames);
    }

    /** Adds a frame if the word is a return address. */
    private void consider(long word) {
      Mapping code = code(word);
      if (code == null || !calls.isReturnAddress(word)) {
        return;
      }
      if (sure != 0 && calls.calls(word, sure)) {
        sure = add("", code, word);
      } else {
        // leftovers call each other in good order, so no frame is sure because of a guess
        add(GUESS, code, word);
      }
    }

    private @Nullable Mapping code(long address) {
      Mapping mapping = maps.at(address);
      return mapping != null && mapping.executable() ? mapping : null;
    }

    /**
     * Adds a frame. A return address may be the first one after its function, where the call never
     * returns, so the byte before it is what gives the name. Gives the start of the function, 0
     * where it is not known.
     */
    private long add(String mark, Mapping code, long address) {
      String library = code.shortName();
      long fileOffset = address - code.start() + code.offset();
      ElfSymbols file = code.hasFile() ? symbolsOf(code) : ElfSymbols.NONE;
      long linked = file.address(fileOffset - 1) + 1;
      Place place = file.at(linked - 1);
      if (place == null) {
        frames.add(mark + library + "+0x" + Long.toHexString(linked));
        return 0;
      }
      long offset = place.offset() + 1;
      frames.add(mark + place.name() + "+0x" + Long.toHexString(offset) + " (" + library + ")");
      return address - offset;
    }

    /** Of the file as the process sees it, which may have another root directory. */
    private ElfSymbols symbolsOf(Mapping code) {
      try {
        return symbols.of(Path.of("/proc/" + tgid + "/root" + code.path()));
      } catch (InvalidPathException e) {
        return ElfSymbols.NONE; // a name that this JVM's locale has no characters for
      }
    }
  }
}
