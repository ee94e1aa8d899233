package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A static ELF program of a few hundred bytes that becomes the user's program: it installs the
 * filter, waits until the supervisor has the listener, and executes. The filter cannot be installed
 * by a thread of this JVM: its other threads would be waiting for a supervisor that waits for them.
 *
 * <p>Its arguments are {@code stub /bin/sh PATH ARGV0 ARGS...}: it executes PATH with the arguments
 * from ARGV0 on, or, if told so after that failed, {@code /bin/sh PATH ARGS...}, as execvp(3) does
 * for a script without an interpreter line.
 *
 * <p>It talks to the supervisor by futex calls on a cookie instead of an address. If the filter is
 * refused there is nobody to talk to: it exits with the errno as its status, before any such call.
 */
final class Stub {
  /** The futex command of the first call; its third argument is the listener's descriptor. */
  static final int HELLO = 0x7e57;

  /**
   * The futex command of the second call, after execve failed; the third argument is the errno. The
   * answer is 0 to try the shell, otherwise the exit status.
   */
  static final int EXEC_FAILED = 0x7e58;

  /** Exit status of a program that was found but could not be executed, as in a shell. */
  static final int CANNOT_EXECUTE = 126;

  /** SECCOMP_FILTER_FLAG_NEW_LISTENER and _WAIT_KILLABLE_RECV of linux/seccomp.h. */
  private static final int FILTER_FLAGS = 8 | 32;

  private static final int SECCOMP_SET_MODE_FILTER = 1;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int EACCES = 13;
  private static final int SIG_IGN = 1;

  private static final int BASE = 0x10000000;
  private static final int HEADER_BYTES = 64 + 56;
  private static final int MAX_BYTES = 4096;
  private static final int SIGACTION_BYTES = 32;

  private final ByteBuffer image = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final long cookie;

  private Stub(long cookie) {
    this.cookie = cookie;
  }

  /**
   * Makes the program.
   *
   * @param filter the filter, an array of struct sock_filter
   * @param cookie the address of its futex calls, which no other program would use
   * @param ignoredSignals the signals to ignore: bit n-1 for signal n
   * @return the file
   */
  static byte[] image(byte[] filter, long cookie, long ignoredSignals) {
    Stub stub = new Stub(cookie);
    // data first, so that the code can name its addresses
    stub.image.position(HEADER_BYTES);
    int ignore = stub.address();
    stub.image.putLong(SIG_IGN).put(new byte[SIGACTION_BYTES - Long.BYTES]);
    int program = stub.address() + 2 * Long.BYTES;
    int sockFprog = stub.address();
    stub.image.putLong(filter.length / Bpf.INSTRUCTION_BYTES).putLong(program).put(filter);
    int entry = stub.address();
    for (int signal = 1; signal <= Long.SIZE; signal++) {
      if ((ignoredSignals >>> (signal - 1) & 1) != 0) {
        stub.ignore(signal, ignore);
      }
    }
    stub.installFilter(sockFprog);
    stub.execute();
    int size = stub.image.position();
    stub.header(entry, size);
    byte[] bytes = new byte[size];
    stub.image.get(0, bytes);
    return bytes;
  }

  private int address() {
    return BASE + image.position();
  }

  private void ignore(int signal, int action) {
    edi(signal);
    esi(action);
    code(0x31, 0xD2); // xor edx, edx
    code(0x41, 0xBA).putInt(Long.BYTES); // mov r10d, sizeof(sigset_t) of the kernel
    systemCall(Nr.RT_SIGACTION);
  }

  /** Without no_new_privs first: where that is allowed, setuid programs keep working. */
  private void installFilter(int sockFprog) {
    seccomp(sockFprog);
    code(0x83, 0xF8, -EACCES); // cmp eax, -EACCES
    int installed = jump(0x75); // jne
    edi(PR_SET_NO_NEW_PRIVS);
    esi(1);
    code(0x31, 0xD2, 0x45, 0x31, 0xD2, 0x45, 0x31, 0xC0); // xor edx, edx; r10d, r10d; r8d, r8d
    systemCall(Nr.PRCTL);
    seccomp(sockFprog);
    land(installed);
    code(0x85, 0xC0); // test eax, eax
    int accepted = jump(0x79); // jns
    code(0xF7, 0xD8, 0x89, 0xC7); // neg eax; mov edi, eax
    systemCall(Nr.EXIT_GROUP);
    land(accepted);
    code(0x89, 0xC2); // mov edx, eax: the listener
    tell(HELLO);
  }

  private void seccomp(int sockFprog) {
    edi(SECCOMP_SET_MODE_FILTER);
    esi(FILTER_FLAGS);
    code(0xBA).putInt(sockFprog); // mov edx, sockFprog
    systemCall(Nr.SECCOMP);
  }

  /** The stack holds argc, then the arguments, a zero, and the environment. */
  private void execute() {
    code(0x48, 0x8B, 0x7C, 0x24, 0x18); // mov rdi, [rsp+24]: PATH
    code(0x48, 0x8D, 0x74, 0x24, 0x20); // lea rsi, [rsp+32]: from ARGV0 on
    execve();
    code(0xF7, 0xD8, 0x89, 0xC2); // neg eax; mov edx, eax: the errno
    tell(EXEC_FAILED);
    code(0x85, 0xC0); // test eax, eax
    int exit = jump(0x75); // jne
    code(0x48, 0x8B, 0x44, 0x24, 0x18); // mov rax, [rsp+24]: PATH
    code(0x48, 0x89, 0x44, 0x24, 0x20); // mov [rsp+32], rax: instead of ARGV0
    code(0x48, 0x8B, 0x7C, 0x24, 0x10); // mov rdi, [rsp+16]: /bin/sh
    code(0x48, 0x89, 0x7C, 0x24, 0x18); // mov [rsp+24], rdi: instead of PATH
    code(0x48, 0x8D, 0x74, 0x24, 0x18); // lea rsi, [rsp+24]
    execve();
    code(0xB8).putInt(CANNOT_EXECUTE); // mov eax, 126
    land(exit);
    code(0x89, 0xC7); // mov edi, eax
    systemCall(Nr.EXIT_GROUP);
  }

  private void execve() {
    code(0x48, 0x8B, 0x0C, 0x24); // mov rcx, [rsp]: argc
    code(0x48, 0x8D, 0x54, 0xCC, 0x10); // lea rdx, [rsp+rcx*8+16]: the environment
    systemCall(Nr.EXECVE);
  }

  /** futex(cookie, command, edx). */
  private void tell(int command) {
    code(0x48, 0xBF).putLong(cookie); // movabs rdi, cookie
    esi(command);
    systemCall(Nr.FUTEX);
  }

  private void edi(int value) {
    code(0xBF).putInt(value);
  }

  private void esi(int value) {
    code(0xBE).putInt(value);
  }

  private void systemCall(int nr) {
    code(0xB8).putInt(nr); // mov eax, nr
    code(0x0F, 0x05); // syscall
  }

  /** Emits a short conditional jump forward; {@link #land} says where to. */
  private int jump(int opcode) {
    code(opcode, 0);
    return image.position();
  }

  private void land(int from) {
    image.put(from - 1, (byte) (image.position() - from));
  }

  private ByteBuffer code(int... bytes) {
    for (int each : bytes) {
      image.put((byte) each);
    }
    return image;
  }

  /** Elf64_Ehdr and one Elf64_Phdr of elf(5): all of the file, readable and executable. */
  private void header(int entry, int size) {
    image.position(0);
    image.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0); // 64 bit, little endian
    image.putShort((short) 2).putShort((short) 62).putInt(1); // ET_EXEC, EM_X86_64
    image.putLong(entry).putLong(64).putLong(0).putInt(0); // e_entry, e_phoff, e_shoff, e_flags
    image.putShort((short) 64).putShort((short) 56).putShort((short) 1); // sizes, e_phnum
    image.putShort((short) 0).putShort((short) 0).putShort((short) 0); // no sections
    image.putInt(1).putInt(5); // PT_LOAD, PF_R | PF_X
    image.putLong(0).putLong(BASE).putLong(BASE); // p_offset, p_vaddr, p_paddr
    image.putLong(size).putLong(size).putLong(4096); // p_filesz, p_memsz, p_align
  }
}
