package org.jfutex.cli.machine.kernel;

import java.nio.ByteBuffer;
import org.jfutex.cli.elf.Assembler;
import org.jfutex.cli.run.Nr;

/**
 * The program of a worker process. Every thread of it runs one loop: wait at its mailbox for a
 * command, do it, put the result there. Register r13 holds the mailbox's address, from a thread's
 * very first instruction on and while a signal handler runs; nothing but signal frames is put on
 * the stack.
 *
 * <p>Its argument is the file with the mailboxes, which it maps at {@link Mailboxes#BASE}. Threads
 * and processes are made by clone(2) like any other call, with the child's mailbox in r13: the
 * command names it. In other commands it names the thread's own.
 */
final class WorkerImage {
  /** The signal whose handler was installed with SA_RESTART: SIGUSR1. */
  static final int RESTARTING_SIGNAL = 10;

  /** The signal whose handler was installed without: SIGUSR2. */
  static final int INTERRUPTING_SIGNAL = 12;

  private static final int SIGKILL = 9;
  private static final int SIGBUS = 7;
  private static final int SIGSEGV = 11;
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int O_RDWR_CLOEXEC = 0x80002;
  private static final int MAP_SHARED_FIXED = 0x11;
  private static final int PROT_READ_WRITE = 3;
  private static final int EFAULT = 14;

  /** SA_RESTORER, SA_SIGINFO and SA_RESTART of asm/signal.h. */
  private static final long SA_RESTORER = 0x04000000;

  private static final long SA_SIGINFO = 4;
  private static final long SA_RESTART = 0x10000000;

  /** Exit status of a worker that made an access it should not have. */
  private static final int BROKEN = 128 + SIGSEGV;

  /** Offsets of rax and rip in the ucontext a handler gets in rdx. */
  private static final int UC_RAX = 144;

  private static final int UC_RIP = 168;

  private final Assembler asm = new Assembler();
  private int loop;
  private int done;
  private int storeSite;
  private int compareSite;

  private WorkerImage() {}

  /** The file. */
  static byte[] bytes() {
    return new WorkerImage().assemble();
  }

  private byte[] assemble() {
    loop();
    int count = asm.address();
    asm.code(0xF0, 0x41, 0xFF, 0x45, Mailbox.SIGNALS); // lock inc dword [r13+SIGNALS]
    asm.code(0xC3); // ret, to the restorer
    int fault = asm.address();
    faultHandler();
    int restorer = asm.address();
    asm.systemCall(Nr.RT_SIGRETURN);
    int restart = action(count, SA_RESTORER | SA_RESTART, restorer);
    int interrupt = action(count, SA_RESTORER, restorer);
    int catchFault = action(fault, SA_RESTORER | SA_SIGINFO, restorer);
    int entry = asm.address();
    dieWithParent();
    handle(RESTARTING_SIGNAL, restart);
    handle(INTERRUPTING_SIGNAL, interrupt);
    handle(SIGSEGV, catchFault);
    handle(SIGBUS, catchFault); // behind the end of a truncated file
    mapMailboxes();
    asm.code(0x31, 0xFF, 0x31, 0xF6); // xor edi, edi; xor esi, esi
    asm.systemCall(Nr.SETPGID); // a group of its own: killed as one, untouched by a terminal
    asm.code(0x41, 0xBD).putInt(Mailboxes.BASE + Mailboxes.NOTE_BYTES); // mov r13d, first mailbox
    asm.jumpTo(loop);
    return asm.program(entry);
  }

  private void loop() {
    loop = asm.address();
    asm.code(0x41, 0x8B, 0x45, Mailbox.STATE); // mov eax, [r13+STATE]
    asm.code(0x83, 0xF8, Mailbox.SENT); // cmp eax, SENT
    int sent = asm.jump(0x74); // je
    asm.code(0x4C, 0x89, 0xEF, 0x31, 0xF6); // mov rdi, r13; xor esi, esi: FUTEX_WAIT
    asm.code(0x89, 0xC2, 0x45, 0x31, 0xD2); // mov edx, eax; xor r10d, r10d: no timeout
    asm.systemCall(Nr.FUTEX);
    asm.jumpTo(loop);
    asm.land(sent);
    asm.code(0x41, 0xC7, 0x45, Mailbox.STATE).putInt(Mailbox.TAKEN); // mov dword [r13+STATE], ..
    asm.code(0x49, 0x8B, 0x7D, Mailbox.ARGS); // mov rdi, [r13+ARGS]
    asm.code(0x49, 0x8B, 0x75, Mailbox.ARGS + 8); // mov rsi, [r13+ARGS+8]
    asm.code(0x49, 0x8B, 0x55, Mailbox.ARGS + 16); // mov rdx, [r13+ARGS+16]
    asm.code(0x4D, 0x8B, 0x55, Mailbox.ARGS + 24); // mov r10, [r13+ARGS+24]
    asm.code(0x4D, 0x8B, 0x45, Mailbox.ARGS + 32); // mov r8, [r13+ARGS+32]
    asm.code(0x4D, 0x8B, 0x4D, Mailbox.ARGS + 40); // mov r9, [r13+ARGS+40]
    asm.code(0x41, 0x8B, 0x45, Mailbox.KIND); // mov eax, [r13+KIND]
    asm.code(0x83, 0xF8, Mailbox.STORE); // cmp eax, STORE
    int store = asm.jump(0x74); // je
    asm.code(0x83, 0xF8, Mailbox.COMPARE_AND_SET); // cmp eax, COMPARE_AND_SET
    int compare = asm.jump(0x74); // je
    asm.code(0x49, 0x8B, 0x45, Mailbox.NR); // mov rax, [r13+NR]
    asm.code(0x4D, 0x89, 0xEC); // mov r12, r13
    asm.code(0x4D, 0x8B, 0x6D, Mailbox.NEXT); // mov r13, [r13+NEXT]
    asm.code(0x0F, 0x05); // syscall
    asm.code(0x4D, 0x39, 0xEC); // cmp r12, r13
    int noChild = asm.jump(0x74); // je
    asm.code(0x48, 0x85, 0xC0); // test rax, rax
    int parent = asm.jump(0x75); // jne
    asm.jumpTo(loop);
    asm.land(parent);
    asm.code(0x4D, 0x89, 0xE5); // mov r13, r12
    int cloned = asm.jump(0xEB); // jmp
    asm.land(store);
    storeSite = asm.address();
    asm.code(0x89, 0x37, 0x31, 0xC0); // mov [rdi], esi; xor eax, eax
    int stored = asm.jump(0xEB); // jmp
    asm.land(compare);
    asm.code(0x89, 0xF0); // mov eax, esi
    compareSite = asm.address();
    asm.code(0xF0, 0x0F, 0xB1, 0x17); // lock cmpxchg [rdi], edx
    asm.code(0x0F, 0x94, 0xC0, 0x0F, 0xB6, 0xC0); // sete al; movzx eax, al
    asm.land(noChild);
    asm.land(cloned);
    asm.land(stored);
    finish();
  }

  /** The exchange is a full barrier: what waits is looked for after the state is there. */
  private void finish() {
    done = asm.address();
    asm.code(0x49, 0x89, 0x45, Mailbox.RESULT); // mov [r13+RESULT], rax
    asm.code(0xB8).putInt(Mailbox.DONE); // mov eax, DONE
    asm.code(0x41, 0x87, 0x45, Mailbox.STATE); // xchg [r13+STATE], eax
    asm.code(0x41, 0x83, 0x7D, Mailbox.WAITING, 0); // cmp dword [r13+WAITING], 0
    int awaited = asm.jump(0x75); // jne
    asm.jumpTo(loop);
    asm.land(awaited);
    asm.code(0x4C, 0x89, 0xEF); // mov rdi, r13
    asm.esi(1); // FUTEX_WAKE
    asm.edx(1);
    asm.systemCall(Nr.FUTEX);
    asm.jumpTo(loop);
  }

  /** A store or compare-and-set that faults ends with -EFAULT; nothing else here may fault. */
  private void faultHandler() {
    asm.code(0x48, 0x8B, 0x82).putInt(UC_RIP); // mov rax, [rdx+UC_RIP]
    asm.code(0x48, 0x3D).putInt(storeSite); // cmp rax, storeSite
    int store = asm.jump(0x74); // je
    asm.code(0x48, 0x3D).putInt(compareSite); // cmp rax, compareSite
    int compare = asm.jump(0x74); // je
    asm.edi(BROKEN);
    asm.systemCall(Nr.EXIT_GROUP);
    asm.land(store);
    asm.land(compare);
    asm.code(0x48, 0xC7, 0x82).putInt(UC_RAX).putInt(-EFAULT); // mov qword [rdx+UC_RAX], -EFAULT
    asm.code(0x48, 0xC7, 0x82).putInt(UC_RIP).putInt(done); // mov qword [rdx+UC_RIP], done
    asm.code(0xC3); // ret
  }

  /** A struct sigaction as the kernel has it: handler, flags, restorer, mask. */
  private int action(int handler, long flags, int restorer) {
    int address = asm.address();
    ByteBuffer data = asm.code();
    data.putLong(handler).putLong(flags).putLong(restorer).putLong(0);
    return address;
  }

  private void handle(int signal, int action) {
    asm.edi(signal);
    asm.esi(action);
    asm.code(0x31, 0xD2); // xor edx, edx
    asm.r10d(Long.BYTES); // sizeof(sigset_t) of the kernel
    asm.systemCall(Nr.RT_SIGACTION);
  }

  /** Until the pipe that outlives the thread of the parent is set up. */
  private void dieWithParent() {
    asm.edi(PR_SET_PDEATHSIG);
    asm.esi(SIGKILL);
    asm.systemCall(Nr.PRCTL);
  }

  /** The stack holds argc, then the arguments. If this fails, the errno is the exit status. */
  private void mapMailboxes() {
    asm.code(0xBF).putInt(-100); // mov edi, AT_FDCWD
    asm.code(0x48, 0x8B, 0x74, 0x24, 0x10); // mov rsi, [rsp+16]: the first argument
    asm.edx(O_RDWR_CLOEXEC);
    asm.systemCall(Nr.OPENAT);
    asm.code(0x85, 0xC0); // test eax, eax
    int opened = asm.jump(0x79); // jns
    asm.code(0xF7, 0xD8, 0x89, 0xC7); // neg eax; mov edi, eax
    asm.systemCall(Nr.EXIT_GROUP);
    asm.land(opened);
    asm.code(0x41, 0x89, 0xC0); // mov r8d, eax
    asm.edi(Mailboxes.BASE);
    asm.esi(Mailboxes.BYTES);
    asm.edx(PROT_READ_WRITE);
    asm.r10d(MAP_SHARED_FIXED);
    asm.code(0x45, 0x31, 0xC9); // xor r9d, r9d
    asm.systemCall(Nr.MMAP);
  }
}
