package org.jfutex.linux;

import java.nio.ByteBuffer;
import org.jfutex.engine.TableSize;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * The memory a system call's addresses mean: a guest's, an emulator's, or another process's. The
 * raw face checks alignment, range and order of errors; an address space only says what is there.
 */
public interface AddressSpace {
  /** The highest address that {@link #inRange} lets through. */
  long LAST_USER_ADDRESS = 0x7fff_ffff_f000L;

  /** Whether a futex is private to its address space (FUTEX_PRIVATE_FLAG) or shared. */
  enum Scope {
    /** Keyed on (address space, address); no mapping is looked up. */
    PRIVATE,
    /** Keyed on what is mapped: a file and an offset, or anonymous memory. */
    SHARED
  }

  /** What an operation needs to do with a word. Matters for shared keys only. */
  enum Access {
    /** Read. */
    READ,
    /** Read and write. */
    WRITE
  }

  /**
   * The width of a pointer here.
   *
   * @return 64, or 32 for a 32-bit guest, whose vectors and timespecs are laid out accordingly
   */
  default int pointerBits() {
    return Long.SIZE;
  }

  /**
   * How many NUMA nodes there can be: a futex with FUTEX2_NUMA may name those from 0 up to here.
   *
   * @return at least 1; as many as the system has, unless said otherwise
   */
  default int nodes() {
    return SystemNodes.COUNT;
  }

  /** Looked at once. */
  final class SystemNodes {
    private static final int COUNT = TableSize.possibleNodes();

    private SystemNodes() {}
  }

  /**
   * Whether a range is one a user program can name at all, mapped or not: access_ok, which for few
   * bytes looks at the first address only. Those of x86-64 with four levels of page tables, for
   * 32-bit programs too (USER_PTR_MAX of arch/x86/include/asm/uaccess_64.h).
   *
   * @param address where it starts, unsigned
   * @param bytes how long it is, less than a page
   * @return false for kernel addresses
   */
  default boolean inRange(long address, int bytes) {
    return Long.compareUnsigned(address, LAST_USER_ADDRESS) <= 0;
  }

  /**
   * The key of an aligned address in range, as get_futex_key makes it. A private key never looks at
   * the mapping; a shared one demands that the memory is there and can be accessed.
   *
   * @param address the address
   * @param scope private or shared
   * @param access what the operation needs, for shared keys
   * @return the key
   * @throws WordFault if a shared key cannot be made
   */
  Key key(long address, Scope scope, Access access);

  /**
   * The 32-bit word at an aligned address in range.
   *
   * @param address the address
   * @param key what {@link #key} gave for it; the word's {@link Word#key()}
   * @return the word; its accesses throw {@link WordFault} where the memory is not there
   */
  Word word(long address, Key key);

  /**
   * Copies memory out, as copy_from_user: a timespec, a waitv array, a node cell.
   *
   * @param address where it starts
   * @param bytes how much
   * @return a buffer of that size, positioned at 0, in the byte order of the space
   * @throws WordFault if any of it cannot be read
   */
  ByteBuffer read(long address, int bytes);

  /**
   * Stores a 32-bit value, as put_user: a NUMA node cell.
   *
   * @param address where; aligned to 4
   * @param value what
   * @throws WordFault if it cannot be written
   */
  void writeInt(long address, int value);
}
