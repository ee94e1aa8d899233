package org.jfutex.cli.machine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Spawn;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * The real kernel: worker processes that make the calls they are handed. Nothing of this JVM is in
 * them, and they end when it does, however that happens.
 *
 * <p>A worker has its program at 0x10000000, what it shares with this JVM at 0x20000000, mappings
 * from 0x100000000 on with a gap behind each, and the threads' own pages from 0x100000000000 on;
 * nothing else is mapped but the stack and the vDSO, near the end of the address space.
 *
 * <p>Used by one thread at a time, which should be a platform thread: some calls wait in the
 * kernel.
 */
public final class KernelMachine implements Machine {
  private static final int TRANSFER_BYTES = 4096;
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int F_SETOWN = 8;
  private static final int F_SETSIG = 10;
  private static final int F_SETFL = 4;
  private static final int O_ASYNC = 0x2000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int SIGKILL = 9;
  private static final long MAX_DESCRIPTOR = 0x7fffffff;

  private final Arena arena = Arena.ofShared();
  private final Mailboxes mailboxes = new Mailboxes(arena);
  private final TaskFiles.Buffers buffers = TaskFiles.Buffers.allocate(arena);
  private final MemorySegment transfer = arena.allocate(TRANSFER_BYTES, Long.BYTES);
  private final List<KernelProcess> processes = new ArrayList<>();
  private final Probes probes = new Probes();
  private final int lifeline;
  private final KernelProcess first;
  private boolean closed;

  /** The program of the workers, made when it is first needed and kept as long as this JVM. */
  private static final class Program {
    static final int FD = Descriptors.program(WorkerImage.bytes());
  }

  private KernelMachine() {
    int[] pipe = pipe();
    lifeline = pipe[1];
    try {
      first = start();
      processes.add(first);
      tie(first, pipe[0]);
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    } finally {
      Descriptors.close(pipe[0]);
    }
  }

  /**
   * Starts a worker process.
   *
   * @return the machine
   * @throws UnsupportedOperationException if this system does not allow it; the message says why
   */
  public static KernelMachine open() {
    String system = System.getProperty("os.name", "");
    String architecture = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    if (!system.equals("Linux")) {
      throw new UnsupportedOperationException("this is " + system + ": the kernel needs Linux");
    }
    if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
      throw new UnsupportedOperationException(
          "this is a machine of type " + architecture + ": workers need x86-64");
    }
    String missing = missing(Path.of("/proc/self"));
    if (missing != null) {
      throw new UnsupportedOperationException(missing);
    }
    if (Program.FD < 0) {
      throw new UnsupportedOperationException(
          "an executable memory file was refused: " + ErrorText.of(-Program.FD));
    }
    return new KernelMachine();
  }

  /** What procfs does not tell of a process here, as some kernels are built; null if it does. */
  static @Nullable String missing(Path process) {
    return TaskFiles.NAMES.stream()
        .map(process::resolve)
        .filter(file -> !Files.isReadable(file))
        .findFirst()
        .map(file -> file + " cannot be read: it tells whether threads sleep")
        .orElse(null);
  }

  private int[] pipe() {
    MemorySegment ends = arena.allocate(2 * Integer.BYTES, Integer.BYTES);
    Descriptors.check(Syscalls.call(Nr.PIPE2, ends.address(), O_CLOEXEC, 0), "pipe2");
    return ends.toArray(ValueLayout.JAVA_INT);
  }

  private KernelProcess start() {
    List<byte[]> arguments =
        List.of(
            "jfutex-worker".getBytes(StandardCharsets.US_ASCII),
            mailboxes.path().getBytes(StandardCharsets.US_ASCII));
    Spawn.Attributes attributes = new Spawn.Attributes(0, -1, List.of(), List.of());
    Mailbox control = mailboxes.take();
    long pid = Spawn.spawn("/proc/self/fd/" + Program.FD, arguments, attributes);
    if (pid < 0) {
      throw new UnsupportedOperationException(
          "a worker process could not be started: " + ErrorText.of((int) -pid));
    }
    KernelProcess process = new KernelProcess(this, (int) pid, control);
    if (process.memoryFile() < 0) { // as by kernel.yama.ptrace_scope; the worker dies by its parent
      throw new UnsupportedOperationException(
          "the memory of a worker was refused: " + ErrorText.of(-process.memoryFile()));
    }
    return process;
  }

  /**
   * Makes the worker, and all it forks, die with this JVM: when the last writer of the pipe has
   * gone, the kernel sends the signal for input to the whole process group. The parent-death signal
   * would come as soon as the Java thread that started the worker ends.
   */
  private void tie(KernelProcess worker, int readEnd) {
    worker.control("close_range", Nr.CLOSE_RANGE, 0, MAX_DESCRIPTOR, 0);
    long fd = worker.open(Descriptors.path(readEnd), Descriptors.O_RDONLY);
    worker.control("F_SETOWN", Nr.FCNTL, fd, F_SETOWN, -worker.pid());
    worker.control("F_SETSIG", Nr.FCNTL, fd, F_SETSIG, SIGKILL);
    worker.control("F_SETFL", Nr.FCNTL, fd, F_SETFL, O_ASYNC);
    worker.control("prctl", Nr.PRCTL, PR_SET_PDEATHSIG, 0);
  }

  Mailboxes mailboxes() {
    return mailboxes;
  }

  TaskFiles.Buffers buffers() {
    return buffers;
  }

  MemorySegment transferBuffer(int bytes) {
    return bytes <= TRANSFER_BYTES
        ? transfer.asSlice(0, bytes)
        : Arena.ofAuto().allocate(bytes, Long.BYTES);
  }

  void add(KernelProcess process) {
    processes.add(process);
  }

  void remove(KernelProcess process) {
    processes.remove(process);
  }

  @Override
  public String name() {
    return "kernel";
  }

  @Override
  public @Nullable String lacks(Capability capability) {
    return probes.lacks(capability, first);
  }

  @Override
  public MachineProcess process() {
    return first;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }

  private void release() {
    try {
      List.copyOf(processes).forEach(KernelProcess::kill);
    } finally {
      Descriptors.close(lifeline); // ends what could not be killed
      mailboxes.close();
      arena.close();
    }
  }
}
