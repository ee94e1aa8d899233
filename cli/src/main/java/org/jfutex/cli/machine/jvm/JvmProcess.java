package org.jfutex.cli.machine.jvm;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Errno;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;

/** A simulated process. */
final class JvmProcess implements MachineProcess {
  /*
   * State       stopped: between stop and resume. dead: after kill.
   * Guards      stopped: volatile, written by the player, read by the threads; see JvmThread.
   *             threads, dead: the player's.
   * Lock order  takes none itself.
   * Ordering    see JvmThread.
   * Progress    stop and kill tell all threads first and wait for each then.
   * Callbacks   none.
   * Checked by  JvmContractTest, JvmMachineFuzzTest.
   */
  private static final int NR_PRCTL = 157;
  private static final int NR_MBIND = 237;

  private final JvmMachine machine;
  private final Memory memory;
  private final List<JvmThread> threads = new ArrayList<>();
  private final PrivateHash hash;
  private volatile boolean stopped;
  private boolean dead;

  JvmProcess(JvmMachine machine, Memory memory) {
    this.machine = machine;
    this.memory = memory;
    this.hash = new PrivateHash(machine.engine());
  }

  JvmMachine machine() {
    return machine;
  }

  Memory memory() {
    return memory;
  }

  boolean isStopped() {
    return stopped;
  }

  @Override
  public long map(Backing backing, long bytes) {
    return memory.map(backing, bytes);
  }

  @Override
  public long alias(long address) {
    return memory.alias(address);
  }

  @Override
  public void protect(long address, long bytes, Protection protection) {
    memory.protect(address, bytes, protection);
  }

  @Override
  public void unmap(long address, long bytes) {
    memory.unmap(address, bytes);
  }

  @Override
  public long remap(long address) {
    return memory.remap(address);
  }

  @Override
  public void truncate(long address, long bytes) {
    Store file = memory.fileAt(address);
    file.truncate(bytes);
    for (JvmProcess process : machine.processes()) {
      process.memory.forgetBeyondEnd(file);
    }
  }

  @Override
  public byte[] read(long address, int bytes) {
    return memory.peek(address, bytes);
  }

  @Override
  public void write(long address, byte[] bytes) {
    memory.poke(address, bytes);
  }

  @Override
  public MachineThread thread(String name, int fifo) {
    checkRunning();
    long scratch = memory.map(Backing.PRIVATE, Machine.SCRATCH_BYTES);
    JvmThread thread = machine.newThread(this, name, fifo, scratch);
    threads.add(thread);
    hash.grow(threads.size());
    return thread;
  }

  @Override
  public MachineProcess fork() {
    checkRunning();
    return machine.add(new JvmProcess(machine, memory.fork()));
  }

  @Override
  public void stop() {
    checkRunning();
    stopped = true;
    threads.forEach(JvmThread::beginStop);
    threads.forEach(JvmThread::awaitStop);
  }

  @Override
  public void resume() {
    stopped = false;
    threads.forEach(JvmThread::resume);
  }

  @Override
  public void kill() {
    threads.forEach(JvmThread::beginEnd);
    threads.forEach(JvmThread::awaitEnd);
    threads.clear();
    machine.remove(this);
    dead = true;
  }

  private void checkRunning() {
    if (dead || stopped) {
      throw new IllegalStateException(
          "the process " + (dead ? "was killed" : "is stopped") + ": expected one that runs");
    }
  }

  /** A thread has exited. */
  void remove(JvmThread thread) {
    threads.remove(thread);
  }

  /** Executes a system call on the thread that makes it. */
  long execute(JvmThread thread, Registers call) {
    if (call.nr() == NR_PRCTL && call.arg(0) == PrivateHash.PR_FUTEX_HASH) {
      return hash.call(call.arg(1), call.arg(2), call.arg(3));
    }
    if (call.nr() == NR_MBIND) {
      // There is one node, which every policy comes down to.
      return call.arg(0) % Machine.PAGE_BYTES == 0 ? 0 : -Errno.EINVAL.number();
    }
    return machine
        .calls()
        .call(
            thread,
            call.nr(),
            call.arg(0),
            call.arg(1),
            call.arg(2),
            call.arg(3),
            call.arg(4),
            call.arg(5));
  }
}
