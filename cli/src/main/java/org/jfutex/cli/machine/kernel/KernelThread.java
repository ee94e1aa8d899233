package org.jfutex.cli.machine.kernel;

import java.util.function.BooleanSupplier;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;

/** A thread of a worker. */
final class KernelThread implements MachineThread {
  private final KernelProcess process;
  private final String name;
  private final int tid;
  private final Mailbox mailbox;
  private final long area;
  private final TaskFiles files;
  private boolean busy;
  private boolean gone;
  private long nr;

  KernelThread(KernelProcess process, String name, int tid, Mailbox mailbox, long area) {
    this.process = process;
    this.name = name;
    this.tid = tid;
    this.mailbox = mailbox;
    this.area = area;
    this.files = new TaskFiles(process.pid(), tid, process.machine().buffers());
  }

  @Override
  public int tid() {
    return tid;
  }

  @Override
  public long scratch() {
    return area;
  }

  @Override
  public void call(long nr, long... args) {
    send(Mailbox.CALL, nr, args);
  }

  @Override
  public void store(long address, int value) {
    send(Mailbox.STORE, 0, address, value);
  }

  @Override
  public void compareAndSet(long address, int expected, int value) {
    send(Mailbox.COMPARE_AND_SET, 0, address, expected, value);
  }

  private void send(int kind, long number, long... args) {
    checkIdle();
    nr = number;
    busy = true;
    mailbox.send(kind, number, args);
  }

  private void checkIdle() {
    if (busy || gone) {
      throw new IllegalStateException(this + " is " + state() + ": expected IDLE");
    }
  }

  /** Has it do a call that returns at once and cannot well fail. */
  long run(String what, long number, long... args) {
    call(number, args);
    join(Patience.LIMIT_NANOS);
    return Descriptors.check(takeResult(), what + " by " + this);
  }

  @Override
  public ThreadState state() {
    if (gone) {
      return ThreadState.GONE;
    }
    if (!busy) {
      return ThreadState.IDLE;
    }
    return look();
  }

  /**
   * A thread that has not taken its command yet sleeps too, but at the mailbox. The mailbox is read
   * again after procfs: if it is not done even then, what was seen there was seen in the call.
   */
  private ThreadState look() {
    int before = mailbox.state();
    if (before == Mailbox.DONE) {
      return ThreadState.RETURNED;
    }
    ThreadState seen = before == Mailbox.TAKEN ? files.observe(nr) : whetherGone();
    if (mailbox.isDone()) {
      return ThreadState.RETURNED;
    }
    if (seen == ThreadState.GONE) {
      setGone();
    }
    return seen;
  }

  private ThreadState whetherGone() {
    return files.isGone() ? ThreadState.GONE : ThreadState.RUNNING;
  }

  @Override
  public ThreadState settle(long nanos) {
    if (gone || !busy || nanos <= 0) {
      return state();
    }
    if (mailbox.spinUntilDone()) {
      return ThreadState.RETURNED;
    }
    long end = System.nanoTime() + nanos;
    long pause = Patience.FIRST_NANOS;
    while (true) {
      ThreadState state = look();
      long rest = end - System.nanoTime();
      if (state != ThreadState.RUNNING || rest <= 0) {
        return state;
      }
      mailbox.await(Math.min(pause, rest));
      pause = Math.min(2 * pause, Patience.MAX_NANOS);
    }
  }

  @Override
  public ThreadState join(long nanos) {
    if (gone || !busy || nanos <= 0) {
      return state();
    }
    if (mailbox.spinUntilDone()) {
      return ThreadState.RETURNED;
    }
    long end = System.nanoTime() + nanos;
    long rest = nanos;
    while (rest > 0 && !mailbox.await(Math.min(Patience.LOOK_NANOS, rest))) {
      if (files.isGone()) {
        return look();
      }
      rest = end - System.nanoTime();
    }
    return look();
  }

  @Override
  public long takeResult() {
    if (!busy || gone || !mailbox.isDone()) {
      throw new IllegalStateException(this + " is " + state() + ": expected RETURNED");
    }
    busy = false;
    return mailbox.result();
  }

  @Override
  public void signal(boolean restart) {
    if (gone) {
      throw new IllegalStateException(this + " has gone: expected a thread that exists");
    }
    int before = mailbox.signals();
    int signal = restart ? WorkerImage.RESTARTING_SIGNAL : WorkerImage.INTERRUPTING_SIGNAL;
    Descriptors.check(Syscalls.call(Nr.TGKILL, process.pid(), tid, signal), "tgkill of " + this);
    if (process.isStopped()) {
      return; // its handler runs when it is continued
    }
    awaitThat("handle a signal", () -> mailbox.signals() != before || files.isGone());
    var _ = settle(Patience.LIMIT_NANOS);
  }

  @Override
  public int priority() {
    if (gone) {
      throw new IllegalStateException(this + " has gone: expected a thread that exists");
    }
    return files.priority();
  }

  @Override
  public void exit() {
    checkIdle();
    process.checkRunning();
    mailbox.send(Mailbox.CALL, Nr.EXIT);
    mailbox.awaitExit(Patience.LIMIT_NANOS); // the rest of it is told by nobody
    awaitThat("exit", files::isReleased);
    setGone();
  }

  private void awaitThat(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + Patience.LIMIT_NANOS;
    long pause = Patience.FIRST_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException(this + " did not " + what + " in time");
      }
      mailbox.pause(pause);
      pause = Math.min(2 * pause, Patience.MAX_NANOS);
    }
  }

  /** It has gone, alone or with its process. */
  void setGone() {
    if (!gone) {
      gone = true;
      files.close();
      process.forget(this);
      process.machine().mailboxes().giveBack(mailbox);
    }
  }

  @Override
  public String toString() {
    return "thread " + name + " (" + tid + ") of " + process;
  }
}
