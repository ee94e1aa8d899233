package org.jfutex.cli.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Collects the bytes of a static x86-64 ELF program that is one readable and executable segment at
 * a fixed address: data first, so that code can name its addresses, then code.
 */
public final class Assembler {
  private static final int BASE = 0x10000000;
  private static final int HEADER_BYTES = 64 + 56;
  private static final int MAX_BYTES = 4096;
  private static final int SHORT_MAX = 127;

  private final ByteBuffer image =
      ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN).position(HEADER_BYTES);

  /**
   * Where the next byte will be.
   *
   * @return its address in the process
   */
  public int address() {
    return BASE + image.position();
  }

  /**
   * Appends bytes.
   *
   * @param bytes each in its low eight bits
   * @return where numbers that belong to the instruction can be appended
   */
  public ByteBuffer code(int... bytes) {
    for (int each : bytes) {
      image.put((byte) each);
    }
    return image;
  }

  /**
   * {@code mov edi, value}.
   *
   * @param value the first argument of a call
   */
  public void edi(int value) {
    code(0xBF).putInt(value);
  }

  /**
   * {@code mov esi, value}.
   *
   * @param value the second argument of a call
   */
  public void esi(int value) {
    code(0xBE).putInt(value);
  }

  /**
   * {@code mov edx, value}.
   *
   * @param value the third argument of a call
   */
  public void edx(int value) {
    code(0xBA).putInt(value);
  }

  /**
   * {@code mov r10d, value}.
   *
   * @param value the fourth argument of a call
   */
  public void r10d(int value) {
    code(0x41, 0xBA).putInt(value);
  }

  /**
   * {@code mov eax, nr; syscall}.
   *
   * @param nr the number of the call
   */
  public void systemCall(int nr) {
    code(0xB8).putInt(nr);
    code(0x0F, 0x05);
  }

  /**
   * A short jump forward; {@link #land} says where to.
   *
   * @param opcode the jump
   * @return what {@link #land} takes
   */
  public int jump(int opcode) {
    code(opcode, 0);
    return image.position();
  }

  /**
   * Lets a jump forward arrive here.
   *
   * @param from what {@link #jump} returned
   */
  public void land(int from) {
    image.put(from - 1, shortDistance(image.position() - from));
  }

  /**
   * {@code jmp} to code that is already there.
   *
   * @param address where to
   */
  public void jumpTo(int address) {
    code(0xE9).putInt(address - (address() + Integer.BYTES));
  }

  private static byte shortDistance(int distance) {
    if (distance > SHORT_MAX || distance < -SHORT_MAX - 1) {
      throw new IllegalStateException("a short jump cannot go " + distance + " bytes");
    }
    return (byte) distance;
  }

  /**
   * The program, with the Elf64_Ehdr and one Elf64_Phdr of elf(5).
   *
   * @param entry the address where it begins to run
   * @return the bytes of its file
   */
  public byte[] program(int entry) {
    int size = image.position();
    image.position(0);
    image.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0); // 64 bit, little endian
    image.putShort((short) 2).putShort((short) 62).putInt(1); // ET_EXEC, EM_X86_64
    image.putLong(entry).putLong(64).putLong(0).putInt(0); // e_entry, e_phoff, e_shoff, e_flags
    image.putShort((short) 64).putShort((short) 56).putShort((short) 1); // sizes, e_phnum
    image.putShort((short) 0).putShort((short) 0).putShort((short) 0); // no sections
    image.putInt(1).putInt(5); // PT_LOAD, PF_R | PF_X
    image.putLong(0).putLong(BASE).putLong(BASE); // p_offset, p_vaddr, p_paddr
    image.putLong(size).putLong(size).putLong(MAX_BYTES); // p_filesz, p_memsz, p_align
    byte[] bytes = new byte[size];
    image.get(0, bytes);
    return bytes;
  }
}
