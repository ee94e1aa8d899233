package org.jfutex.cli.run.stack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Recognizes x86-64 call instructions in front of return addresses: CALL rel32 (E8) and CALL r/m64
 * (FF /2), Intel SDM volume 2.
 */
final class CallSite {
  private static final int DIRECT_BYTES = 5;
  private static final int LONGEST_INDIRECT = 7;
  private static final int SHORTEST_INDIRECT = 2;
  private static final int THROUGH_TABLE_BYTES = 6;

  private static final int CALL_REL32 = 0xe8;
  private static final int GROUP_5 = 0xff;
  private static final int GROUP_5_CALL = 2;

  /** ModRM of a memory operand at RIP + disp32, for CALL (/2) and JMP (/4). */
  private static final int CALL_RIP = 0x15;

  private static final int JMP_RIP = 0x25;

  /** endbr64, which starts an entry of the linkage table under -fcf-protection. */
  private static final int ENDBR64 = 0xfa1e0ff3;

  private static final int BND_PREFIX = 0xf2;
  private static final int STUB_BYTES = 16;

  private final MemoryReader memory;
  private final int tid;

  /**
   * Looks at the code of one process.
   *
   * @param memory reads it
   * @param tid a thread of the process
   */
  CallSite(MemoryReader memory, int tid) {
    this.memory = memory;
    this.tid = tid;
  }

  /**
   * Whether a call instruction ends at an address.
   *
   * @param address the address
   * @return whether it can be a return address
   */
  boolean isReturnAddress(long address) {
    byte[] code = memory.read(tid, address - LONGEST_INDIRECT, LONGEST_INDIRECT);
    if (code.length < LONGEST_INDIRECT) {
      return false;
    }
    if (at(code, LONGEST_INDIRECT - DIRECT_BYTES) == CALL_REL32) {
      return true;
    }
    for (int length = SHORTEST_INDIRECT; length <= LONGEST_INDIRECT; length++) {
      int start = LONGEST_INDIRECT - length;
      if (at(code, start) == GROUP_5 && indirectLength(code, start + 1) == length) {
        return true;
      }
    }
    return false;
  }

  /** The length of CALL r/m64 by its ModRM and SIB bytes, 0 if it is another instruction. */
  private static int indirectLength(byte[] code, int modRmAt) {
    int modRm = at(code, modRmAt);
    if ((modRm >>> 3 & 7) != GROUP_5_CALL) {
      return 0;
    }
    int mode = modRm >>> 6;
    int register = modRm & 7;
    if (mode == 3) {
      return 2;
    }
    boolean hasSib = register == 4;
    int length = hasSib ? 3 : 2;
    if (mode == 1) {
      return length + 1;
    }
    boolean noBase =
        hasSib ? modRmAt + 1 < code.length && (at(code, modRmAt + 1) & 7) == 5 : register == 5;
    return mode == 2 || noBase ? length + 4 : length;
  }

  /**
   * Whether the call in front of a return address goes to a function: directly, through an entry of
   * the procedure linkage table, or through one of the global offset table.
   *
   * @param returnAddress where the call ends
   * @param function where the function starts
   * @return false also where that cannot be told, as for a call through a register
   */
  boolean calls(long returnAddress, long function) {
    byte[] code = memory.read(tid, returnAddress - THROUGH_TABLE_BYTES, THROUGH_TABLE_BYTES);
    if (code.length < THROUGH_TABLE_BYTES) {
      return false;
    }
    long operand = returnAddress + intAt(code, THROUGH_TABLE_BYTES - Integer.BYTES);
    if (at(code, THROUGH_TABLE_BYTES - DIRECT_BYTES) == CALL_REL32
        && (operand == function || jumpsTo(operand, function))) {
      return true;
    }
    return at(code, 0) == GROUP_5 && at(code, 1) == CALL_RIP && pointsTo(operand, function);
  }

  /**
   * Whether an entry of the linkage table, {@code [endbr64] [bnd] jmp *slot(%rip)}, leads there.
   */
  private boolean jumpsTo(long stub, long function) {
    byte[] code = memory.read(tid, stub, STUB_BYTES);
    if (code.length < STUB_BYTES) {
      return false;
    }
    int jump = intAt(code, 0) == ENDBR64 ? Integer.BYTES : 0;
    jump += at(code, jump) == BND_PREFIX ? 1 : 0;
    int next = jump + THROUGH_TABLE_BYTES;
    return at(code, jump) == GROUP_5
        && at(code, jump + 1) == JMP_RIP
        && pointsTo(stub + next + intAt(code, jump + 2), function);
  }

  private boolean pointsTo(long slot, long function) {
    byte[] pointer = memory.read(tid, slot, Long.BYTES);
    return pointer.length == Long.BYTES
        && ByteBuffer.wrap(pointer).order(ByteOrder.LITTLE_ENDIAN).getLong() == function;
  }

  private static int at(byte[] code, int index) {
    return Byte.toUnsignedInt(code[index]);
  }

  private static int intAt(byte[] code, int index) {
    return ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).getInt(index);
  }
}
