package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The seccomp filter as classic BPF (linux/filter.h, linux/seccomp.h): which system calls are
 * handed to the supervisor. Everything else is allowed, so it costs nothing and breaks nothing.
 *
 * <p>Besides the futex calls it hands over those that tell where exits will clear a word (clone,
 * clone3, set_tid_address), when an address space changes (execve, execveat), and when a signal
 * handler returns (rt_sigreturn; see {@link SignalReturns}). Of 32-bit code it hands over just
 * enough to notice it.
 */
final class Bpf {
  /** AUDIT_ARCH_X86_64 and AUDIT_ARCH_I386 of linux/audit.h. */
  static final int ARCH_X86_64 = 0xC000003E;

  static final int ARCH_I386 = 0x40000003;

  private static final int RET_ALLOW = 0x7fff0000;
  private static final int RET_USER_NOTIF = 0x7fc00000;

  /** Offsets in struct seccomp_data. */
  private static final int DATA_NR = 0;

  private static final int DATA_ARCH = 4;

  private static final int LOAD_WORD = 0x20;
  private static final int JUMP_EQUAL = 0x15;
  private static final int RETURN = 0x06;

  private static final int[] TRAPPED_64 = {
    Nr.FUTEX,
    Nr.FUTEX_WAITV,
    Nr.FUTEX_WAKE,
    Nr.FUTEX_WAIT,
    Nr.FUTEX_REQUEUE,
    Nr.CLONE,
    Nr.CLONE3,
    Nr.SET_TID_ADDRESS,
    Nr.EXECVE,
    Nr.EXECVEAT,
    Nr.RT_SIGRETURN
  };

  private static final int[] TRAPPED_32 = {
    Nr.I386_FUTEX, Nr.I386_FUTEX_TIME64, Nr.I386_SET_TID_ADDRESS, Nr.I386_EXECVE, Nr.I386_EXECVEAT
  };

  /** Size of struct sock_filter: code, two jump distances, operand. */
  static final int INSTRUCTION_BYTES = 8;

  private Bpf() {}

  /** One instruction; the jumps count instructions after the next. */
  private record Instruction(int code, int ifTrue, int ifFalse, int operand) {}

  /** The filter program, an array of struct sock_filter. */
  static byte[] program() {
    List<Instruction> program = new ArrayList<>();
    List<Instruction> native64 = section(TRAPPED_64);
    program.add(new Instruction(LOAD_WORD, 0, 0, DATA_ARCH));
    program.add(new Instruction(JUMP_EQUAL, 2, 0, ARCH_X86_64));
    program.add(new Instruction(JUMP_EQUAL, 1 + native64.size(), 0, ARCH_I386));
    program.add(new Instruction(RETURN, 0, 0, RET_ALLOW));
    program.addAll(native64);
    program.addAll(section(TRAPPED_32));
    ByteBuffer bytes =
        ByteBuffer.allocate(program.size() * INSTRUCTION_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction each : program) {
      bytes.putShort((short) each.code);
      bytes.put((byte) each.ifTrue).put((byte) each.ifFalse).putInt(each.operand);
    }
    return bytes.array();
  }

  private static List<Instruction> section(int[] trapped) {
    List<Instruction> section = new ArrayList<>();
    section.add(new Instruction(LOAD_WORD, 0, 0, DATA_NR));
    for (int i = 0; i < trapped.length; i++) {
      section.add(new Instruction(JUMP_EQUAL, trapped.length - i, 0, trapped[i]));
    }
    section.add(new Instruction(RETURN, 0, 0, RET_ALLOW));
    section.add(new Instruction(RETURN, 0, 0, RET_USER_NOTIF));
    return section;
  }
}
