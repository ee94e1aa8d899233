package org.jfutex.cli.machine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/**
 * A worker process. Its first thread does what the player wants done to the process; the others are
 * the scenario's. All workers are children of this JVM, forked ones too.
 */
final class KernelProcess implements MachineProcess {
  /** Where each thread has its scratch page and its stack, by mailbox. */
  private static final long AREAS = 0x1000_0000_0000L;

  private static final long AREA_BYTES = 0x10000;

  private static final long AREA_PROTECTION = 3;

  /** MAP_PRIVATE, MAP_FIXED and MAP_ANONYMOUS. */
  private static final long AREA_FLAGS = 0x32;

  /** CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM and _CHILD_CLEARTID. */
  private static final long THREAD_FLAGS = 0x250f00;

  /** CLONE_PARENT, and SIGCHLD to the parent, which is this JVM. */
  private static final long FORK_FLAGS = 0x8000 | 17;

  private static final int SIGKILL = 9;
  private static final int SIGCONT = 18;
  private static final int SIGSTOP = 19;
  private static final int WUNTRACED = 2;

  /** WIFSTOPPED of wait(2). */
  private static final int STATUS_BITS = 0xff;

  private static final int STOPPED_STATUS = 0x7f;

  private static final int EINTR = 4;
  private static final int ECHILD = 10;
  private static final int SCHED_FIFO = 1;
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;

  private final KernelMachine machine;
  private final int pid;
  private final Mailbox control;
  private final TaskFiles controlFiles;
  private final int memory;
  private final AddressMap map = new AddressMap(this);
  private final List<KernelThread> threads = new ArrayList<>();
  private boolean stopped;
  private boolean dead;

  KernelProcess(KernelMachine machine, int pid, Mailbox control) {
    this.machine = machine;
    this.pid = pid;
    this.control = control;
    this.controlFiles = new TaskFiles(pid, pid, machine.buffers());
    this.memory = Descriptors.open("/proc/" + pid + "/mem", Descriptors.O_RDWR);
  }

  int pid() {
    return pid;
  }

  boolean isDead() {
    return dead;
  }

  boolean isStopped() {
    return stopped;
  }

  KernelMachine machine() {
    return machine;
  }

  int memoryFile() {
    return memory;
  }

  /** Makes the control thread do a call that cannot well fail. */
  long control(String name, long nr, long... args) {
    return Descriptors.check(tryControl(nr, args), name + " by " + this);
  }

  /** Makes the control thread do a call. */
  long tryControl(long nr, long... args) {
    checkRunning();
    control.send(Mailbox.CALL, nr, args);
    return controlResult(nr);
  }

  private long controlResult(long nr) {
    if (!control.spinUntilDone()) {
      while (!control.await(Patience.LOOK_NANOS)) {
        if (controlFiles.isGone()) {
          throw new IllegalStateException(this + " has died in call " + nr);
        }
      }
    }
    return control.result();
  }

  void checkRunning() {
    if (dead || stopped) {
      throw new IllegalStateException(
          this + (dead ? " was killed" : " is stopped") + ": expected one that runs");
    }
  }

  /** Makes the control thread open a file. */
  int open(String path, int flags) {
    long name = machine.mailboxes().note(path);
    return (int) control("open of " + path, Nr.OPENAT, AT_FDCWD, name, flags | O_CLOEXEC, 0);
  }

  @Override
  public long map(Backing backing, long bytes) {
    return map.map(backing, bytes);
  }

  @Override
  public long alias(long address) {
    return map.alias(address);
  }

  @Override
  public void protect(long address, long bytes, Protection protection) {
    map.protect(address, bytes, protection);
  }

  @Override
  public void unmap(long address, long bytes) {
    map.unmap(address, bytes);
  }

  @Override
  public long remap(long address) {
    return map.remap(address);
  }

  @Override
  public void truncate(long address, long bytes) {
    map.truncate(address, bytes);
  }

  @Override
  public byte[] read(long address, int bytes) {
    MemorySegment buffer = machine.transferBuffer(bytes);
    map.read(address, buffer);
    return buffer.toArray(ValueLayout.JAVA_BYTE);
  }

  @Override
  public void write(long address, byte[] bytes) {
    MemorySegment buffer = machine.transferBuffer(bytes.length);
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
    map.write(address, buffer);
  }

  @Override
  public MachineThread thread(String name, int fifo) {
    Mailbox mailbox = machine.mailboxes().take();
    long area = AREAS + mailbox.slot() * AREA_BYTES;
    control("mmap", Nr.MMAP, area, AREA_BYTES, AREA_PROTECTION, AREA_FLAGS, -1, 0);
    int tid = clone(mailbox, THREAD_FLAGS, area + AREA_BYTES);
    KernelThread thread = new KernelThread(this, name, tid, mailbox, area);
    threads.add(thread);
    if (fifo > 0) {
      thread.run("sched_setscheduler", Nr.SCHED_SETSCHEDULER, 0, SCHED_FIFO, note(fifo));
    }
    return thread;
  }

  /** Makes a thread or a process that goes on at a mailbox, and returns its id. */
  private int clone(Mailbox mailbox, long flags, long stack) {
    checkRunning();
    control.sendClone(mailbox, flags, stack, 0, mailbox.existsAddress(), 0);
    long id = controlResult(Nr.CLONE);
    if (id < 0) {
      machine.mailboxes().giveBack(mailbox);
    }
    return (int) Descriptors.check(id, "clone by " + this);
  }

  private long note(int number) {
    return machine.mailboxes().note(number);
  }

  /** Forgets a thread that has gone. */
  void forget(KernelThread thread) {
    threads.remove(thread);
  }

  @Override
  public MachineProcess fork() {
    Mailbox mailbox = machine.mailboxes().take();
    int child = clone(mailbox, FORK_FLAGS, 0);
    KernelProcess process = new KernelProcess(machine, child, mailbox);
    process.map.copyOf(map);
    machine.add(process);
    return process;
  }

  @Override
  public void stop() {
    checkRunning();
    signal(SIGSTOP);
    // a parent is told when the last thread has stopped
    if ((await(WUNTRACED) & STATUS_BITS) != STOPPED_STATUS) {
      bury();
      throw new IllegalStateException(this + " ended: expected it to stop");
    }
    stopped = true;
  }

  /** When kill(2) returns no thread is stopped any more: prepare_signal in kernel/signal.c. */
  @Override
  public void resume() {
    if (stopped) {
      signal(SIGCONT);
      stopped = false;
    }
  }

  private void signal(int signal) {
    Descriptors.check(Syscalls.call(Nr.KILL, pid, signal, 0), "kill of " + this);
  }

  @Override
  public void kill() {
    if (dead) {
      return;
    }
    signal(SIGKILL);
    var _ = await(0); // a parent is told when the last thread has gone
    bury();
  }

  private void bury() {
    dead = true;
    stopped = false; // its id may be another's soon
    List.copyOf(threads).forEach(KernelThread::setGone);
    controlFiles.close();
    Descriptors.close(memory);
    map.close();
    machine.mailboxes().giveBack(control);
    machine.remove(this);
  }

  /** Waits for the process to change, and returns its wait status. */
  private int await(int options) {
    MemorySegment status = machine.transferBuffer(Integer.BYTES);
    long result;
    do {
      result = Syscalls.call(Nr.WAIT4, pid, status.address(), options, 0, 0, 0);
    } while (result == -EINTR);
    if (result != pid && result != -ECHILD) { // nothing to reap if SIGCHLD is ignored
      throw new IllegalStateException(
          "waiting for " + this + " failed: " + ErrorText.of((int) -result));
    }
    return status.get(ValueLayout.JAVA_INT, 0);
  }

  @Override
  public String toString() {
    return "worker " + pid;
  }
}
