package org.jfutex.cli.machine.jvm;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.engine.SleepingWaiter;
import org.jfutex.engine.Task;
import org.jfutex.linux.AddressSpace;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.linux.Caller;
import org.jfutex.linux.RobustList;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;

/** A thread of a simulated process, played by a Java thread that waits for what it is to do. */
final class JvmThread implements MachineThread, Caller {
  /*
   * State       phase      IDLE -> RUNNING -> RETURNED -> IDLE; any -> GONE. Never SLEEPING: that
   *                        is RUNNING and in the engine's queue, see state().
   *                        IDLE -> RUNNING, RETURNED -> IDLE: the player. RUNNING -> RETURNED, and
   *                        GONE: the Java thread.
   *             held       RUNNING, but waits for its process to be continued.
   *             pending    a signal that has reached it and was not handled yet.
   *             ending     it will be GONE as soon as it sees this.
   *             The process's flag that it is stopped belongs here too.
   * Guards      phase is left, held, pending and the interrupt flag of the Java thread are changed
   *             with the lock held (but the player starts a call and takes a result without it: no
   *             other thread acts on IDLE or RETURNED). action, registers: the player's while IDLE.
   *             result: the Java thread's while RUNNING. Both are handed over by phase.
   * Lock order  lock comes before everything inside the engine, and is not held when it is called.
   * Ordering    who wants the thread out of its sleep sets pending, ending or the process's flag,
   *             then interrupts it with the lock held, unless it is held or not RUNNING. The thread
   *             clears the interrupt flag, then reads those, then decides what comes next, with the
   *             lock held. So no request is missed, and no interrupt outlives the call it was for.
   *             The same for parking: phase is written, then carrier or observer read; carrier or
   *             observer is written, then phase read; all are volatile.
   * Progress    a sleep of the engine ends when the thread is interrupted, so stop, kill and signal
   *             return; if they do not, the engine is at fault, and they say so.
   * Callbacks   none.
   * Checked by  JvmContractTest, JvmMachineFuzzTest.
   */
  private enum Signal {
    NONE,
    /** Its handler was installed without SA_RESTART. */
    PLAIN,
    /** With it. */
    RESTART
  }

  /** What has not happened by then never will. */
  private static final long WEDGED_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final long EINTR = -Errno.EINTR.number();

  /** The id of kthreadd, which is there on every machine and can own nothing. */
  private static final int KERNEL_THREAD = 2;

  private final JvmProcess process;
  private final String name;
  private final int tid;
  private final int fifo;
  private final long scratch;
  private final Task task;
  private final RobustList robustList = new RobustList();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition goOn = lock.newCondition();
  private volatile ThreadState phase = ThreadState.IDLE;
  private volatile boolean held;
  private volatile boolean ending;
  private volatile Signal pending = Signal.NONE;

  private LongSupplier action = () -> 0;
  private @Nullable Registers registers;
  private long result;

  /** When the call gives up; null while that is not known. */
  private volatile @Nullable Deadline deadline;

  private volatile @Nullable Thread carrier;
  private volatile @Nullable Thread observer;
  private volatile @Nullable Throwable failure;

  JvmThread(JvmProcess process, String name, int tid, int fifo, long scratch) {
    this.process = process;
    this.name = name;
    this.tid = tid;
    this.fifo = fifo;
    this.scratch = scratch;
    this.task = new Task(tid, name, fifo);
  }

  @Override
  public int tid() {
    return tid;
  }

  @Override
  public long scratch() {
    return scratch;
  }

  @Override
  public AddressSpace space() {
    return process.memory();
  }

  @Override
  public int rank() {
    return fifo;
  }

  @Override
  public Task task() {
    return task;
  }

  @Override
  public @Nullable Task task(int id, Scope scope) {
    if (id == KERNEL_THREAD) {
      throw new FutexException(Errno.EPERM, "task " + id + ": expected no kernel thread");
    }
    JvmThread found = process.machine().thread(id);
    if (found != null && found.process != process && scope == Scope.PRIVATE) {
      throw new FutexException(Errno.EPERM, found.task + ": expected one of the same process");
    }
    return found == null ? null : found.task;
  }

  @Override
  public @Nullable RobustList robustList(int id) {
    JvmThread found = id == 0 ? this : process.machine().thread(id);
    return found == null ? null : found.robustList;
  }

  /** Of a call that is restarted, what its first try meant. */
  @Override
  public Deadline deadlineAfter(long nanos) {
    Deadline first = deadline;
    if (first == null) {
      first = Deadline.afterNanos(nanos, Ticker.system());
      deadline = first;
    }
    return first;
  }

  @Override
  public void call(long nr, long... args) {
    Registers call = new Registers(nr, args);
    start(call, () -> process.execute(this, call));
  }

  @Override
  public void store(long address, int value) {
    checkAligned(address);
    start(
        null,
        () -> {
          try {
            process.memory().writeInt(address, value);
            return 0;
          } catch (WordFault e) {
            return -Errno.EFAULT.number();
          }
        });
  }

  @Override
  public void compareAndSet(long address, int expected, int value) {
    checkAligned(address);
    start(
        null,
        () -> {
          try {
            return process.memory().compareAndSet(address, expected, value) ? 1 : 0;
          } catch (WordFault e) {
            return -Errno.EFAULT.number();
          }
        });
  }

  private static void checkAligned(long address) {
    if (address % Integer.BYTES != 0) {
      throw new IllegalArgumentException("0x%x: expected a multiple of 4".formatted(address));
    }
  }

  private void start(@Nullable Registers call, LongSupplier what) {
    check(ThreadState.IDLE);
    registers = call;
    action = what;
    phase = ThreadState.RUNNING;
    LockSupport.unpark(carrier);
  }

  @Override
  public long takeResult() {
    check(ThreadState.RETURNED);
    long taken = result;
    phase = ThreadState.IDLE;
    return taken;
  }

  private void check(ThreadState expected) {
    ThreadState now = state();
    if (now != expected) {
      throw new IllegalStateException(this + ": expected " + expected + ", is " + now);
    }
  }

  /**
   * Sleeps who is in the queues with every entry of the call, and whose deadline has not passed: a
   * thread that was taken out by a waker, or that takes itself out, is about to return.
   */
  @Override
  public ThreadState state() {
    Throwable thrown = failure;
    if (thrown != null) {
      throw new IllegalStateException(this + " has failed", thrown);
    }
    ThreadState now = phase;
    Registers call = registers;
    return now == ThreadState.RUNNING && call != null && !held && isQueued(call) && !isDue()
        ? ThreadState.SLEEPING
        : now;
  }

  private boolean isQueued(Registers call) {
    int entries = 0;
    for (SleepingWaiter waiter : process.machine().engine().waiters()) {
      if (waiter.name().equals(name)) {
        entries++;
      }
    }
    return entries > 0 && entries == call.entries(); // a vector of none is refused and never sleeps
  }

  private boolean isDue() {
    Deadline end = deadline;
    return end == null || end.isReached(Ticker.system());
  }

  @Override
  public ThreadState settle(long nanos) {
    await(nanos, () -> phase != ThreadState.RUNNING, () -> state() != ThreadState.RUNNING);
    return state();
  }

  @Override
  public ThreadState join(long nanos) {
    await(nanos, () -> phase != ThreadState.RUNNING, () -> false);
    return state();
  }

  /**
   * Waits for what the thread gives notice of, or for what it does not. While the wait spins only
   * the former is looked at, as a look at the queues takes their locks.
   */
  private boolean await(long nanos, BooleanSupplier noticed, BooleanSupplier unnoticed) {
    observer = Thread.currentThread();
    try {
      long end = System.nanoTime() + nanos;
      Pause pause = new Pause();
      while (!noticed.getAsBoolean() && (pause.isSpinning() || !unnoticed.getAsBoolean())) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        pause.pass(this, left);
      }
      return true;
    } finally {
      observer = null;
    }
  }

  /** Waits for what is sure to come if the engine is sound. */
  private void require(BooleanSupplier noticed, BooleanSupplier unnoticed) {
    if (!await(WEDGED_NANOS, noticed, unnoticed)) {
      throw new IllegalStateException(
          "%s: expected the engine to let go of it within %d ns, is %s"
              .formatted(this, WEDGED_NANOS, phase));
    }
  }

  @Override
  public void signal(boolean restart) {
    lock.lock();
    try {
      if (phase == ThreadState.GONE) {
        throw new IllegalStateException(this + " has gone: expected a thread that exists");
      }
      if (phase != ThreadState.RUNNING) {
        return; // its handler has run, and nothing came of it
      }
      pending = restart && pending != Signal.PLAIN ? Signal.RESTART : Signal.PLAIN;
      interruptLocked();
    } finally {
      lock.unlock();
    }
    require(
        () -> process.isStopped() || phase != ThreadState.RUNNING, // stopped, it handles none
        () -> pending == Signal.NONE && state() != ThreadState.RUNNING);
  }

  /** Makes the thread leave its sleep and look what has come up. */
  private void interruptLocked() {
    assert lock.isHeldByCurrentThread();
    Thread java = carrier;
    if (phase == ThreadState.RUNNING && !held && java != null) {
      java.interrupt();
    }
  }

  /** The process has been stopped; {@link #awaitStop} follows. */
  void beginStop() {
    lock.lock();
    try {
      interruptLocked();
    } finally {
      lock.unlock();
    }
  }

  void awaitStop() {
    require(() -> held || phase != ThreadState.RUNNING, () -> false);
  }

  /** The process has been continued. */
  void resume() {
    lock.lock();
    try {
      goOn.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int priority() {
    return task.effectiveRank();
  }

  @Override
  public void exit() {
    check(ThreadState.IDLE);
    beginEnd();
    awaitEnd();
    process.remove(this);
  }

  /** Ends the thread wherever it is; {@link #awaitEnd} follows. */
  void beginEnd() {
    lock.lock();
    try {
      ending = true;
      interruptLocked();
      goOn.signalAll();
    } finally {
      lock.unlock();
    }
    LockSupport.unpark(carrier);
  }

  void awaitEnd() {
    require(() -> phase == ThreadState.GONE, () -> false);
    ThreadState _ = state();
  }

  /** The life of the thread, on the Java thread that plays it. */
  void run() {
    Thread java = Thread.currentThread();
    java.setName(name);
    carrier = java;
    try {
      while (awaitCall()) {
        begin();
        while (!ending && !isOver(action.getAsLong())) {
          // the call restarts
        }
      }
      process.machine().calls().exit(this);
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      end();
    }
  }

  /** Waits for something to do; false if the thread ends. */
  private boolean awaitCall() {
    Pause pause = new Pause();
    while (phase != ThreadState.RUNNING && !ending) {
      if (pause.isSpinning()) {
        pause.spin();
      } else {
        LockSupport.park(this);
      }
    }
    return !ending;
  }

  private void begin() {
    lock.lock();
    try {
      obeyLocked();
      pending = Signal.NONE; // its handler has run before the call
    } finally {
      lock.unlock();
    }
    Registers call = registers;
    deadline = call == null ? Deadline.NEVER : call.deadline(space());
  }

  /** Takes back interrupts, which did what they were for, and waits while stopped. */
  private void obeyLocked() {
    assert lock.isHeldByCurrentThread();
    boolean _ = Thread.interrupted();
    while (process.isStopped() && !ending) {
      held = true;
      notice();
      goOn.awaitUninterruptibly();
    }
    held = false;
  }

  /**
   * The way out of a call, where the kernel looks at signals. A sleep that was interrupted goes on
   * if no handler was to run (it was stopped and continued) or if handler and call allow it.
   */
  private boolean isOver(long returned) {
    lock.lock();
    try {
      obeyLocked();
      Signal handled = pending;
      pending = Signal.NONE;
      Registers call = registers;
      boolean restarts =
          handled == Signal.NONE
              || (call != null && call.alwaysRestarts())
              || (handled == Signal.RESTART && call != null && call.restartsAfterHandler());
      if (ending || (returned == EINTR && restarts)) {
        return false;
      }
      result = returned;
      phase = ThreadState.RETURNED;
    } finally {
      lock.unlock();
    }
    notice();
    return true;
  }

  private void end() {
    process.machine().forget(this);
    lock.lock();
    try {
      boolean _ = Thread.interrupted();
      carrier = null;
      phase = ThreadState.GONE;
    } finally {
      lock.unlock();
    }
    notice();
  }

  /** Lets who waits for this thread look again. */
  private void notice() {
    LockSupport.unpark(observer);
  }

  @Override
  public String toString() {
    return "thread " + name + (registers == null ? "" : " in " + registers);
  }
}
