package org.jfutex.cli.run;

import org.jfutex.cli.elf.Assembler;

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

  private static final int SIGACTION_BYTES = 32;

  private final Assembler asm = new Assembler();
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
    Assembler image = stub.asm;
    // data first, so that the code can name its addresses
    int ignore = image.address();
    image.code().putLong(SIG_IGN).put(new byte[SIGACTION_BYTES - Long.BYTES]);
    int program = image.address() + 2 * Long.BYTES;
    int sockFprog = image.address();
    image.code().putLong(filter.length / Bpf.INSTRUCTION_BYTES).putLong(program).put(filter);
    int entry = image.address();
    for (int signal = 1; signal <= Long.SIZE; signal++) {
      if ((ignoredSignals >>> (signal - 1) & 1) != 0) {
        stub.ignore(signal, ignore);
      }
    }
    stub.installFilter(sockFprog);
    stub.execute();
    return image.program(entry);
  }

  private void ignore(int signal, int action) {
    asm.edi(signal);
    asm.esi(action);
    asm.code(0x31, 0xD2); // xor edx, edx
    asm.r10d(Long.BYTES); // sizeof(sigset_t) of the kernel
    asm.systemCall(Nr.RT_SIGACTION);
  }

  /** Without no_new_privs first: where that is allowed, setuid programs keep working. */
  private void installFilter(int sockFprog) {
    seccomp(sockFprog);
    asm.code(0x83, 0xF8, -EACCES); // cmp eax, -EACCES
    int installed = asm.jump(0x75); // jne
    asm.edi(PR_SET_NO_NEW_PRIVS);
    asm.esi(1);
    asm.code(0x31, 0xD2, 0x45, 0x31, 0xD2, 0x45, 0x31, 0xC0); // xor edx, edx; r10d, r10d; r8d, r8d
    asm.systemCall(Nr.PRCTL);
    seccomp(sockFprog);
    asm.land(installed);
    asm.code(0x85, 0xC0); // test eax, eax
    int accepted = asm.jump(0x79); // jns
    asm.code(0xF7, 0xD8, 0x89, 0xC7); // neg eax; mov edi, eax
    asm.systemCall(Nr.EXIT_GROUP);
    asm.land(accepted);
    asm.code(0x89, 0xC2); // mov edx, eax: the listener
    tell(HELLO);
  }

  private void seccomp(int sockFprog) {
    asm.edi(SECCOMP_SET_MODE_FILTER);
    asm.esi(FILTER_FLAGS);
    asm.edx(sockFprog);
    asm.systemCall(Nr.SECCOMP);
  }

  /** The stack holds argc, then the arguments, a zero, and the environment. */
  private void execute() {
    asm.code(0x48, 0x8B, 0x7C, 0x24, 0x18); // mov rdi, [rsp+24]: PATH
    asm.code(0x48, 0x8D, 0x74, 0x24, 0x20); // lea rsi, [rsp+32]: from ARGV0 on
    execve();
    asm.code(0xF7, 0xD8, 0x89, 0xC2); // neg eax; mov edx, eax: the errno
    tell(EXEC_FAILED);
    asm.code(0x85, 0xC0); // test eax, eax
    int exit = asm.jump(0x75); // jne
    asm.code(0x48, 0x8B, 0x44, 0x24, 0x18); // mov rax, [rsp+24]: PATH
    asm.code(0x48, 0x89, 0x44, 0x24, 0x20); // mov [rsp+32], rax: instead of ARGV0
    asm.code(0x48, 0x8B, 0x7C, 0x24, 0x10); // mov rdi, [rsp+16]: /bin/sh
    asm.code(0x48, 0x89, 0x7C, 0x24, 0x18); // mov [rsp+24], rdi: instead of PATH
    asm.code(0x48, 0x8D, 0x74, 0x24, 0x18); // lea rsi, [rsp+24]
    execve();
    asm.code(0xB8).putInt(CANNOT_EXECUTE); // mov eax, 126
    asm.land(exit);
    asm.code(0x89, 0xC7); // mov edi, eax
    asm.systemCall(Nr.EXIT_GROUP);
  }

  private void execve() {
    asm.code(0x48, 0x8B, 0x0C, 0x24); // mov rcx, [rsp]: argc
    asm.code(0x48, 0x8D, 0x54, 0xCC, 0x10); // lea rdx, [rsp+rcx*8+16]: the environment
    asm.systemCall(Nr.EXECVE);
  }

  /** futex(cookie, command, edx). */
  private void tell(int command) {
    asm.code(0x48, 0xBF).putLong(cookie); // movabs rdi, cookie
    asm.esi(command);
    asm.systemCall(Nr.FUTEX);
  }
}
